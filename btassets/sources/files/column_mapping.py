"""From the columns of a table to one ticker's bars: names, dates, numbers.

Belongs here: finding the mapped columns, reading dates and numbers from whatever type a file gave
them, naming text where a number should be. Does not belong here: opening files (`bar_files.py`), judging
the numbers (`engine.market.quality`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.sources.base import BlockedTickerError, Problem, RawBars

NUMBERS = ("open", "high", "low", "close", "volume", "dividend", "split", "adjusted_close")

# What files usually call corporate actions: found but not mapped is worth a word.
_ACTION_WORDS = re.compile(r"divid|div_?cash|split", re.IGNORECASE)
_ISO_TEXT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)? ?(Z|UTC|[+-]\d{2}:?\d{2})?)?")
_NUMBER_TEXT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_MISSING_TEXT = frozenset({"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "-", "--"})
_UTC = frozenset({"Z", "UTC", "+00:00", "+0000", "-00:00", "Etc/UTC", "GMT"})

_Number = TypeVar("_Number", np.int32, np.int64, np.float64)

_UNIT_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_FIRST_DAY = -62_091  # 1800-01-01: earlier means that the unit of the date is not what it says
_LAST_DAY = 84_006  # 2200-01-01


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """What a file calls its columns ([source.columns]); None: the file has no such column."""

    date: str = "date"
    open: str = "open"
    high: str = "high"
    low: str = "low"
    close: str = "close"
    volume: str = "volume"
    ticker: str | None = None
    dividend: str | None = None
    split: str | None = None
    adjusted_close: str | None = None


@dataclass(frozen=True, slots=True)
class LocatedColumns:
    """Where the mapped columns of one file are.

    Attributes
    ----------
    by_role
        Role ("date", "open", ...) to the file's own spelling of the column's name.
    unmapped_actions
        Columns that look like dividends or splits and that no setting names.
    """

    by_role: dict[str, str]
    unmapped_actions: tuple[str, ...]


def locate_columns(available: Sequence[str], names: ColumnNames, ticker: str) -> LocatedColumns:
    """Find the mapped columns among those of a file, exactly or else without case and outer spaces.

    Raises
    ------
    BlockedTickerError
        Q1, when a mapped column is missing or there twice.
    """
    by_role: dict[str, str] = {}
    missing: list[str] = []
    for field in fields(names):
        wanted = getattr(names, field.name)
        if wanted is None:
            continue
        same = [name for name in available if name == wanted]
        found = same or [name for name in available if name.strip().casefold() == wanted.strip().casefold()]
        if len(found) > 1:
            reason = f"column {wanted!r} is there {len(found)} times; each column once; rename or drop the other."
            raise BlockedTickerError(ticker, "Q1", reason)
        if found:
            by_role[field.name] = found[0]
        else:
            missing.append(wanted)
    if missing:
        shown = ", ".join(repr(name[:40]) for name in available[:12]) or "none"
        reason = (
            f"column {', '.join(repr(name) for name in missing)} is missing (found: {shown}); bars "
            "need date, open, high, low, close and volume; name the file's columns in [source.columns]."
        )
        raise BlockedTickerError(ticker, "Q1", reason)
    taken = set(by_role.values())
    unmapped = tuple(name for name in available if name not in taken and _ACTION_WORDS.search(name))
    return LocatedColumns(by_role, unmapped)


def raw_bars_of(table: pa.Table, located: LocatedColumns, ticker: str) -> RawBars:
    """Read one ticker's rows, in the file's order.

    Parameters
    ----------
    table
        Rows of this ticker only; columns under their roles ("date", "open", ...).
    located
        Which roles there are.
    ticker
        Canonical name, for messages.

    Returns
    -------
    RawBars
        A number that is missing or is text is NaN; an empty dividend is 0.0, an empty split 1.0.

    Raises
    ------
    BlockedTickerError
        Q1: no row, dates that are not dates, a column of the wrong type, text in a dividend or split.
    """
    if table.num_rows == 0:
        reason = "there is not one row; a ticker needs at least one bar; fetch it again or remove the file."
        raise BlockedTickerError(ticker, "Q1", reason)
    try:
        return _raw_bars_of(table, located, ticker)
    except (pa.ArrowException, UnicodeDecodeError) as error:  # e.g. an unknown time zone, broken text
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        reason = f"the rows cannot be read ({first}); bars are dates and numbers; correct the file."
        raise BlockedTickerError(ticker, "Q1", reason) from error


def _raw_bars_of(table: pa.Table, located: LocatedColumns, ticker: str) -> RawBars:
    roles = located.by_role
    dates = read_dates(table.column("date"), ticker, roles["date"])
    notes: list[Problem] = []
    numbers: dict[str, npt.NDArray[np.float64]] = {}
    for role in NUMBERS:
        if role in roles:
            values, note = read_numbers(table.column(role), dates, ticker, roles[role])
            if note is not None and role in {"dividend", "split"}:
                reason = f"{note.text} An action that cannot be read would become a false jump."
                raise BlockedTickerError(ticker, "Q1", reason)
            if note is not None:
                notes.append(note)
            numbers[role] = values
    if located.unmapped_actions:
        shown = ", ".join(located.unmapped_actions[:4])
        text = f"{ticker}: columns {shown} are not read; actions count only when mapped; name them in [source.columns]."
        notes.append(Problem(ticker, "Q1", "info", None, len(located.unmapped_actions), text))
    return RawBars(
        dates=dates,
        open=numbers["open"],
        high=numbers["high"],
        low=numbers["low"],
        close=numbers["close"],
        volume=numbers["volume"],
        dividend=_filled(numbers.get("dividend"), len(dates), 0.0),
        split=_filled(numbers.get("split"), len(dates), 1.0),
        adjusted_close=numbers.get("adjusted_close"),
        notes=tuple(notes),
    )


def concatenated(parts: Sequence[RawBars]) -> RawBars:
    """Join the pieces of one ticker from several long files, in the order given."""
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


def read_dates(column: pa.ChunkedArray, ticker: str, name: str) -> npt.NDArray[np.int32]:
    """Exchange dates as days since 1970-01-01, shape (n_rows,).

    Accepted: date32, date64, timestamps and ISO text. A time of day is cut off; a time zone other
    than UTC gives the date in that zone. A UTC time after noon does not say which exchange date is
    meant (evening in New York, or next morning in Tokyo) and is refused.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_date(kind):
        days = column.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_timestamp(kind):
        days = _days_of_timestamps(column, ticker, name)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        days = _days_of_text(column.cast(pa.string()), ticker, name)
    else:
        reason = (
            f"column {name!r} holds {kind}; a date is a date, a timestamp or text as YYYY-MM-DD; "
            "write it as one of these."
        )
        raise BlockedTickerError(ticker, "Q1", reason)
    if days.null_count:
        row = pc.index(pc.is_null(days), value=True).as_py() + 1
        reason = (
            f"row {row} has no date ({days.null_count} rows in all); every bar needs its exchange date; "
            "correct the file."
        )
        raise BlockedTickerError(ticker, "Q1", reason)
    result = values_of(days.cast(pa.int64()), np.int64)
    wrong = np.flatnonzero((result < _FIRST_DAY) | (result > _LAST_DAY))
    if len(wrong):
        reason = (
            f"row {wrong[0] + 1} has day {result[wrong[0]]} from 1970-01-01 as its date ({len(wrong)} rows "
            "in all); dates lie between 1800 and 2200; check the unit of the column."
        )
        raise BlockedTickerError(ticker, "Q1", reason)
    return result.astype(np.int32)


