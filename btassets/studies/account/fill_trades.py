"""Round trips of an account from its fills: partial fills combined, splits applied, cash exact to the cent.

Belongs here: orders and the trades that they open and close. Does not belong here: rows of files (`fill_rows.py`),
setups that were shown (`fill_match.py`).

The cost of a position is split between its sales to the cent, and the last sale takes the rest: the cash of all rows
equals realized results minus the cost of open shares, without a remainder.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from btassets.studies.account.fill_rows import BUY, CENT, SELL, SPLIT, FillRow

PriceOn = Mapping[str, Mapping[date, float]]
"""Adjusted close by ticker and day."""

Splits = Mapping[str, Mapping[date, float]]
"""Recorded split ratios by ticker and ex-date; a split-adjusted source records none."""

_SHARE_NOISE = Decimal("0.000001")
_SAME_SPLIT_DAYS = 10
_SIMPLE = (1.5, 2.5, *(float(n) for n in (*range(2, 21), 25, 30, 50, 100)))
_MIN_LOG_RATIO, _TOLERANCE = math.log(1.45), 0.12


@dataclass(frozen=True)
class Order:
    """Partial fills of one order: shares and fee summed, the price weighted by shares."""

    kind: str
    ticker: str
    day: date
    shares: Decimal
    price: Decimal
    fee: Decimal
    cash: Decimal
    n_fills: int


@dataclass
class Trade:
    """One round trip; shares are in units of its first purchase unless stated.

    Attributes
    ----------
    first
        The order that opened it.
    bought
        All shares bought.
    held
        Shares that are open, in units of the last event.
    ratio
        Splits since it was opened.
    cost
        Cash paid for the open shares.
    realized
        Proceeds minus the cost of the shares sold, fees included.
    """

    ticker: str
    first: Order
    bought: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    ratio: Decimal = Decimal(1)
    cost: Decimal = Decimal(0)
    realized: Decimal = Decimal(0)
    closed: date | None = None
    notes: list[str] = field(default_factory=list[str])

    @property
    def opened(self) -> date:
        """Day of the first purchase."""
        return self.first.day


@dataclass(frozen=True)
class Unmatched:
    """Cash of a row or of a part of one that belongs to no trade, with the reason."""

    ticker: str
    day: str
    cash: Decimal
    reason: str
    line: int | None = None


@dataclass(frozen=True)
class Ledger:
    """Trades in the order of their opening, and the cash that belongs to none of them."""

    trades: tuple[Trade, ...]
    unmatched: tuple[Unmatched, ...]

    @property
    def realized(self) -> Decimal:
        """Realized result of all trades."""
        return sum((trade.realized for trade in self.trades), Decimal(0))

    @property
    def open_cost(self) -> Decimal:
        """Cash paid for open shares."""
        return sum((trade.cost for trade in self.trades), Decimal(0))

    @property
    def other(self) -> Decimal:
        """Cash of rows that belong to no trade."""
        return sum((one.cash for one in self.unmatched), Decimal(0))


def combined(rows: Sequence[FillRow]) -> list[Order | FillRow]:
    """Orders and splits by time; partial fills are rows of one order number and day, else neighbours of one side."""
    timed = sorted((row for row in rows if row.kind in (BUY, SELL, SPLIT)), key=lambda row: (row.day, row.time))
    groups: list[list[FillRow]] = []
    open_group: dict[tuple[str, ...], int] = {}
    last_of: dict[str, int] = {}
    for row in timed:
        key = (row.ticker, row.kind, row.day, row.order)
        at = open_group.get(key)
        is_same = at is not None and row.kind != SPLIT and (bool(row.order) or last_of.get(row.ticker) == at)
        if is_same and at is not None:
            groups[at].append(row)
        else:
            at = len(groups)
            groups.append([row])
            open_group[key] = at
        last_of[row.ticker] = at
    return [group[0] if group[0].kind == SPLIT else _order(group) for group in groups]


def _order(rows: Sequence[FillRow]) -> Order:
    shares = sum((row.shares for row in rows), Decimal(0))
    paid = sum((row.shares * row.price for row in rows), Decimal(0))
    first = rows[0]
    fee, cash = (sum((getattr(row, name) for row in rows), Decimal(0)) for name in ("fee", "cash"))
    return Order(first.kind, first.ticker, first.date, shares, paid / shares, fee, cash, len(rows))


def ledger_of(rows: Sequence[FillRow], closes: PriceOn, splits: Splits) -> Ledger:
    """All trades of the rows.

    Parameters
    ----------
    rows
        Imported rows that count.
    closes
        Adjusted closes: a fill that is a multiple of the close of its day shows a split since.
    splits
        Recorded splits.
    """
    trades: list[Trade] = []
    unmatched = [
        Unmatched(row.ticker, row.day, row.cash, row.reason, row.line)
        for row in rows
        if row.kind not in (BUY, SELL, SPLIT)
    ]
    events: dict[str, list[Order | FillRow]] = {}
    for event in combined(rows):
        events.setdefault(event.ticker, []).append(event)
    for ticker, own in events.items():
        walk = _Walk(ticker, closes.get(ticker, {}), dict(splits.get(ticker, {})))
        for event in own:
            walk.take(event)
        walk.finish()
        trades += walk.trades
        unmatched += walk.unmatched
    trades.sort(key=lambda trade: (trade.opened, trade.ticker))
    return Ledger(tuple(trades), tuple(unmatched))


class _Walk:
    """The events of one ticker in order."""

    def __init__(self, ticker: str, closes: Mapping[date, float], splits: dict[date, float]) -> None:
        self.ticker, self._closes, self._splits = ticker, closes, splits
        self.trades: list[Trade] = []
        self.unmatched: list[Unmatched] = []
        self._open: Trade | None = None
        self._last: Order | None = None
        self._since_last = Decimal(1)

    def take(self, event: Order | FillRow) -> None:
        """Apply one order or one split row."""
        self._recorded_splits(event.day if isinstance(event, Order) else event.date)
        if isinstance(event, FillRow):
            self._split_row(event)
        elif event.kind == BUY:
            self._seen_split(event)
            self._buy(event)
        else:
            self._seen_split(event)
            self._sell(event)
        if isinstance(event, Order):
            self._last, self._since_last = event, Decimal(1)

    def finish(self) -> None:
        """Bring an open position into current shares: splits since its last order."""
        self._recorded_splits(date.max)
        close = None if self._last is None else self._closes.get(self._last.day)
        if self._open is not None and self._last is not None and self._since_last == 1 and close:
            ratio = simple_ratio(float(self._last.price) / close)
            if ratio is not None:
                self._split(Decimal(str(ratio)), f"split {ratio:g}:1 since {self._last.day}, seen in the prices")

    def _split(self, ratio: Decimal, note: str) -> None:
        if self._open is None or ratio <= 0:
            return
        self._open.held *= ratio
        self._open.ratio *= ratio
        self._since_last *= ratio
        self._open.notes.append(note)

    def _recorded_splits(self, until: date) -> None:
        for day in sorted(day for day in self._splits if day <= until):
            ratio = self._splits.pop(day)
            if self._open is not None and day > self._open.opened and self._since_last == 1:
                self._split(Decimal(str(ratio)), f"split {ratio:g}:1 on {day}")

    def _split_row(self, row: FillRow) -> None:
        if self._open is None:
            reason = "a split of shares that no imported fill bought"
            self.unmatched.append(Unmatched(self.ticker, row.day, Decimal(0), reason, row.line))
            return
        before = self._open.held / self._since_last
        ratio = (before + row.shares) / before
        if abs(ratio - self._since_last) < Decimal("0.001"):
            return  # the bars recorded the same split before
        for day in [day for day in self._splits if abs((day - row.date).days) <= _SAME_SPLIT_DAYS]:
            del self._splits[day]
        self._split(ratio, f"split {float(ratio):g}:1 on {row.day} by the broker")

    def _seen_split(self, order: Order) -> None:
        """A split between two orders that nobody recorded, by the adjusted closes of their days."""
        if self._open is None or self._last is None or self._since_last != 1:
            return
        before, now = self._closes.get(self._last.day), self._closes.get(order.day)
        if not before or not now:
            return
        seen = (float(self._last.price) / before) / (float(order.price) / now)
        ratio = simple_ratio(seen)
        if order.kind == SELL:
            # Shares are exact where prices are not: a sale of the whole position gives the ratio itself.
            sold = float(order.shares / self._open.held)
            ratio = sold if simple_ratio(sold) == simple_ratio(seen) else ratio
        if ratio is not None:
            self._split(Decimal(str(ratio)), f"split {ratio:g}:1 by {order.day}, seen in the prices")

    def _buy(self, order: Order) -> None:
        if self._open is None:
            self._open = Trade(self.ticker, order)
            self.trades.append(self._open)
        own = self._open
        own.bought += order.shares / own.ratio
        own.held += order.shares
        own.cost -= order.cash

    def _sell(self, order: Order) -> None:
        own = self._open
        if own is None:
            reason = "a sale of shares that no imported fill bought: an earlier file is missing, or a short sale"
            self.unmatched.append(Unmatched(self.ticker, str(order.day), order.cash, reason))
            return
        excess = order.shares - own.held
        cash = order.cash
        if excess > _SHARE_NOISE:
            cash = (order.cash * own.held / order.shares).quantize(CENT, ROUND_HALF_UP)
            reason = f"{excess.normalize():f} shares more sold than the imported fills bought"
            self.unmatched.append(Unmatched(self.ticker, str(order.day), order.cash - cash, reason))
        is_all = excess > -_SHARE_NOISE
        cost = own.cost if is_all else (own.cost * order.shares / own.held).quantize(CENT, ROUND_HALF_UP)
        own.realized += cash - cost
        own.cost -= cost
        own.held = Decimal(0) if is_all else own.held - order.shares
        if is_all:
            own.closed = order.day
            self._open = None


def simple_ratio(seen: float) -> float | None:
    """The ratio of a split that a quotient of prices shows; None when it shows none.

    >>> simple_ratio(3.9), simple_ratio(0.098), simple_ratio(1.1)
    (4.0, 0.1, None)
    """
    if not 0.0 < seen < math.inf or abs(math.log(seen)) < _MIN_LOG_RATIO:
        return None
    size = max(seen, 1.0 / seen)
    best = min(_SIMPLE, key=lambda ratio: abs(math.log(size / ratio)))
    if abs(math.log(size / best)) > _TOLERANCE:
        return None
    return best if seen > 1.0 else 1.0 / best
