"""Quality of one ticker's last half year: sessions missing (Q11), no volume (Q13), flat (Q14), frozen (Q15).

Belongs here: warnings about a ticker's newest bars. Does not belong here: eligibility at a date:
`engine.features.quality_signals` computes it from the same shares at each as-of date.
"""

import numpy as np
import numpy.typing as npt

from btassets.engine.days import iso_day
from btassets.engine.market.quality_rules import QualityRules
from btassets.engine.market.raw_bars import Problem, RawBars

TRAILING_SESSIONS = 126

Days = npt.NDArray[np.int32]


def judge_trailing(
    ticker: str, bars: RawBars, sessions: Days, rules: QualityRules | None = None
) -> tuple[Problem, ...]:
    """Warnings about a ticker's bars in the 126 sessions that end with its last bar; empty if there are none.

    Parameters
    ----------
    ticker
        Canonical name.
    bars
        Screened bars, ascending dates; at least the last 126. Bars after the last session are ignored.
    sessions
        Ascending sessions of the calendar up to T.
    rules
        Thresholds; the defaults of `QualityRules` if None.
    """
    rules = rules or QualityRules()
    if not len(sessions) or not len(bars):
        return ()
    n = int(np.searchsorted(bars.dates, sessions[-1], side="right"))
    if not n:
        return ()
    stop = int(np.searchsorted(sessions, bars.dates[n - 1], side="right"))
    start = max(0, stop - TRAILING_SESSIONS, int(np.searchsorted(sessions, bars.dates[0])))
    first = int(np.searchsorted(bars.dates[:n], sessions[start])) if start < stop else n
    n_sessions, n_bars = stop - start, n - first
    if n_sessions < 1 or n_bars < 1:
        return ()
    rows = slice(first, n)
    last = int(bars.dates[n - 1])
    found: list[Problem] = []

    def add(rule: str, count: int, observed: str, setting: str) -> None:
        text = (
            f"{ticker} {iso_day(last)}: {observed} in the {n_sessions} sessions up to its last bar; beyond "
            f"quality.{setting} such a date is not eligible; kept."
        )
        found.append(Problem(ticker, rule, "warn", last, count, text))

    n_missing = n_sessions - n_bars
    if n_missing > rules.warn_missing_frac * n_sessions:
        add("Q11", n_missing, f"{n_missing} sessions without a bar ({_pct(n_missing, n_sessions)})", "max_missing_frac")
    n_idle = int((bars.volume[rows] == 0.0).sum())
    if n_idle > rules.warn_zero_volume_frac * n_bars:
        add("Q13", n_idle, f"{n_idle} bars without volume ({_pct(n_idle, n_bars)})", "max_zero_volume_frac")
    n_flat = int((bars.high[rows] == bars.low[rows]).sum())
    if n_flat > rules.warn_flat_frac * n_bars:
        add("Q14", n_flat, f"{n_flat} bars with high equal to low ({_pct(n_flat, n_bars)})", "max_flat_frac")
    longest = _longest_run(bars.close[rows])
    if longest >= rules.warn_constant_bars:
        add("Q15", longest, f"{longest} equal closes in a row", "max_constant_bars")
    return tuple(found)


def _pct(count: int, of: int) -> str:
    return f"{100.0 * count / of:.1f}%"


def _longest_run(values: npt.NDArray[np.float64]) -> int:
    """Length of the longest run of equal values; at least 1."""
    breaks = np.flatnonzero(np.diff(values) != 0.0) + 1
    return int(np.diff(np.concatenate(([0], breaks, [len(values)]))).max())