def read_numbers(
    column: pa.ChunkedArray, dates: npt.NDArray[np.int32], ticker: str, name: str
) -> tuple[npt.NDArray[np.float64], Problem | None]:
    """Numbers as float64, shape (n_rows,), NaN where there is none; and a note when text was found."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_decimal(column.type):
        # By way of text: Arrow's direct cast makes 0.09999999999999999 of the decimal 0.1.
        column = column.cast(pa.string()).cast(pa.float64())
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        # safe=False: a share count beyond 2**53 loses its last digit, which no rule can see.
        column = column.cast(pa.float64(), safe=False)
        if column.null_count:
            column = pc.fill_null(column, float("nan"))
        return values_of(column, np.float64), None
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _numbers_of_text(column.to_pylist(), dates, ticker, name)
    reason = f"column {name!r} holds {kind}; prices, volume and actions are numbers; write it as numbers."
    raise BlockedTickerError(ticker, "Q1", reason)


def values_of(column: pa.ChunkedArray | pa.Array, kind: type[_Number]) -> npt.NDArray[_Number]:
    """View a column without nulls as an array, shape (n_rows,), read-only.

    Arrow's own `to_numpy` imports pandas, a third of a second where nothing else needs it.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    buffer = array.buffers()[1]
    if buffer is None or len(array) == 0:
        return np.empty(0, dtype=kind)
    offset = array.offset * np.dtype(kind).itemsize
    return np.frombuffer(buffer, dtype=kind, count=len(array), offset=offset)


