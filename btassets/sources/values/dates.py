"""Exchange dates from any type found in a file, table or setting.

Belongs here: dates, timestamps with and without a zone, text and integers as days since 1970-01-01, and the refusal of
timestamps with an ambiguous exchange date. Does not belong here: calendars (`sources.calendar`), and the choice of the
date column (`sources.files.column_mapping`).
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.counted import counted
from btassets.sources.values.arrays import is_text, values_of
from btassets.sources.values.unreadable import UnreadableValueError

Days = npt.NDArray[np.int32]
_Zone = Literal["naive", "utc", "zoned"]

MISSING_DAY = int(np.iinfo(np.int32).min)
"""Value of an empty cell where a date may be missing."""

MIN_DAY = -62_091  # 1800-01-01: an earlier date means a wrong unit
MAX_DAY = 84_006  # 2200-01-01

_FORMS = "text as YYYY-MM-DD, dates, timestamps, or whole numbers as YYYYMMDD"
_UTC = frozenset({"Z", "UTC", "+00:00", "+0000", "-00:00", "Etc/UTC", "GMT"})
_UNIT_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_MS_PER_DAY = 86_400_000
_TIME = r"(?:[T ]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _TIME)
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + _TIME)
_NAMED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})[- ,]+(\d{4})" + _TIME)
_NAMED_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})" + _TIME)
_DIGITS = re.compile(r"-?\d{8,19}(?:\.0+)?")
_MISSING_TEXT = frozenset({"", "na", "n/a", "nan", "nat", "null", "none", "-"})
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTHS = {name: n for n, full in enumerate(_MONTH_NAMES, 1) for name in (full, full[:3])} | {"sept": 9}

_EVENING_MS = 18 * 3_600_000
_NOON_MS = 12 * 3_600_000
_MORNING_MS = 4 * 3_600_000
_FRIDAY, _SUNDAY = 4, 6


def read_days(column: pa.ChunkedArray | pa.Array, name: str, *, may_be_missing: bool = False) -> Days:
    """Exchange dates as days since 1970-01-01, shape (n_rows,).

    Accepted: dates; timestamps; text as YYYY-MM-DD (also with / or . between, with a time, with month names, or with
    day and month first if the column shows which is which); whole numbers as YYYYMMDD or as an epoch in seconds,
    milli-, micro- or nanoseconds. A time of day is cut off. A time with a zone gives the date as written there; a UTC
    time after noon has an ambiguous exchange date and is refused, and so are timestamps without a zone that are
    midnights in another zone.

    Parameters
    ----------
    name
        Name of the column, for messages.
    may_be_missing
        Return `MISSING_DAY` for an empty cell; otherwise it is refused.

    Raises
    ------
    UnreadableValueError
        A value that is not a date, is before 1800 or after 2200, is missing, or is ambiguous.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks else pa.array([], column.type)
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_date(kind):
        days = column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    elif pa.types.is_timestamp(kind):
        days = _of_timestamps(column, name)
    elif is_text(kind):
        days = _of_text(column.cast(pa.string()), name)
    elif pa.types.is_integer(kind):
        days = _of_numbers(column.cast(pa.int64()), name)
    elif pa.types.is_floating(kind):
        days = _of_floats(column, name)
    elif pa.types.is_null(kind):
        days = pa.nulls(len(column), pa.int64())
    else:
        raise UnreadableValueError(f"column {name!r} holds {kind}; dates must be {_FORMS}; convert them.")
    return _checked(days, name, may_be_missing=may_be_missing)


def read_day(value: Any, name: str) -> int | None:
    """Read one date, in any form accepted by `read_days`; None for an empty value."""
    if isinstance(value, dt.datetime | dt.date | str | int | float):
        if isinstance(value, str) and value.strip().casefold() in _MISSING_TEXT:
            return None
        day = int(read_days(pa.array([value]), name, may_be_missing=True)[0])
        return None if day == MISSING_DAY else day
    if value is None:
        return None
    raise UnreadableValueError(f"{name} is {value!r}; dates must be {_FORMS}; convert it.")


def _checked(days: pa.Array, name: str, *, may_be_missing: bool) -> Days:
    n_missing = days.null_count
    if n_missing and not may_be_missing:
        row = pc.index(pc.is_null(days), value=True).as_py() + 1
        raise UnreadableValueError(
            f"row {row} has no date in column {name!r} ({counted(n_missing, 'row')} in all); every row needs its "
            "exchange date; correct the file."
        )
    values = values_of(days.fill_null(0) if n_missing else days, np.int64)
    wrong = np.flatnonzero((values < MIN_DAY) | (values > MAX_DAY))
    if len(wrong):
        raise UnreadableValueError(
            f"row {wrong[0] + 1} has day {values[wrong[0]]} from 1970-01-01 as its date in column {name!r} "
            f"({counted(len(wrong), 'row')} in all); dates must be between 1800 and 2200; check the unit of the column."
        )
    found = values.astype(np.int32)
    if n_missing:
        found[np.asarray(pc.is_null(days).to_numpy(zero_copy_only=False))] = MISSING_DAY
    return found


