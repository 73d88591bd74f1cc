"""Maps the columns of a table to one ticker's bars: names and roles.

Belongs here: finding the mapped columns, and one ticker's bars from them. Does not belong here: opening files
(`bar_files.py`), reading a date or number (`sources.values`), screening the numbers (`engine.market.quality`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.counted import counted
from btassets.sources.base import BlockedTickerError, Problem, RawBars
from btassets.sources.files.column_guess import guessed_column, plain_name, same_name
from btassets.sources.files.csv_head import are_values
from btassets.sources.universe.ticker_names import MAX_TICKER_LENGTH
from btassets.sources.values.dates import read_days
from btassets.sources.values.numbers import Numbers, decimal_sign, read_numbers
from btassets.sources.values.unreadable import UnreadableValueError

NUMBERS = ("open", "high", "low", "close", "volume", "dividend", "split", "adjusted_close", "unused_adjusted")

UNUSED_TICKER = "unused_ticker"
"""Role of a column of names that no setting names: it is read to see whose bars a file holds."""

UNUSED_ADJUSTED = "unused_adjusted"
"""Role of an unmapped adjusted close, read only to report its difference from the close."""

# Usual names of corporate actions: found but not mapped, they are reported.
_ACTION_WORDS = re.compile(r"divid|div_?cash|split", re.IGNORECASE)

_ADJUSTED_DIFFERS_FRAC = 0.002


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """Column names of a file ([source.columns]); None: the file has no such column."""

    date: str = "date"
    open: str = "open"
    high: str = "high"
    low: str = "low"
    close: str = "close"
    volume: str | None = "volume"
    ticker: str | None = None
    dividend: str | None = None
    split: str | None = None
    adjusted_close: str | None = None


@dataclass(frozen=True, slots=True)
class LocatedColumns:
    """Positions of the mapped columns of one file.

    Attributes
    ----------
    by_role
        Role ("date", "open", ...) to the name as spelled in the file.
    unmapped_actions
        Columns that look like dividends or splits but are not mapped.
    """

    by_role: dict[str, str]
    unmapped_actions: tuple[str, ...]


def locate_columns(
    available: Sequence[str], names: ColumnNames, ticker: str, *, needs_volume: bool = True
) -> LocatedColumns:
    """Find the mapped columns of a file, exactly or else without case, brackets and outer spaces.

    Parameters
    ----------
    needs_volume
        False: an index has none; its volume is 0 then.

    Raises
    ------
    BlockedTickerError
        Q1, if a mapped column is missing or occurs twice.
    """
    by_role: dict[str, str] = {}
    missing: dict[str, str] = {}
    for field in fields(names):
        wanted = getattr(names, field.name)
        if wanted is None:
            continue
        same = [name for name in available if name == wanted]
        found = same or [name for name in available if same_name(name) == same_name(wanted)]
        if len(found) > 1:
            reason = f"column {wanted!r} occurs {len(found)} times; columns must be unique; rename or drop the other."
            raise BlockedTickerError(ticker, "Q1", reason)
        if found:
            by_role[field.name] = found[0]
        elif field.name != "volume" or needs_volume:
            missing[field.name] = wanted
    if missing:
        shown = ", ".join(repr(name[:40]) for name in available[:12]) or "none"
        reason = (
            f"column {', '.join(repr(name) for name in missing.values())} is missing (found: {shown}); bars need "
            "date, open, high, low, close and volume; name the file's columns in "
            f"[source.columns]{_hint(missing, available, set(by_role.values()))}."
        )
        raise BlockedTickerError(ticker, "Q1", reason)
    taken = set(by_role.values())
    unmapped = tuple(name for name in available if name not in taken and _ACTION_WORDS.search(name))
    adjusted = guessed_column("adjusted_close", [name for name in available if name not in taken])
    if adjusted is not None and "adjusted_close" not in by_role and available.count(adjusted) == 1:
        by_role[UNUSED_ADJUSTED] = adjusted
    named = guessed_column("ticker", [name for name in available if name not in taken])
    if named is not None and names.ticker is None and available.count(named) == 1:
        by_role[UNUSED_TICKER] = named
    return LocatedColumns(by_role, unmapped)


def _hint(missing: dict[str, str], available: Sequence[str], taken: set[str]) -> str:
    """Suggested settings, based on the usual names of columns."""
    if are_values(list(available)):
        return (
            "; the first line holds values, not names: name columns by their place, date = '#1', open = '#2' and so on"
        )
    if len(available) == 1:
        return "; columns must be separated by commas, semicolons, tabs or vertical bars"
    free = [name for name in available if name not in taken]
    found = {role: guess for role in missing if (guess := guessed_column(role, free)) is not None}
    return "".join(f", {role} = {name!r}" for role, name in found.items()).replace(", ", ": ", 1)


def raw_bars_of(table: pa.Table, located: LocatedColumns, ticker: str) -> RawBars:
    """Read one ticker's rows, in the file's order.

    Parameters
    ----------
    table
        Rows of this ticker only; columns named by role ("date", "open", ...).
    located
        Available roles.
    ticker
        Canonical name, for messages.

    Returns
    -------
    RawBars
        A missing number or text becomes NaN; an empty dividend 0.0, an empty split 1.0.

    Raises
    ------
    BlockedTickerError
        Q1: no row, dates that are not dates, a column of the wrong type, text in a dividend or split.
    """
    if table.num_rows == 0:
        reason = "no rows; a ticker needs at least one bar; fetch it again or remove the file."
        raise BlockedTickerError(ticker, "Q1", reason)
    try:
        return _raw_bars_of(table, located, ticker)
    except UnreadableValueError as error:
        raise BlockedTickerError(ticker, "Q1", error.reason) from error
    except (pa.ArrowException, UnicodeDecodeError) as error:  # e.g. an unknown time zone, broken text
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        reason = f"the rows cannot be read ({first}); bars must be dates and numbers; correct the file."
        raise BlockedTickerError(ticker, "Q1", reason) from error


def _raw_bars_of(table: pa.Table, located: LocatedColumns, ticker: str) -> RawBars:
    roles = located.by_role
    notes: list[Problem] = [] if UNUSED_TICKER not in roles else _of_whom(table.column(UNUSED_TICKER), ticker, roles)
    dates = read_days(table.column("date"), roles["date"])
    numbers: dict[str, npt.NDArray[np.float64]] = {}
    decimal = decimal_sign(table.column(role) for role in NUMBERS if role in roles)
    for role in NUMBERS:
        if role in roles:
            found = read_numbers(table.column(role), roles[role], is_volume=role == "volume", decimal=decimal)
            if len(found.text_rows) and role in {"dividend", "split"}:
                reason = (
                    f"{_text_note(found, dates, ticker, roles[role]).text} An unreadable action would create a false "
                    "price jump."
                )
                raise BlockedTickerError(ticker, "Q1", reason)
            if len(found.text_rows) and role != UNUSED_ADJUSTED:
                notes.append(_text_note(found, dates, ticker, roles[role]))
            numbers[role] = found.values
    if located.unmapped_actions:
        shown = ", ".join(located.unmapped_actions[:4])
        text = (
            f"{ticker}: columns {shown} are not read; actions are used only if mapped; name them in [source.columns]."
        )
        notes.append(Problem(ticker, "Q1", "info", None, len(located.unmapped_actions), text))
    if UNUSED_ADJUSTED in numbers:
        notes += _unused_note(numbers[UNUSED_ADJUSTED], numbers["close"], dates, ticker, roles)
    split = _filled(numbers.get("split"), len(dates), 1.0)
    return RawBars(
        dates=dates,
        open=numbers["open"],
        high=numbers["high"],
        low=numbers["low"],
        close=numbers["close"],
        volume=numbers.get("volume", np.zeros(len(dates))),
        dividend=_filled(numbers.get("dividend"), len(dates), 0.0),
        split=np.where(split == 0.0, 1.0, split),  # some vendors write 0 for none
        adjusted_close=numbers.get("adjusted_close"),
        notes=tuple(notes),
    )


def _of_whom(column: pa.ChunkedArray, ticker: str, roles: dict[str, str]) -> list[Problem]:
    """Refuse a file with the bars of several tickers; say when its own column names another one than the file."""
    names = sorted({str(name).strip() for name in column.unique().to_pylist() if name is not None} - {""})
    shown = ", ".join(repr(name[:MAX_TICKER_LENGTH]) for name in names[:3])
    if len(names) > 1:
        reason = (
            f"column {roles[UNUSED_TICKER]!r} names {len(names)} tickers ({shown}{', ...' if len(names) > 3 else ''}); "
            "a file with the bars of several tickers is read only when its column of names is; set ticker = "
            f"{roles[UNUSED_TICKER]!r} in [source.columns]."
        )
        raise BlockedTickerError(ticker, "Q1", reason)
    if not names or _is_alike(names[0], ticker):
        return []
    text = (
        f"{ticker}: column {roles[UNUSED_TICKER]!r} of its file says {shown}; a file holds the bars of the ticker that "
        "it is named after; were two downloads mixed up?"
    )
    return [Problem(ticker, "Q2", "warn", None, 1, text)]


def _is_alike(name: str, ticker: str) -> bool:
    """Whether a name in a file may mean the file's ticker: another spelling, an exchange before or after it."""
    one, other = plain_name(name), plain_name(ticker)
    return not one or not other or one in other or other in one