def _filled(values: npt.NDArray[np.float64] | None, n: int, empty: float) -> npt.NDArray[np.float64]:
    if values is None:
        return np.full(n, empty)
    return np.where(np.isnan(values), empty, values)


def _days_of_timestamps(column: pa.ChunkedArray, ticker: str, name: str) -> pa.ChunkedArray | pa.Array:
    zone = column.type.tz
    if zone is not None and zone not in _UTC:
        column = pc.local_timestamp(column)
    per_day = _UNIT_PER_DAY[column.type.unit]
    ticks = column.cast(pa.timestamp(column.type.unit)).cast(pa.int64())
    values = values_of(pc.fill_null(ticks, 0), np.int64)
    days = values // per_day
    if zone in _UTC:
        late = np.flatnonzero(values - days * per_day > per_day // 2)
        if len(late):
            first = str(np.datetime64(int(values[late[0]]), column.type.unit))
            raise _ambiguous_utc(ticker, name, first, len(late))
    return pc.if_else(pc.is_valid(ticks), pa.array(days), None)


def _ambiguous_utc(ticker: str, name: str, value: str, n: int) -> BlockedTickerError:
    reason = (
        f"column {name!r} has the UTC time {value} ({n} rows in all); after noon UTC the exchange date "
        "may be this day or the next; write exchange dates."
    )
    return BlockedTickerError(ticker, "Q1", reason)


def _days_of_text(column: pa.ChunkedArray, ticker: str, name: str) -> pa.ChunkedArray | pa.Array:
    try:
        return column.cast(pa.date32()).cast(pa.int32())
    except pa.ArrowInvalid:
        pass  # times, spaces or rubbish: look at each value
    found: list[str | None] = []
    bad: list[str] = []
    late: list[str] = []
    for value in column.to_pylist():
        text = _stripped(value)
        match = _ISO_TEXT.fullmatch(text)
        if match is not None and match[3] in _UTC and match[2] > "12:00":
            late.append(text)
        if text and match is None:
            bad.append(text)
        found.append(match[1] if match else None)
    if late:
        raise _ambiguous_utc(ticker, name, late[0], len(late))
    bad += [text for text in found if text is not None and not _is_day(text)]  # e.g. 2021-02-30
    if bad:
        reason = (
            f"column {name!r} has {bad[0][:40]!r} ({len(bad)} rows in all); dates are text as YYYY-MM-DD, "
            "dates or timestamps; write them so."
        )
        raise BlockedTickerError(ticker, "Q1", reason)
    return pa.array(found, pa.string()).cast(pa.date32()).cast(pa.int32())


def _stripped(value: str | None) -> str:
    return (value or "").strip()


def _is_day(text: str) -> bool:
    try:
        np.datetime64(text, "D")
    except ValueError:
        return False
    return True


def _numbers_of_text(
    texts: Sequence[str | None], dates: npt.NDArray[np.int32], ticker: str, name: str
) -> tuple[npt.NDArray[np.float64], Problem | None]:
    values = np.full(len(texts), np.nan)
    bad: list[int] = []
    for row, value in enumerate(texts):
        text = _stripped(value)
        if _NUMBER_TEXT.fullmatch(text):
            values[row] = float(text)
        elif text.casefold() not in _MISSING_TEXT:
            bad.append(row)
    if not bad:
        return values, None
    day = np.datetime64(int(dates[bad[0]]), "D")
    text = (
        f"{ticker} {day}: {name} is {_stripped(texts[bad[0]])[:40]!r} ({len(bad)} rows in all); prices, "
        "volume and actions are numbers with a decimal point; correct the source."
    )
    return values, Problem(ticker, "Q4", "info", int(dates[bad[0]]), len(bad), text)