def _of_timestamps(column: pa.Array, name: str) -> pa.Array:
    zone = column.type.tz
    per_day = _UNIT_PER_DAY[column.type.unit]
    if zone is not None and zone not in _UTC:
        column = pc.local_timestamp(column)
    ticks = column.cast(pa.timestamp(column.type.unit)).cast(pa.int64())
    values = values_of(pc.fill_null(ticks, 0), np.int64)
    is_valid = np.asarray(pc.is_valid(ticks).to_numpy(zero_copy_only=False))
    days = values // per_day
    times = ((values - days * per_day) * (_MS_PER_DAY / per_day)).astype(np.int64)

    def shown(row: int) -> str:
        return str(np.datetime64(int(values[row]), column.type.unit))

    kind = "naive" if zone is None else "utc" if zone in _UTC else "zoned"
    _refuse_ambiguous(days[is_valid], times[is_valid], np.flatnonzero(is_valid), shown, name, kind)
    return pc.if_else(pc.is_valid(ticks), pa.array(days), None)


def _of_floats(column: pa.Array, name: str) -> pa.Array:
    values = column.cast(pa.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False)
    is_missing = np.isnan(values)
    odd = np.flatnonzero(~is_missing & ~((np.abs(values) < 2.0**62) & (np.floor(values) == values)))
    if len(odd):
        raise UnreadableValueError(
            f"column {name!r} has {values[odd[0]]:g} in row {odd[0] + 1}; dates must be {_FORMS}; convert them."
        )
    whole = np.where(is_missing, 0.0, values).astype(np.int64)
    return _of_numbers(pa.array(whole, mask=is_missing), name)


def _of_numbers(column: pa.Array, name: str) -> pa.Array:
    """Days of whole numbers: YYYYMMDD, or an epoch whose unit follows from its size."""
    is_valid = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False))
    values = values_of(column.fill_null(0), np.int64)
    given = values[is_valid]
    if not len(given):
        return pa.nulls(len(column), pa.int64())
    if (given >= 18_000_101).all() and (given <= 22_001_231).all():
        year, month, day = values // 10_000, values // 100 % 100, values % 100
        return _of_parts(year, month, day, is_valid, lambda row: str(values[row]), name)
    size = int(np.abs(given).max())
    units = (("ns", 10**17), ("us", 10**14), ("ms", 10**11), ("s", 3 * 10**8))
    unit = next((unit for unit, least in units if size >= least), None)
    if unit is None or (np.abs(given) < 86_400).any():
        row = int(np.flatnonzero(is_valid)[0])
        raise UnreadableValueError(
            f"column {name!r} has {int(values[row])} in row {row + 1}; dates must be {_FORMS}, or an epoch in "
            "seconds, milli-, micro- or nanoseconds; convert them."
        )
    per_day = _UNIT_PER_DAY[unit]
    days = values // per_day
    times = ((values - days * per_day) * (_MS_PER_DAY / per_day)).astype(np.int64)

    def shown(row: int) -> str:
        return str(np.array(int(values[row]), f"datetime64[{unit}]"))

    _refuse_ambiguous(days[is_valid], times[is_valid], np.flatnonzero(is_valid), shown, name, "utc")
    return pa.array(days, mask=~is_valid)


