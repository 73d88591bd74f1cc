"""The account of imported fills: open positions and cash.

Belongs here: positions from open trades. Does not belong here: trades (`fill_trades.py`), levels (`account_plan.py`).
"""

from collections.abc import Sequence
from decimal import Decimal

from btassets.book.book import Book
from btassets.studies.account.fill_log import imported_rows
from btassets.studies.account.fill_report import read_ledger
from btassets.studies.account.fill_rows import FillRow
from btassets.studies.account.fill_trades import Trade
from btassets.studies.account.positions import Account, Position


def account_of_fills(book: Book, cash: float | None = None) -> Account:
    """Open trades as positions; cash is `holdings.cash` and what the fills changed.

    Parameters
    ----------
    cash
        Current cash instead.
    """
    rows = imported_rows(book)
    ledger = read_ledger(book, rows)
    positions = [position_of(trade) for trade in ledger.trades if trade.closed is None]
    now = cash_of(rows, book.base.holdings.cash) if cash is None else cash
    notes = [f"{n} imported rows cannot be read; `btassets fills` lists them"] if (n := _unread(rows)) else []
    if now < 0.0:
        notes.append(f"cash is {now:,.2f}: set holdings.cash to the cash before the first imported fill")
    if not rows:
        notes.append("no fills were imported yet: btassets fills FILE.csv")
    return Account(tuple(positions), now, tuple(notes))


def position_of(trade: Trade) -> Position:
    """An open trade in current shares."""
    note = "; ".join(trade.notes)
    entry = float(trade.cost / trade.held) if trade.held else None
    return Position(trade.ticker, float(trade.held), entry, trade.opened, note=note)


def cash_of(rows: Sequence[FillRow], before: float) -> float:
    """Cash after all rows, exact to the cent."""
    return float(Decimal(str(before)) + sum((row.cash for row in rows), Decimal(0)))


def _unread(rows: Sequence[FillRow]) -> int:
    return sum(row.kind == "unread" for row in rows)
