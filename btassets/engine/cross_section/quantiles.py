"""Quantile portfolios of a signal week by week: their returns, their turnover, the signal's persistence.

Belongs here: the parts of a factor study besides the rank IC. Does not belong here: the IC itself (rank_ic) and errors
over weeks (statistics).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from btassets.engine.compiling import Int32s, Int64s, RealMatrix, kernel
from btassets.engine.conventions import MIN_CROSS_SECTION
from btassets.engine.cross_section.ordering import group_starts, sort_rows_ascending


@dataclass(frozen=True)
class WeeklyQuantiles:
    """Quantile portfolios of S signals over H horizons in W weeks.

    Attributes
    ----------
    mean_return
        Mean forward return of each quantile, a fraction, shape (S, H, Q, W), quantile 0 = the lowest signal; NaN in
        weeks with too few tickers.
    turnover
        Share of the lowest (row 0) and highest (row 1) quantile that was not in it the week before, shape (S, 2, W);
        NaN in the first week and after a skipped week.
    autocorrelation
        Pearson correlation of the signal's ranks with those of the week before over the tickers of both, shape (S, W);
        NaN if one week is missing.
    """

    mean_return: NDArray[np.float64]
    turnover: NDArray[np.float64]
    autocorrelation: NDArray[np.float64]


@kernel
def _weekly_quantiles(
    week_start: Int64s,
    ticker: Int32s,
    signals: RealMatrix,
    forward: RealMatrix,
    n_tickers: int,
    n_quantiles: int,
    min_names: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The three arrays of `WeeklyQuantiles`; week w is rows `week_start[w]` to `week_start[w + 1]`."""
    n_signals = signals.shape[0]
    n_horizons = forward.shape[0]
    n_weeks = week_start.shape[0] - 1
    mean_return = np.full((n_signals, n_horizons, n_quantiles, n_weeks), np.nan)
    turnover = np.full((n_signals, 2, n_weeks), np.nan)
    autocorrelation = np.full((n_signals, n_weeks), np.nan)
    widest = 0
    for w in range(n_weeks):
        widest = max(widest, week_start[w + 1] - week_start[w])
    keys = np.empty(widest)
    key_buffer = np.empty(widest)
    row_buffer = np.empty(widest, dtype=np.int32)
    order = np.empty(widest, dtype=np.int32)
    total = np.empty((n_horizons, n_quantiles))
    count = np.empty((n_horizons, n_quantiles), dtype=np.int64)
    for s in range(n_signals):
        rank_before = np.full(n_tickers, np.nan)
        quantile_before = np.full(n_tickers, -1, dtype=np.int64)
        rank = np.empty(n_tickers)
        quantile = np.empty(n_tickers, dtype=np.int64)
        has_before = False
        for w in range(n_weeks):
            a, b = week_start[w], week_start[w + 1]
            n = 0
            for row in range(a, b):
                if not np.isnan(signals[s, row]):
                    keys[n] = signals[s, row]
                    order[n] = row
                    n += 1
            rank[:] = np.nan
            quantile[:] = -1
            if n < min_names:
                has_before = False
                continue
            sort_rows_ascending(keys, order, n, key_buffer, row_buffer)
            i = 0
            while i < n:
                j = i
                while j + 1 < n and keys[j + 1] == keys[i]:
                    j += 1
                for k in range(i, j + 1):
                    rank[ticker[order[k]]] = (i + j) / 2.0
                i = j + 1
            total[:] = 0.0
            count[:] = 0
            for k in range(n):
                row = order[k]
                part = k * n_quantiles // n
                quantile[ticker[row]] = part
                for h in range(n_horizons):
                    value = forward[h, row]
                    if not np.isnan(value):
                        total[h, part] += value
                        count[h, part] += 1
            for h in range(n_horizons):
                for part in range(n_quantiles):
                    if count[h, part] > 0:
                        mean_return[s, h, part, w] = total[h, part] / count[h, part]
            if has_before:
                for side in range(2):
                    edge = 0 if side == 0 else n_quantiles - 1
                    members = 0
                    fresh = 0
                    for t in range(n_tickers):
                        if quantile[t] == edge:
                            members += 1
                            if quantile_before[t] != edge:
                                fresh += 1
                    if members > 0:
                        turnover[s, side, w] = fresh / members
                both = 0
                mean_a = 0.0
                mean_b = 0.0
                for t in range(n_tickers):
                    if not np.isnan(rank[t]) and not np.isnan(rank_before[t]):
                        both += 1
                        mean_a += rank[t]
                        mean_b += rank_before[t]
                if both > 2:
                    mean_a /= both
                    mean_b /= both
                    aa = 0.0
                    bb = 0.0
                    ab = 0.0
                    for t in range(n_tickers):
                        if not np.isnan(rank[t]) and not np.isnan(rank_before[t]):
                            x = rank[t] - mean_a
                            y = rank_before[t] - mean_b
                            aa += x * x
                            bb += y * y
                            ab += x * y
                    if aa > 0.0 and bb > 0.0:
                        autocorrelation[s, w] = ab / np.sqrt(aa * bb)
            rank_before[:] = rank
            quantile_before[:] = quantile
            has_before = True
    return mean_return, turnover, autocorrelation


def weekly_quantiles(
    week: NDArray[np.int32],
    ticker: NDArray[np.int32],
    signals: NDArray[np.float64],
    forward_returns: NDArray[np.float64],
    n_quantiles: int = 5,
    min_cross_section: int = MIN_CROSS_SECTION,
) -> WeeklyQuantiles:
    """Split every week's tickers into quantiles by a signal, and follow the portfolios.

    Every ticker with a signal is included, even without the forward return (it was not known then). Equal signals keep
    the row order.

    Parameters
    ----------
    week
        Shape (n_rows,); rows of one week are contiguous, weeks ascending.
    ticker
        Number of each row's ticker, from 0, shape (n_rows,).
    signals
        Shape (n_signals, n_rows); NaN = not available.
    forward_returns
        Shape (n_horizons, n_rows), fractions, future values; NaN = not known.
    n_quantiles
        Portfolios.
    min_cross_section
        Minimum number of tickers with a signal for a week to be used.
    """
    starts = group_starts(np.ascontiguousarray(week, dtype=np.int32))
    ticker = np.ascontiguousarray(ticker, dtype=np.int32)
    found = _weekly_quantiles(
        starts,
        ticker,
        np.ascontiguousarray(signals, dtype=np.float64),
        np.ascontiguousarray(forward_returns, dtype=np.float64),
        int(ticker.max()) + 1 if len(ticker) else 0,
        n_quantiles,
        min_cross_section,
    )
    return WeeklyQuantiles(*found)
