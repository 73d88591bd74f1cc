"""Mean rank of a signal over the last weeks, as in a list renewed weekly and held for several weeks.

Belongs here: ranks within a week and their mean over the weeks before. Does not belong here: their predictive power
(rank_ic) and its error (statistics).

Its correlation with the NEXT week's return alone measures the joint predictive power of the weekly rankings of the last
k weeks, without overlapping returns (calendar time: Jegadeesh and Titman 1993, J. of Finance 48).
"""

import numpy as np
from numpy.typing import NDArray

from btassets.engine.compiling import Int64s, RealMatrix, kernel
from btassets.engine.cross_section.ordering import group_starts
from btassets.engine.cross_section.rank_ic import _centred_ranks, _ordered


@kernel
def _rank_fractions(week_start: Int64s, signals: RealMatrix) -> NDArray[np.float64]:
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


@kernel
def _lagged_mean(
    week_start: Int64s, week_no: Int64s, ticker: Int64s, fractions: RealMatrix, n_tickers: int, n_weeks: int
) -> NDArray[np.float64]:
    n_signals, n_rows = fractions.shape
    found = np.full((n_signals, n_rows), np.nan)
    # Rank of every ticker in the last `n_weeks` calendar weeks; the place of a week is its number modulo `n_weeks`.
    ranks = np.empty((n_weeks, n_tickers))
    for s in range(n_signals):
        ranks[:] = np.nan
        for w in range(week_start.shape[0] - 1):
            a, b = week_start[w], week_start[w + 1]
            number = week_no[a]
            first = number - n_weeks + 1 if w == 0 else max(week_no[week_start[w - 1]] + 1, number - n_weeks + 1)
            for skipped in range(first, number + 1):
                ranks[skipped % n_weeks, :] = np.nan
            for row in range(a, b):
                ranks[number % n_weeks, ticker[row]] = fractions[s, row]
            for row in range(a, b):
                if np.isnan(fractions[s, row]):
                    continue
                total, n = 0.0, 0
                for past in range(number - n_weeks + 1, number + 1):
                    rank = ranks[past % n_weeks, ticker[row]]
                    if not np.isnan(rank):
                        total += rank
                        n += 1
                # Rounded, so that equal ranks in another order stay a tie.
                found[s, row] = np.rint(total / n * 1e12) / 1e12
    return found


def lagged_mean(
    week_no: NDArray[np.int64], ticker: NDArray[np.int64], fractions: NDArray[np.float64], n_weeks: int
) -> NDArray[np.float64]:
    """Mean of each ticker's rank over the `n_weeks` calendar weeks up to and with the row's own.

    Weeks without a rank of the ticker are excluded from its mean; a row without its own rank has none. A row depends on
    the rows of those weeks alone, to the last bit.

    Parameters
    ----------
    week_no, ticker
        Shape (n_rows,): number of the calendar week, ascending, and number of the ticker.
    fractions
        From `rank_fractions`, shape (n_signals, n_rows).
    n_weeks
        1 gives the ranks themselves.
    """
    if n_weeks == 1 or not len(week_no):
        return fractions
    week_no = np.ascontiguousarray(week_no, dtype=np.int64)
    ticker = np.ascontiguousarray(ticker, dtype=np.int64)
    return _lagged_mean(
        group_starts(week_no.astype(np.int32)),
        week_no,
        ticker,
        np.ascontiguousarray(fractions),
        int(ticker.max()) + 1,
        n_weeks,
    )
