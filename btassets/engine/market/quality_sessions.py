"""Rules over all tickers at once: incomplete days (Q19), quiet days (Q20), the benchmark (Q21).

Belongs here: findings that need several tickers. Does not belong here: one ticker's bars (`quality.py`), sessions of
exchanges.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.counted import counted
from btassets.engine.days import iso_day
from btassets.engine.market.quality_rules import QualityRules
from btassets.engine.market.raw_bars import Problem

Days = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScreenedDays:
    """Findings about days.

    Attributes
    ----------
    problems
        One per blocked day; one for all days with a warning of the same rule.
    blocked_days
        int32, ascending: days whose bars are not used (`quality_rows.rows_kept` drops them, actions stay).
    """

    problems: tuple[Problem, ...]
    blocked_days: Days


def is_quiet(volume: Floats, high: Floats, low: Floats) -> npt.NDArray[np.bool_]:
    """Whether each bar has no volume or no range."""
    return (volume == 0.0) | (high == low)


def screen_counted_days(
    dates: Days,
    quiet_dates: Days,
    first_bar: Days,
    last_bar: Days,
    rules: QualityRules | None = None,
    *,
    sessions: Days | None = None,
    last_session: int | None = None,
) -> ScreenedDays:
    """Find days on which many tickers lack a bar (Q19) or have one without trading (Q20).

    A ticker lives from its first to its last bar. The last session is never checked: its bars may still be arriving. A
    day with fewer current tickers than `min_day_tickers` gives a warning and is never blocked: with three tickers one
    halt would be a third.

    Parameters
    ----------
    dates, quiet_dates
        Dates of all bars of all tickers, and of those without volume or range, in any order; the benchmark is
        not among them.
    Shape (n_tickers,): first and last bar date of every ticker with bars.
        Shape (n_tickers,): first and last bar date of every ticker with bars.
    rules
        Thresholds; the defaults of `QualityRules` if None.
    sessions
        Ascending session days; also finds sessions without any bar. None: the tickers' dates.
    last_session
        T: neither it nor any later day is checked. None: the last date of all.
    """
    rules = rules or QualityRules()
    if not len(dates):
        return ScreenedDays((), np.empty(0, dtype=np.int32))
    first = int(first_bar.min())
    n_days = int(last_bar.max()) - first + 1
    starts = np.bincount(first_bar - first, minlength=n_days + 1)
    ends = np.bincount(last_bar - first + 1, minlength=n_days + 1)
    living = np.cumsum(starts - ends)[:-1]
    present = np.bincount(dates - first, minlength=n_days)
    quiet = np.bincount(quiet_dates - first, minlength=n_days)
    is_session = present > 0
    if sessions is not None:
        within = sessions[(sessions >= first) & (sessions < first + n_days)]
        is_session[within - first] = True
    is_session[n_days - 1 if last_session is None else max(last_session - first, 0) :] = False
    days = np.flatnonzero(is_session & (living > 0))
    return _judged((days + first).astype(np.int32), living[days], present[days], quiet[days], rules)


def _judged(days: Days, living: Counts, present: Counts, quiet: Counts, rules: QualityRules) -> ScreenedDays:
    missing_frac = (living - present) / living
    is_blocked = (missing_frac > rules.day_missing_block_frac) & (living >= rules.min_day_tickers)
    problems: list[Problem] = []
    for at in np.flatnonzero(is_blocked).tolist():
        day = int(days[at])
        text = (
            f"{iso_day(day)}: {living[at] - present[at]} of {living[at]} current tickers have no bar; more "
            f"than {100.0 * rules.day_missing_block_frac:g}% is no day to rank; its bars are not used."
        )
        problems.append(Problem("", "Q19", "block", day, int(living[at] - present[at]), text))
    warned = np.flatnonzero((missing_frac > rules.day_missing_warn_frac) & ~is_blocked)
    if len(warned):
        at = int(warned[0])
        day = int(days[at])
        text = (
            f"{iso_day(day)}: {living[at] - present[at]} of {living[at]} current tickers have no bar "
            f"({counted(len(warned), 'day')} in all above {100.0 * rules.day_missing_warn_frac:g}%); kept."
        )
        problems.append(Problem("", "Q19", "warn", day, len(warned), text))
    is_quiet = quiet > rules.day_quiet_warn_frac * present
    if is_quiet.any():
        at = int(np.flatnonzero(is_quiet)[0])
        day = int(days[at])
        n = int(is_quiet.sum())
        text = (
            f"{iso_day(day)}: {quiet[at]} of {present[at]} bars have no volume or no range ({counted(n, 'day')} in all "
            f"above {100.0 * rules.day_quiet_warn_frac:g}%); kept."
        )
        problems.append(Problem("", "Q20", "warn", day, n, text))
    return ScreenedDays(tuple(problems), days[is_blocked])


def screen_benchmark(
    ticker: str, dates: Days, sessions: Days, rules: QualityRules | None = None
) -> tuple[Problem, ...]:
    """Report how many of the tickers' sessions the benchmark lacks (Q21); empty if it has them all.

    Parameters
    ----------
    ticker
        Name of the benchmark.
    dates
        Ascending days of its bars; those outside the tickers' sessions do not matter.
    sessions
        Ascending sessions of the tickers, cut at T.
    rules
        Thresholds; the defaults of `QualityRules` if None.

    Returns
    -------
    tuple of Problem
        At most one: "block" above `max_benchmark_missing_frac`, else "warn".
    """
    rules = rules or QualityRules()
    missing = sessions[~np.isin(sessions, dates)]
    if not len(missing):
        return ()
    is_block = len(missing) > rules.max_benchmark_missing_frac * len(sessions)
    advice = (
        "a benchmark must cover the tickers' dates; provide one that does."
        if is_block
        else "returns over them are missing in adjusted statistics."
    )
    text = (
        f"benchmark {ticker} {iso_day(int(missing[0]))}: no bar; {len(missing)} of {len(sessions)} sessions "
        f"lack one ({100.0 * len(missing) / len(sessions):.2f}%); {advice}"
    )
    return (Problem(ticker, "Q21", "block" if is_block else "warn", int(missing[0]), len(missing), text),)
