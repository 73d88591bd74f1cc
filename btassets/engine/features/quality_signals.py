"""Trailing quality rules of one ticker at its as-of bars: Q11, Q13-Q15, Q17 and the minimum history.

Belongs here: the compiled rules that decide eligibility from bars up to the as-of bar. Does not
belong here: the names of the reasons and universe membership (market/eligibility.py).

A rule over N sessions uses the ticker's bars inside the calendar's last N sessions.
"""

from typing import NamedTuple

import numpy as np

from btassets.engine.compiling import Flag, Int32Matrix, Int32s, Reals, Whole, helper
from btassets.engine.market.eligibility import INELIGIBLE_REASONS

QUALITY_SESSIONS = 126
PRICE_SESSIONS = 63


NO_VOLUME, FLAT, CHEAP, THIN = range(4)
"""Rows of `QualityTerms.counts`."""

_SHORT_HISTORY = INELIGIBLE_REASONS.index("short_history")
_MISSING_SESSIONS = INELIGIBLE_REASONS.index("missing_sessions")
_ZERO_VOLUME = INELIGIBLE_REASONS.index("zero_volume")
_FLAT_BARS = INELIGIBLE_REASONS.index("flat_bars")
_CONSTANT_CLOSE = INELIGIBLE_REASONS.index("constant_close")
_LOW_PRICE = INELIGIBLE_REASONS.index("low_price")
_LOW_DOLLAR_VOLUME = INELIGIBLE_REASONS.index("low_dollar_volume")


class QualityRules(NamedTuple):
    """Thresholds of eligibility (`ReplayRules`); prices and volumes in US dollars."""

    min_bars: float
    max_missing_frac: float
    max_zero_volume_frac: float
    max_flat_frac: float
    max_constant_bars: int
    min_close: float
    min_dollar_volume: float


class QualityTerms(NamedTuple):
    """Per-ticker arrays that reduce each rule of `ineligible_code` to two subtractions.

    Attributes
    ----------
    counts
        int32 (4, n_bars + 1): how many of the bars before each position have no volume, are flat (high == low), have a
        raw close or a raw dollar volume under its minimum median.
    constant_end
        int32 (n_bars,): the latest bar up to each one that closes a run of at least
        `max_constant_bars` equal raw closes, -1 for none.
    raw_close, raw_dollar_volume
        Shape (n_bars,), US dollars.
    """

    counts: Int32Matrix
    constant_end: Int32s
    raw_close: Reals
    raw_dollar_volume: Reals


@helper
def quality_terms(
    high: Reals, low: Reals, volume: Reals, raw_close: Reals, raw_dollar_volume: Reals, rules: QualityRules
) -> QualityTerms:
    """The arrays of one ticker; `high`, `low` and `volume` end at T, the raw ones may be longer."""
    n = len(high)
    counts = np.zeros((4, n + 1), np.int32)
    constant_end = np.empty(n, np.int32)
    run = 0
    latest = -1
    for t in range(n):
        counts[NO_VOLUME, t + 1] = counts[NO_VOLUME, t] + (1 if volume[t] == 0.0 else 0)
        counts[FLAT, t + 1] = counts[FLAT, t] + (1 if high[t] == low[t] else 0)
        counts[CHEAP, t + 1] = counts[CHEAP, t] + (1 if raw_close[t] < rules.min_close else 0)
        counts[THIN, t + 1] = counts[THIN, t] + (1 if raw_dollar_volume[t] < rules.min_dollar_volume else 0)
        run = run + 1 if t > 0 and raw_close[t] == raw_close[t - 1] else 1
        if run >= rules.max_constant_bars:
            latest = t
        constant_end[t] = latest
    return QualityTerms(counts, constant_end, raw_close, raw_dollar_volume)


@helper
def median_is_below(values: Reals, start: Whole, stop: Whole, n_below: Whole, threshold: float) -> Flag:
    """Whether the median of values[start:stop], `n_below` of them below the threshold, is below it.

    Without sorting: the two middle values decide, by their mean, only if exactly half are below.
    """
    n = stop - start
    if 2 * n_below != n:
        return 2 * n_below > n
    largest_below = -np.inf
    smallest_above = np.inf
    for t in range(start, stop):
        value = values[t]
        if value < threshold:
            largest_below = max(largest_below, value)
        else:
            smallest_above = min(smallest_above, value)
    return (largest_below + smallest_above) / 2.0 < threshold


@helper
def ineligible_code(
    i: Whole, n_window: Whole, first_quality: Whole, first_price: Whole, terms: QualityTerms, rules: QualityRules
) -> Whole:
    """Index into `market.eligibility.INELIGIBLE_REASONS` of the first rule violated by bar i, or -1.

    Parameters
    ----------
    i
        As-of bar.
    n_window
        Bars in the engine's window.
    first_quality, first_price
        First own bars inside the trailing 126 and 63 sessions of the calendar.
    terms, rules
        Of the ticker.
    """
    counts = terms.counts
    n = i - first_quality + 1
    stop = i + 1
    code = -1
    if n_window < rules.min_bars:
        code = _SHORT_HISTORY
    elif (QUALITY_SESSIONS - n) / QUALITY_SESSIONS > rules.max_missing_frac:
        code = _MISSING_SESSIONS
    elif (counts[NO_VOLUME, stop] - counts[NO_VOLUME, first_quality]) / n > rules.max_zero_volume_frac:
        code = _ZERO_VOLUME
    elif (counts[FLAT, stop] - counts[FLAT, first_quality]) / n > rules.max_flat_frac:
        code = _FLAT_BARS
    elif terms.constant_end[i] - first_quality + 1 >= rules.max_constant_bars:
        code = _CONSTANT_CLOSE
    elif median_is_below(
        terms.raw_close, first_price, stop, counts[CHEAP, stop] - counts[CHEAP, first_price], rules.min_close
    ):
        code = _LOW_PRICE
    elif median_is_below(
        terms.raw_dollar_volume,
        first_price,
        stop,
        counts[THIN, stop] - counts[THIN, first_price],
        rules.min_dollar_volume,
    ):
        code = _LOW_DOLLAR_VOLUME
    return code
