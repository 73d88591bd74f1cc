"""Mean rank of a signal over the last weeks, as in a list renewed weekly and held for several weeks.

Belongs here: ranks within a week and their mean over the weeks before. Does not belong here: their predictive power
(rank_ic) and its error (statistics).

Its correlation with the NEXT week's return alone measures the joint predictive power of the weekly rankings of the last
k weeks, without overlapping returns (calendar time: Jegadeesh and Titman 1993, J. of Finance 48).
"""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from btassets.engine.cross_section.ordering import group_starts
from btassets.engine.cross_section.rank_ic import _centred_ranks, _ordered

_STARTS = types.Array(types.int64, 1, "C", readonly=True)
_MATRIX = types.Array(types.float64, 2, "C", readonly=True)


@njit((_STARTS, _MATRIX), cache=True, nogil=True)
def _rank_fractions(week_start, signals):
    n_signals, n_rows = signals.shape
    found = np.full((n_signals, n_rows), np.nan)
    widest = 1
    for w in range(week_start.shape[0] - 1):
        widest = max(widest, week_start[w + 1] - week_start[w])
    keys, key_buffer, centred = np.empty(widest), np.empty(widest), np.empty(widest)
    order, row_buffer = np.empty(widest, np.int32), np.empty(widest, np.int32)
    for s in range(n_signals):
        for w in range(week_start.shape[0] - 1):
            a = week_start[w]
            values = signals[s, a : week_start[w + 1]]
            n = _ordered(values, len(values), order, keys, key_buffer, row_buffer)
            if n < 2:
                continue
            _centred_ranks(values, order, n, centred)
            for k in range(n):
                found[s, a + order[k]] = centred[order[k]] / (n - 1)
    return found


def rank_fractions(week: NDArray[np.int32], signals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank of every signal within its week, -1 lowest to +1 highest, ties sharing the mean; NaN for a single member.

    Parameters
    ----------
    week
        Shape (n_rows,); rows of one week are contiguous.
    signals
        Shape (n_signals, n_rows); NaN = not available, NaN in the result.
    """
    starts = group_starts(np.ascontiguousarray(week, dtype=np.int32))
    return _rank_fractions(starts, np.ascontiguousarray(signals, dtype=np.float64))


def lagged_mean(
    week_no: NDArray[np.int64], ticker: NDArray[np.int64], fractions: NDArray[np.float64], n_weeks: int
) -> NDArray[np.float64]:
    """Mean of each ticker's rank over the `n_weeks` calendar weeks up to and with the row's own.

    Weeks without a rank of the ticker are excluded from its mean; a row without its own rank has none.

    Parameters
    ----------
    week_no, ticker
        Shape (n_rows,): position of the week on an unbroken weekly axis, and number of the ticker.
    fractions
        From `rank_fractions`, shape (n_signals, n_rows).
    n_weeks
        1 gives the ranks themselves.
    """
    if n_weeks == 1 or not len(week_no):
        return fractions
    shape = (int(week_no.max()) + 1 + n_weeks, int(ticker.max()) + 1)
    found = np.full(fractions.shape, np.nan)
    for s in range(len(fractions)):
        known = ~np.isnan(fractions[s])
        total, n = np.zeros(shape), np.zeros(shape)
        # One row of zeros per week of the window precedes the first week.
        total[week_no[known] + n_weeks, ticker[known]] = fractions[s, known]
        n[week_no[known] + n_weeks, ticker[known]] = 1.0
        total, n = np.cumsum(total, axis=0), np.cumsum(n, axis=0)
        rows, columns = week_no[known] + n_weeks, ticker[known]
        sums = total[rows, columns] - total[rows - n_weeks, columns]
        found[s, known] = np.round(sums / (n[rows, columns] - n[rows - n_weeks, columns]), 12)
    return found
