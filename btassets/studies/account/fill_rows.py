"""Rows of a broker's file as fills: executions, splits, other cash, and rows that cannot be read.

Belongs here: the meaning of one row, its identity, and its form in the log. Does not belong here: columns
(`sources.files.fill_columns`), partial fills of one order and later steps (`fill_orders.py`).

No row is dropped: each one becomes a fill, or carries the reason why it is none.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from btassets.sources.files.fill_columns import FillTable
from btassets.sources.values.amounts import read_amount
from btassets.sources.values.execution_times import Execution, read_executions
from btassets.sources.values.tickers import TickerNames, spelling_key
from btassets.sources.values.unreadable import UnreadableValueError

BUY, SELL, SPLIT, OTHER, UNREAD = "buy", "sell", "split", "other", "unread"
CENT = Decimal("0.01")

_BUYS = frozenset(
    {"b", "buy", "bot", "bought", "bto", "btc", "buytoopen", "buytocover", "youbought", "purchase", "kauf"}
)
_SELLS = frozenset({"s", "sell", "sld", "sold", "sto", "stc", "selltoclose", "sellshort", "ss", "yousold", "verkauf"})


@dataclass(frozen=True)
class FillRow:
    """One row of a broker's file.

    Attributes
    ----------
    kind
        buy, sell, split, other (cash that is no trade), or unread.
    day, time
        At the exchange; ISO texts, empty when unknown.
    ticker
        Canonical, in the book's spelling where the book has it.
    shares
        Above 0; of a split the shares that it added (below 0: removed).
    price, fee
        Per share; cost of the row, below 0 for a rebate.
    cash
        Change of the account's cash, to the cent.
    order
        Number of the order; empty without one.
    reason
        Why the row is no fill, or a remark on it.
    n
        Which of the equal rows of its file it is, from 1.
    line, raw
        Where it was, and its cells.
    """

    kind: str
    day: str
    time: str
    ticker: str
    shares: Decimal
    price: Decimal
    fee: Decimal
    cash: Decimal
    order: str
    reason: str
    n: int
    line: int
    raw: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """Identity: the same row of another export of the same account has the same key."""
        if self.kind in (OTHER, UNREAD):
            return (self.kind, *self.raw, str(self.n))
        values = (self.shares.normalize(), self.price.normalize(), self.fee.normalize())
        return (self.kind, self.day, self.time, spelling_key(self.ticker), *map(str, values), self.order, str(self.n))

    @property
    def date(self) -> date:
        """Date at the exchange."""
        return date.fromisoformat(self.day)


def fill_rows(table: FillTable, names: TickerNames, *, own_zone: str, exchange_zone: str) -> list[FillRow]:
    """Every row of a file, oldest first.

    Parameters
    ----------
    names
        Tickers of the book.
    own_zone, exchange_zone
        Zone of times without one, and of the exchange.
    """
    times = read_executions(
        [cells["time"] for _, cells, _ in table.rows],
        f"column {table.columns['time']!r}",
        own_zone=own_zone,
        exchange_zone=exchange_zone,
    )
    fee_sign = _fee_sign([cells.get("fee", "") for _, cells, _ in table.rows])
    seen: Counter[tuple[str, ...]] = Counter()
    found: list[FillRow] = []
    for (line, cells, raw), time in zip(table.rows, times, strict=True):
        row = _row(line, cells, raw, time, names, fee_sign)
        key = row.key
        seen[key] += 1
        found.append(replace(row, n=seen[key]))
    days = [row.day for row in found if row.day]
    # Where only dates are given, the order of the file is the order of a day; many brokers write the newest first.
    return found[::-1] if days and days[0] > days[-1] else found


def _fee_sign(texts: Sequence[str]) -> int:
    """-1 where the broker writes costs as negative numbers: most of the column's sum is below 0."""
    total = Decimal(0)
    for text in texts:
        try:
            total += read_amount(text, "fee") or Decimal(0)
        except UnreadableValueError:
            continue
    return -1 if total < 0 else 1


