"""ISO weeks of dates, and the thinning of overlapping weeks.

Belongs here: calendar arithmetic on dates as int32 days since 1970-01-01, without any data.
Does not belong here: which week ends are sessions (the market's calendar knows that).
"""

import numpy as np
from numpy.typing import NDArray

_THURSDAY = 3  # 1970-01-01 was a Thursday; Monday is day 0 of the ISO week


def week_mondays(days: NDArray[np.int32]) -> NDArray[np.int32]:
    """Monday of each date's ISO week, int32 days since 1970-01-01, shape (n,).

    Examples
    --------
    >>> week_mondays(np.array([0], dtype=np.int32)).tolist()
    [-3]
    """
    days = np.asarray(days, dtype=np.int32)
    return (days - (days + _THURSDAY) % 7).astype(np.int32)


def iso_weeks(days: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """ISO year and ISO week number of each date, two int32 arrays of shape (n,).

    The ISO year is the year of the week's Thursday: 2018-12-31 is week 1 of 2019.

    Examples
    --------
    >>> year, week = iso_weeks(np.array([17896], dtype=np.int32))  # 2018-12-31
    >>> int(year[0]), int(week[0])
    (2019, 1)
    """
    thursdays = (week_mondays(days) + _THURSDAY).astype("datetime64[D]")
    years = thursdays.astype("datetime64[Y]")
    first_of_year = years.astype("datetime64[D]")
    week = (thursdays - first_of_year).astype(np.int32) // 7 + 1
    return (years.astype(np.int32) + 1970).astype(np.int32), week.astype(np.int32)


def thinned_weeks(iso_year: NDArray[np.int32], iso_week: NDArray[np.int32], stride_weeks: int) -> NDArray[np.int64]:
    """Positions of the weeks that the greedy thinning keeps, earliest week first.

    A week is kept when it lies at least `stride_weeks` after the last kept one, counted on the
    ordinal `year * 53 + week`. That ordinal jumps by two after a year of 52 weeks: kept as it is,
    because the thinned columns exist for comparison with published tables only.

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
