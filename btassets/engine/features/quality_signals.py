"""Trailing quality rules of one ticker at its as-of bars: Q11, Q13-Q15, Q17 and the least history.

Belongs here: the compiled rules that decide eligibility from bars up to the as-of bar. Does not
belong here: the names of the reasons and universe membership (market/eligibility.py).

A rule over N sessions looks at the ticker's bars inside the calendar's last N sessions.
"""

import numpy as np

from btassets.engine.features.entry import inner

QUALITY_SESSIONS = 126
PRICE_SESSIONS = 63


@inner
def quality_terms(high, low, volume, raw_close, raw_dollar_volume, max_constant_bars, min_close, min_dollar_volume):
    """Per-ticker arrays that make each rule of `ineligible_code` two subtractions.

    Returns
    -------
    counts, constant_end
        int32 (4, n_bars + 1): how many of the bars before each position have no volume, are flat
        (high == low), have a raw close or a raw dollar volume under its least median. int32
        (n_bars,): the latest bar up to each one that closes a run of at least `max_constant_bars`
        equal raw closes, -1 for none.
    """
    n = len(high)
    counts = np.zeros((4, n + 1), np.int32)
    constant_end = np.empty(n, np.int32)
    run = 0
    latest = -1
    for t in range(n):
        counts[0, t + 1] = counts[0, t] + (1 if volume[t] == 0.0 else 0)
        counts[1, t + 1] = counts[1, t] + (1 if high[t] == low[t] else 0)
        counts[2, t + 1] = counts[2, t] + (1 if raw_close[t] < min_close else 0)
        counts[3, t + 1] = counts[3, t] + (1 if raw_dollar_volume[t] < min_dollar_volume else 0)
        run = run + 1 if t > 0 and raw_close[t] == raw_close[t - 1] else 1
        if run >= max_constant_bars:
            latest = t
        constant_end[t] = latest
    return counts, constant_end


@inner
def median_is_below(values, start, stop, n_below, threshold):
    """Whether the median of values[start:stop], `n_below` of them below the threshold, is below it.

    Without sorting: only when exactly half are below it do the two middle values decide, by their mean.
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


@inner
def ineligible_code(
    i,
    n_window,
    first_quality,
    first_price,
    counts,
    constant_end,
    raw_close,
    raw_dollar_volume,
    min_bars,
    max_missing_frac,
    max_zero_volume_frac,
    max_flat_frac,
    max_constant_bars,
    min_close,
    min_dollar_volume,
):
    """Index into `market.eligibility.INELIGIBLE_REASONS` of the first rule that bar i breaks, or -1.

    `n_window` is the number of bars in the engine's window; `first_quality` and `first_price` are
    the first own bars inside the trailing 126 and 63 sessions of the calendar.
    """
    n = i - first_quality + 1
    stop = i + 1
    code = -1
    if n_window < min_bars:
        code = 0
    elif (QUALITY_SESSIONS - n) / QUALITY_SESSIONS > max_missing_frac:
        code = 1
    elif (counts[0, stop] - counts[0, first_quality]) / n > max_zero_volume_frac:
        code = 2
    elif (counts[1, stop] - counts[1, first_quality]) / n > max_flat_frac:
        code = 3
    elif constant_end[i] - first_quality + 1 >= max_constant_bars:
        code = 4
    elif median_is_below(raw_close, first_price, stop, counts[2, stop] - counts[2, first_price], min_close):
        code = 5
    elif median_is_below(
        raw_dollar_volume, first_price, stop, counts[3, stop] - counts[3, first_price], min_dollar_volume
    ):
        code = 6
    return code