def _text_note(found: Numbers, dates: npt.NDArray[np.int32], ticker: str, name: str) -> Problem:
    day = int(dates[found.text_rows[0]])
    text = (
        f"{ticker} {np.datetime64(day, 'D')}: {name} is {found.first_text!r} ({counted(len(found.text_rows), 'row')} "
        "in all); prices, volume and actions must be numbers with a decimal point; correct the source."
    )
    return Problem(ticker, "Q4", "info", day, len(found.text_rows), text)


def _unused_note(
    adjusted: npt.NDArray[np.float64],
    close: npt.NDArray[np.float64],
    dates: npt.NDArray[np.int32],
    ticker: str,
    roles: dict[str, str],
) -> list[Problem]:
    """Report an unused adjusted close that differs from the close."""
    with np.errstate(all="ignore"):
        off = np.abs(adjusted / close - 1.0)
    off = np.where(np.isfinite(off), off, 0.0)
    if not len(off) or off.max() <= _ADJUSTED_DIFFERS_FRAC:
        return []
    first = int(np.argmax(off > _ADJUSTED_DIFFERS_FRAC))
    name = roles[UNUSED_ADJUSTED]
    text = (
        f"{ticker} {np.datetime64(int(dates[first]), 'D')}: column {name!r} differs from {roles['close']!r} by up to "
        f'{100.0 * off.max():.3g}% and is not used; at source.basis "total" the close must contain dividends; set '
        "source.basis to what the close is (raw or split), and map dividend and split."
    )
    return [Problem(ticker, "Q25", "warn", int(dates[first]), int((off > _ADJUSTED_DIFFERS_FRAC).sum()), text)]


def concatenated(parts: Sequence[RawBars]) -> RawBars:
    """Join the pieces of one ticker from several long files, in the given order."""
    if len(parts) == 1:
        return parts[0]
    adjusted = [part.adjusted_close for part in parts if part.adjusted_close is not None]
    return RawBars(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("dates", "open", "high", "low", "close", "volume", "dividend", "split")
        ),
        adjusted_close=np.concatenate(adjusted) if len(adjusted) == len(parts) else None,
        notes=tuple(note for part in parts for note in part.notes),
    )


def _filled(values: npt.NDArray[np.float64] | None, n: int, empty: float) -> npt.NDArray[np.float64]:
    if values is None:
        return np.full(n, empty)
    return np.where(np.isnan(values), empty, values)
