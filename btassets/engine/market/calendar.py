"""Weeks, the last common session and the as-of grids, all on int32 day numbers.

Belongs here: pure functions over days since 1970-01-01 (docs/method/sessions.md). Does not belong here: sessions of
exchanges (sources), and anything that reads a price.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from btassets.engine.conventions import SESSIONS_A_YEAR
from btassets.engine.days import Days, week_mondays

ENDED_AFTER_DAYS = 10
"""A ticker whose last bar is more calendar days than this before T has ended."""

FIRST_BAR_ASOF = 59
BAR_STEP = 5
"""The legacy profile's grid: every fifth bar from the ticker's own bar 59."""

_REGULAR_FRAC = 0.2

IS_WEEK = 1
IS_BAR = 2
IS_OWN_WEEK = 4
IS_LATEST = 8
"""Bits of the flags returned by `asof_grid`."""


def completed_week_sessions(sessions: npt.ArrayLike, last_session: int, rule: Literal["exchange", "data"]) -> Days:
    """As-of session of every week that is completed at T, ascending.

    Parameters
    ----------
    sessions
        Ascending session days. With `rule="exchange"` they must reach past T's week, because the later sessions decide
        whether that week is over.
    last_session
        T. Later sessions never become an as-of.
    rule
        `exchange`: a week is completed if its last session is <= T. `data`: if the last weekday on which this market
        trades is <= T, or a later week has a session <= T; its last session <= T is the as-of.

    >>> completed_week_sessions([4, 5, 6, 11], 6, "exchange").tolist()  # the week ends on 6
    [6]
    >>> completed_week_sessions([4, 5, 6], 6, "data").tolist()  # Friday is day 8
    []
    >>> completed_week_sessions(range(4, 16), 15, "data").tolist()  # seven days a week: Sunday is day 10
    [10]
    """
    days = np.asarray(sessions, dtype=np.int32)
    if rule == "data":
        days = days[days <= last_session]
    if not len(days):
        return days
    monday = week_mondays(days)
    is_last_of_week = np.append(monday[1:] != monday[:-1], True)
    ends = days[is_last_of_week]
    if rule == "exchange":
        return ends[ends <= last_session]
    is_complete = monday[is_last_of_week] + last_weekday(days) <= last_session
    is_complete[:-1] = True
    return ends[is_complete]


def last_weekday(sessions: Days) -> int:
    """Last weekday on which a market regularly trades: 4 (Friday), or 5 or 6 if weekends are sessions.

    A weekday is regular if a fifth of the weeks have it: one special Saturday session does not make a six-day market.

    Parameters
    ----------
    sessions
        Ascending, up to T.
    """
    monday = week_mondays(sessions)
    n_weeks = len(np.unique(monday))
    counts = np.bincount(sessions - monday, minlength=7)
    return max([4, *(day for day in (5, 6) if counts[day] >= _REGULAR_FRAC * n_weeks)])


_MIN_WEEKS = 8
"""Minimum number of weeks to infer a calendar's pattern: one week with a session on Saturday is not a six-day market.
"""


def sessions_a_year(sessions: Days) -> int:
    """Sessions of this market per year: 252 if it trades five days a week, 365 on seven.

    Parameters
    ----------
    sessions
        Ascending, up to T.
    """
    monday = week_mondays(sessions)
    if len(np.unique(monday)) < _MIN_WEEKS:
        return SESSIONS_A_YEAR
    counts = np.bincount(sessions - monday, minlength=7)
    n_days = int((counts >= _REGULAR_FRAC * len(np.unique(monday))).sum())
    return {6: 303, 7: 365}.get(n_days, SESSIONS_A_YEAR)


def bars_per_session(dates_by_ticker: Sequence[Days]) -> tuple[Days, npt.NDArray[np.int64]]:
    """Every date with a bar of some ticker, ascending, and the number of tickers with one."""
    dated = [dates for dates in dates_by_ticker if len(dates)]
    if not dated:
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
    first = int(min(dates[0] for dates in dated))
    last = int(max(dates[-1] for dates in dated))
    counts = np.zeros(last - first + 1, dtype=np.int64)
    for dates in dated:
        counts[dates - first] += 1  # dates are unique within a ticker
    sessions = np.flatnonzero(counts)
    return (sessions + first).astype(np.int32), counts[sessions]


def last_common_session(
    sessions: npt.ArrayLike,
    n_tickers_with_bar: npt.ArrayLike,
    first_bar: npt.ArrayLike,
    last_bar: npt.ArrayLike,
) -> int:
    """T: the last session on which at least half of the current tickers have a bar.

    Parameters
    ----------
    sessions, n_tickers_with_bar
        Shape (n_sessions,): ascending sessions and the number of tickers with a bar there (`bars_per_session`; the
        benchmark is not one of the tickers).
    first_bar, last_bar
        Shape (n_tickers,): first and last bar date of every ticker with bars.

    Raises
    ------
    ValueError
        If no ticker has a bar.

    Notes
    -----
    Current tickers depend on T, and T on current tickers. The circle is resolved by walking forward: a session is
    accepted if at least half of the tickers that have started by then, and had not ended as of the last accepted
    session, have a bar there; T is the last accepted session. As of the candidate session itself, a single ticker that
    is ahead would be its own majority, and would turn all the others into delisted ones.

    >>> last_common_session([1, 2, 3, 40], [3, 3, 3, 1], [1, 1, 1], [3, 3, 40])
    3
    """
    days = np.asarray(sessions, dtype=np.int64)
    counts = np.asarray(n_tickers_with_bar, dtype=np.int64).tolist()
    started = np.searchsorted(np.sort(np.asarray(first_bar, dtype=np.int64)), days, side="right").tolist()
    ends = np.sort(np.asarray(last_bar, dtype=np.int64)).tolist()
    accepted: int | None = None
    for session, n_with_bar, n_started in zip(days.tolist(), counts, started, strict=True):
        n_ended = 0 if accepted is None else bisect_left(ends, accepted - ENDED_AFTER_DAYS)
        if n_with_bar > 0 and 2 * n_with_bar >= n_started - n_ended:
            accepted = session
    if accepted is None:
        message = "sessions: no ticker has a bar; T needs at least one; pass the tickers' dates"
        raise ValueError(message)
    return accepted


def has_ended(last_bar: int, last_session: int) -> bool:
    """Whether a ticker with this last bar has ended at T: more than 10 calendar days before it."""
    return last_session - last_bar > ENDED_AFTER_DAYS


def asof_grid(
    dates: Days, week_sessions: Days, last_session: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Bar indices at which one ticker is replayed, ascending, and the grids of each.

    Bars after T are excluded. Bit `IS_WEEK`: the ticker has a bar on the as-of session of a completed week. `IS_BAR`:
    every fifth bar from its own bar 59. `IS_OWN_WEEK`: its last bar of each ISO week, including the unfinished last
    one. `IS_LATEST`: its bar at T.

    Parameters
    ----------
    dates
        Shape (n_bars,), ascending.
    week_sessions
        Result of `completed_week_sessions`.
    last_session
        T.

    Returns
    -------
    asof_index, flags
        int32 and uint8, both (n_asof,).
    """
    n = int(np.searchsorted(dates, last_session, side="right"))
    days = dates[:n]
    flags = np.zeros(n, dtype=np.uint8)
    if n == 0:
        return np.empty(0, dtype=np.int32), flags
    position = np.searchsorted(week_sessions, days)
    position[position == len(week_sessions)] = 0
    if len(week_sessions):
        flags[week_sessions[position] == days] |= IS_WEEK
    flags[FIRST_BAR_ASOF::BAR_STEP] |= IS_BAR
    monday = week_mondays(days)
    flags[np.flatnonzero(monday[1:] != monday[:-1])] |= IS_OWN_WEEK
    flags[n - 1] |= IS_OWN_WEEK
    if days[n - 1] == last_session:
        flags[n - 1] |= IS_LATEST
    index = np.flatnonzero(flags)
    return index.astype(np.int32), flags[index]


def asof_grid_from(
    first: int, dates: Days, week_sessions: Days, last_session: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """The part of `asof_grid` from bar `first` on."""
    index, flags = asof_grid(dates, week_sessions, last_session)
    start = int(np.searchsorted(index, first))
    return index[start:], flags[start:]


def segment_starts(dates: Days, gap_days: int) -> npt.NDArray[np.int32]:
    """First bar of each bar's segment, int32 of shape (n_bars,).

    A segment ends if the next bar is more than `gap_days` calendar days later; with 0 gaps do not count (the legacy
    profile): everything is one segment.

    >>> segment_starts(np.array([1, 2, 40, 41], dtype=np.int32), 30).tolist()
    [0, 0, 2, 2]
    """
    starts = np.zeros(len(dates), dtype=np.int32)
    if gap_days <= 0 or len(dates) < 2:
        return starts
    first = np.flatnonzero(np.diff(dates) > gap_days) + 1
    starts[first] = first
    return np.maximum.accumulate(starts) if len(first) else starts