def _row(
    line: int,
    cells: Mapping[str, str],
    raw: tuple[str, ...],
    time: Execution | UnreadableValueError,
    names: TickerNames,
    fee_sign: int,
) -> FillRow:
    zero = Decimal(0)

    def row(kind: str, reason: str = "", **more: Any) -> FillRow:
        numbers = {"shares": zero, "price": zero, "fee": zero, "cash": zero, "reason": reason} | more
        day = "" if isinstance(time, UnreadableValueError) else time.day.isoformat()
        clock = "" if isinstance(time, UnreadableValueError) or time.time is None else time.time.isoformat()
        # All spellings of a ticker that the book does not have are one ticker, too.
        ticker = names.find(cells["ticker"]) or spelling_key(cells["ticker"]).upper()
        return FillRow(kind, day, clock, ticker, order=cells.get("order", ""), n=1, line=line, raw=raw, **numbers)

    try:
        amount = read_amount(cells.get("amount", ""), "amount")
        side = _side(cells.get("side"))
        if side == OTHER:
            cash = zero if amount is None else amount.quantize(CENT, ROUND_HALF_UP)
            return row(OTHER, f"{cells.get('side', '')!r} is neither a buy, a sale nor a split", cash=cash)
        if isinstance(time, UnreadableValueError):
            raise time
        shares, price = read_amount(cells["shares"], "shares"), read_amount(cells["price"], "price")
        fee = (read_amount(cells.get("fee", ""), "fee") or zero) * fee_sign
    except UnreadableValueError as error:
        return row(UNREAD, error.reason)
    if not cells["ticker"] or not shares:
        empty = f"shares are {cells['shares']!r}; a fill has shares" if cells["ticker"] else "the ticker is empty"
        return row(UNREAD, empty)
    if side == SPLIT:
        return row(SPLIT, shares=shares)
    if price is None or price <= 0:
        return row(UNREAD, f"the price is {cells['price']!r}; a fill has a price above 0")
    kind = side or (BUY if shares > 0 else SELL)
    return row(kind, **_trade(kind, abs(shares), price, fee, amount))


def _side(text: str | None) -> str | None:
    """Kind of a row by its side; None without one."""
    word = "" if text is None else "".join(letter for letter in text.casefold() if letter.isalpha())
    if not word:
        return None
    if "split" in word:
        return SPLIT
    if word in _BUYS or word.startswith(("buy", "bought", "youbought")):
        return BUY
    if word in _SELLS or word.startswith(("sell", "sold", "yousold")):
        return SELL
    return OTHER


def _trade(kind: str, shares: Decimal, price: Decimal, fee: Decimal, amount: Decimal | None) -> dict[str, Any]:
    """Numbers of an execution; the broker's own net amount is its cash, and a difference is a remark."""
    sign = -1 if kind == BUY else 1
    computed = (sign * shares * price - fee).quantize(CENT, ROUND_HALF_UP)
    values: dict[str, Any] = {"shares": shares, "price": price, "fee": fee, "cash": computed}
    if amount is None:
        return values
    gross = (sign * shares * price).quantize(CENT, ROUND_HALF_UP)
    given = (abs(amount) * (1 if computed > 0 else -1)).quantize(CENT, ROUND_HALF_UP)
    if given in (computed, gross):
        return values
    reason = f"amount {given:,} is not shares x price and fee, {computed:,}: differs by {given - computed:,}"
    return values | {"cash": given, "reason": reason}


def as_record(row: FillRow) -> dict[str, Any]:
    """A row as the log holds it; numbers as text, so that none loses a digit."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in row.__dict__.items()} | {
        "raw": list(row.raw)
    }


def of_record(record: Mapping[str, Any]) -> FillRow:
    """A row of the log."""
    numbers = {name: Decimal(record[name]) for name in ("shares", "price", "fee", "cash")}
    return FillRow(**{**record, **numbers, "raw": tuple(record["raw"])})
