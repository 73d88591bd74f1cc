"""Positions and cash of a real account, from the CSV file of the settings.

Belongs here: the form of an account, and reading its file. Does not belong here: positions from imported fills
(`fill_positions.py`), exits and orders (`held_exits.py`, `order_plan.py`).
"""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from btassets.book.book import Book
from btassets.book.table_text import text_of_table
from btassets.engine.days import EPOCH
from btassets.errors import SettingError
from btassets.sources.files.column_guess import same_name
from btassets.sources.values.amounts import read_amount
from btassets.sources.values.dates import read_day
from btassets.sources.values.tickers import TickerNames, read_ticker
from btassets.sources.values.unreadable import UnreadableValueError

KEY = "holdings.file"
_REQUIRED = ("ticker", "shares")
_OPTIONAL = ("entry", "opened", "stop", "target")


@dataclass(frozen=True)
class Position:
    """One position of the account.

    Attributes
    ----------
    ticker
        In the book's spelling.
    shares
        Negative for a short position.
    entry
        Price paid per share; None: unknown.
    opened
        Session of the first fill; None: unknown, then no time exit is known.
    stop, target
        Levels in current prices; None: unknown or none.
    note
        Where the levels are from, or what is missing.
    """

    ticker: str
    shares: float
    entry: float | None = None
    opened: date | None = None
    stop: float | None = None
    target: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Account:
    """Positions in the order of the file or of their opening, cash in US dollars, and remarks for the reader."""

    positions: tuple[Position, ...]
    cash: float
    notes: tuple[str, ...] = field(default=())


def read_holdings(book: Book, names: TickerNames, cash: float = 0.0) -> Account:
    """Account with the positions of the file `holdings.file`; a column that is not read gets a remark.

    Parameters
    ----------
    names
        Tickers of the book; each is found under any of its spellings.
    cash
        US dollars.

    Raises
    ------
    SettingError
        If the file cannot be read, lacks a column, or has a line that is not a position; names line and value.
    """
    path = book.folder / Path(book.base.holdings.file).expanduser()
    rows = csv.reader(io.StringIO(text_of_table(path, "ticker and shares", partial(_refusal, book))))
    head = [same_name(word) for word in next(rows, [])]
    missing = [column for column in _REQUIRED if column not in head]
    if missing:
        problem = f"{path.name}: no column {' and no column '.join(missing)} in its first line"
        raise _refusal(book, f"{problem} ({', '.join(head) or 'nothing'}); name the columns ticker and shares there")
    found: dict[str, Position] = {}
    for row in rows:
        if not any(word.strip() for word in row):
            continue
        cells = {name: row[head.index(name)].strip() for name in (*_REQUIRED, *_OPTIONAL) if name in head[: len(row)]}
        try:
            position = _position(cells, names)
        except UnreadableValueError as error:
            raise _refusal(book, f"{path.name}, line {rows.line_num}: {error.reason}") from error
        if position.ticker in found:
            problem = f"{path.name}, line {rows.line_num}: {position.ticker} is in a line above"
            raise _refusal(book, f"{problem}; a ticker has one line: add the shares")
        found[position.ticker] = position
    unread = [word for word in head if word and word not in (*_REQUIRED, *_OPTIONAL)]
    known = ", ".join((*_REQUIRED, *_OPTIONAL))
    notes = (f"{path.name}: columns not read: {', '.join(unread)}; those read are {known}",) if unread else ()
    return Account(tuple(found.values()), cash, notes)


def _position(cells: Mapping[str, str], names: TickerNames) -> Position:
    given = cells.get("ticker", "")
    if not given:
        raise UnreadableValueError("the ticker is empty; fill it in or delete the line")
    shares = _number(cells, "shares")
    if not shares:
        raise UnreadableValueError(f"shares of {given} are empty or 0; give a number, or delete the line")
    levels: dict[str, Any] = {name: _number(cells, name) for name in ("entry", "stop", "target")}
    bad = next((name for name, value in levels.items() if value is not None and value <= 0.0), None)
    if bad is not None:
        raise UnreadableValueError(
            f"{bad} of {given} is {levels[bad]:g}; a price is above 0; correct it or leave it empty"
        )
    day = read_day(cells.get("opened", ""), "opened")
    opened = None if day is None else date.fromordinal(EPOCH.toordinal() + day)
    return Position(names.find(given) or read_ticker(given), float(shares), opened=opened, **levels)


def _number(cells: Mapping[str, str], name: str) -> float | None:
    amount: Decimal | None = read_amount(cells.get(name, ""), name)
    if amount is None:
        return None
    value = float(amount)
    if not math.isfinite(value):
        raise UnreadableValueError(f"{name} is {cells[name]!r}; it must be a finite number; correct it")
    return value


def _refusal(book: Book, problem: str) -> SettingError:
    where = book.base_origin.get(KEY, "default")
    return SettingError(KEY, book.base.holdings.file, problem, where)