def _of_parts(
    year: npt.NDArray[np.int64],
    month: npt.NDArray[np.int64],
    day: npt.NDArray[np.int64],
    is_valid: npt.NDArray[np.bool_],
    shown: Callable[[int], str],
    name: str,
) -> pa.Array:
    """Days of year, month and day; a nonexistent day is refused."""
    safe_month = np.where(is_valid & (month >= 1) & (month <= 12), month, 1)
    first = (
        (np.where(is_valid, year, 1970) - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (safe_month - 1)
    ).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (day - 1)
    is_wrong = is_valid & ((month != safe_month) | (day < 1) | (days.astype("datetime64[M]") != first))
    if is_wrong.any():
        row = int(np.argmax(is_wrong))
        raise UnreadableValueError(
            f"column {name!r} has {shown(row)[:40]!r} in row {row + 1} ({counted(int(is_wrong.sum()), 'row')} in all); "
            f"there is no such day; dates must be {_FORMS}; correct the file."
        )
    return pa.array(days.astype("datetime64[D]").astype(np.int64), mask=~is_valid)


def _of_text(column: pa.Array, name: str) -> pa.Array:
    try:
        return column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    except pa.ArrowInvalid:
        pass  # times, other forms, spaces or garbage: inspect each value
    texts = [" ".join((text or "").split()) for text in column.to_pylist()]
    is_missing = np.array([text.casefold() in _MISSING_TEXT for text in texts])
    rows = np.flatnonzero(~is_missing)
    if len(rows) and all(_DIGITS.fullmatch(texts[row]) for row in rows):
        numbers = [None if is_missing[row] else int(text.split(".")[0]) for row, text in enumerate(texts)]
        return _of_numbers(pa.array(numbers, pa.int64()), name)
    parts = np.zeros((3, len(texts)), np.int64)  # year, month, day; of numeric dates: year, first, second
    times = np.zeros(len(texts), np.int64)
    zones, is_numeric = np.full(len(texts), "naive", dtype="<U5"), np.zeros(len(texts), np.bool_)
    bad: list[int] = []
    for row in rows.tolist():
        found = _parsed(texts[row])
        if found is None:
            bad.append(row)
            continue
        parts[:, row], times[row], zones[row], is_numeric[row] = found
    if bad:
        raise UnreadableValueError(
            f"column {name!r} has {texts[bad[0]][:40]!r} in row {bad[0] + 1} ({counted(len(bad), 'row')} in all); "
            f"dates must be {_FORMS}; convert them."
        )
    if is_numeric.any():
        _order_numeric(parts, is_numeric, texts, name)
    days = _of_parts(parts[0], parts[1], parts[2], ~is_missing, lambda row: texts[row], name)
    known = values_of(days.fill_null(0), np.int64)
    for kind in ("utc", "zoned", "naive"):
        own = rows[zones[rows] == kind]
        _refuse_ambiguous(known[own], times[own], own, lambda row: texts[row], name, kind)
    return days


def _parsed(text: str) -> tuple[tuple[int, int, int], int, _Zone, bool] | None:
    """Year, month and day (numeric dates: the first and the second number), time in ms, zone, is numeric."""
    is_numeric = False
    if (match := _ISO.fullmatch(text)) is not None:
        numbers = (int(match[1]), int(match[3]), int(match[4]))
        clock, zone = match[5], match[6]
    elif (match := _NUMERIC.fullmatch(text)) is not None:
        numbers, is_numeric = (int(match[4]), int(match[1]), int(match[3])), True
        clock, zone = match[5], match[6]
    elif (match := _NAMED.fullmatch(text)) is not None and match[2].casefold() in _MONTHS:
        numbers = (int(match[3]), _MONTHS[match[2].casefold()], int(match[1]))
        clock, zone = match[4], match[5]
    elif (match := _NAMED_FIRST.fullmatch(text)) is not None and match[1].casefold() in _MONTHS:
        numbers = (int(match[3]), _MONTHS[match[1].casefold()], int(match[2]))
        clock, zone = match[4], match[5]
    else:
        return None
    time_ms = 0
    if clock is not None:
        hours, minutes, *seconds = clock.split(":")
        time_ms = int(hours) * 3_600_000 + int(minutes) * 60_000 + int(1000 * float(seconds[0] if seconds else 0))
        if int(hours) > 24 or int(minutes) > 59 or time_ms >= _MS_PER_DAY:
            return None
    return numbers, time_ms, "naive" if zone is None else "utc" if zone in _UTC else "zoned", is_numeric


def _order_numeric(
    parts: npt.NDArray[np.int64], is_numeric: npt.NDArray[np.bool_], texts: list[str], name: str
) -> None:
    """Assign day and month of 31/12/2020 or 12/31/2020, using the whole column."""
    first, second = parts[1, is_numeric], parts[2, is_numeric]
    is_day_first, is_month_first = bool((first > 12).any()), bool((second > 12).any())
    if is_day_first == is_month_first:
        shown = texts[int(np.argmax(is_numeric))][:40]
        why = "both orders of day and month occur" if is_day_first else "day and month are ambiguous"
        raise UnreadableValueError(f"column {name!r} has {shown!r}; {why}; write dates as YYYY-MM-DD.")
    if is_day_first:
        parts[1, is_numeric], parts[2, is_numeric] = second.copy(), first.copy()


def _refuse_ambiguous(
    days: npt.NDArray[np.int64],
    times_ms: npt.NDArray[np.int64],
    rows: npt.NDArray[np.intp],
    shown: Callable[[int], str],
    name: str,
    kind: _Zone,
) -> None:
    """Refuse timestamps that may be a day off: UTC after noon, and midnights in another zone without their zone."""
    if not len(days):
        return
    if kind == "utc":
        late = np.flatnonzero(times_ms > _NOON_MS)
        if len(late):
            raise UnreadableValueError(
                f"column {name!r} has the UTC time {shown(int(rows[late[0]]))} ({counted(len(late), 'row')} in all); "
                "after noon UTC the exchange date may be this day or the next; write exchange dates."
            )
        return
    is_late = times_ms >= _EVENING_MS
    if not is_late.any():
        return
    # Midnight in a zone with summer time is 23:00 and 00:00 in UTC.
    n_late, n_early = int(is_late.sum()), int((times_ms < _MORNING_MS).sum())
    is_mixed = kind == "naive" and min(n_late, n_early) * 20 > len(days)
    weekday = (days[is_late] + 3) % 7
    is_a_day_early = (weekday == _SUNDAY).mean() > 0.1 and (weekday == _FRIDAY).mean() < 0.05
    if is_mixed or is_a_day_early:
        first = int(rows[np.argmax(is_late)])
        raise UnreadableValueError(
            f"column {name!r} has the time {shown(first)} ({counted(int(is_late.sum()), 'row')} in the evening); such "
            "timestamps are midnights in another time zone, so their dates are a day early; write exchange dates, "
            "or timestamps with their zone."
        )
