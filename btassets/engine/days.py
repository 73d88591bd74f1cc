"""Dates as day numbers: the epoch, ISO weeks, and the thinning of overlapping weeks.

Belongs here: calendar arithmetic on int32 days since 1970-01-01, without any data. Does not belong here: sessions
(`market/calendar.py`).
"""

import datetime as dt

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int32]

EPOCH = dt.date(1970, 1, 1)
"""Day 0 of every int32 day number; a Thursday."""

NO_DAY = -(2**31)
"""Missing date in int32 arrays; -1 is 1969-12-31."""

_THURSDAY = 3  # days from a Monday to the Thursday of its ISO week


def values_on(dates: Days, known: Days, *values: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """Values of another series on given dates, NaN where it has none.

    Parameters
    ----------
    dates
        Shape (n,).
    known
        Dates of the other series, ascending, shape (m,).
    values
        Its columns, shape (m,) each.

    >>> [column.tolist() for column in values_on(np.array([1, 2, 9]), np.array([2, 5]), np.array([20.0, 50.0]))]
    [[nan, 20.0, nan]]
    """
    if not len(known):
        return [np.full(len(dates), np.nan) for _ in values]
    at = np.minimum(np.searchsorted(known, dates), len(known) - 1)
    is_known = known[at] == dates
    return [np.where(is_known, column[at], np.nan) for column in values]


def iso_day(day: int) -> str:
    """A day number as YYYY-MM-DD.

    >>> iso_day(18627)
    '2020-12-31'
    """
    return str(np.datetime64(int(day), "D"))


def week_mondays(days: npt.ArrayLike) -> Days:
    """Monday of each day's ISO week, int32 day numbers of the same shape.

    >>> week_mondays([0, 3, 4]).tolist()  # Thursday 1970-01-01, its Sunday, the next Monday
    [-3, -3, 4]
    """
    numbers = np.asarray(days, dtype=np.int32)
    return (numbers - (numbers + _THURSDAY) % 7).astype(np.int32)


def iso_weeks(days: npt.ArrayLike) -> tuple[Days, Days]:
    """ISO year and ISO week number (1-53) of each day, two int32 arrays of the same shape.

    The ISO year is the year of the week's Thursday.

    >>> [int(part[0]) for part in iso_weeks([17896])]  # 2018-12-31 belongs to 2019
    [2019, 1]
    """
    thursdays = (week_mondays(days) + _THURSDAY).astype("datetime64[D]")
    years = thursdays.astype("datetime64[Y]")
    week = (thursdays - years.astype("datetime64[D]")).astype(np.int32) // 7 + 1
    return (years.astype(np.int32) + EPOCH.year).astype(np.int32), week.astype(np.int32)


def years_of(days: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Calendar year of each day, int64 of the same shape.

    >>> years_of([-1, 0, 365]).tolist()
    [1969, 1970, 1971]
    """
    return np.asarray(days).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + EPOCH.year


def thinned_weeks(iso_year: Days, iso_week: Days, stride_weeks: int) -> npt.NDArray[np.int64]:
    """Positions of the weeks kept by the greedy thinning, earliest week first.

    A week is kept if it is at least `stride_weeks` after the last kept one, counted on the ordinal `year * 53 + week`.
    That ordinal jumps by two after a year of 52 weeks; this is preserved because the thinned columns exist only for
    comparison with published tables.

    Parameters
    ----------
    iso_year, iso_week
        Shape (n_weeks,), any order, each week once.
    """
    ordinal = np.asarray(iso_year, dtype=np.int64) * 53 + np.asarray(iso_week, dtype=np.int64)
    kept: list[int] = []
    last: int | None = None
    for position in np.argsort(ordinal, kind="stable").tolist():
        value = int(ordinal[position])
        if last is None or value - last >= stride_weeks:
            kept.append(position)
            last = value
    return np.array(kept, dtype=np.int64)
