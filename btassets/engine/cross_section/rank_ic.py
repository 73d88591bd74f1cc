"""Weekly rank information coefficients and quintile spreads.

Belongs here: how well a signal ranks the universe's forward returns within a week. Does not belong here: the signals
themselves (features) and the errors of a mean IC (statistics).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from btassets.engine.compiling import Int64s, RealMatrix, Whole, helper, kernel
from btassets.engine.conventions import MIN_CROSS_SECTION
from btassets.engine.cross_section.ordering import group_starts, sort_rows_ascending

_MIN_SPREAD_PAIRS = 10  # two names in each outer quintile


@dataclass(frozen=True)
class WeeklyIc:
    """Information coefficients of S signals over H horizons in W weeks.

    Attributes
    ----------
    week
        Week ids in ascending row order, shape (W,).
    ic
        Spearman correlation of signal and forward return, shape (S, H, W); NaN in weeks with fewer than the minimum of
        pairs, or if either side is constant.
    spread
        Mean forward return of the top fifth by signal minus that of the bottom fifth, a fraction,
        shape (S, H, W); NaN below the minimum or under ten pairs.
    size
        Pairs with both values present, shape (S, H, W), also for weeks that are not scored.
    """

    week: NDArray[np.int32]
    ic: NDArray[np.float64]
    spread: NDArray[np.float64]
    size: NDArray[np.int32]


@helper
def _centred_ranks(
    values: NDArray[np.float64], order: NDArray[np.int32], n: Whole, centred: NDArray[np.float64]
) -> float:
    """Twice the mean rank minus (n + 1) for `order[:n]`, written to `centred[row]`; sum of squares.

    Doubled and centred ranks are whole numbers, so every sum below is exact in any order.
    """
    total = 0.0
    i = 0
    while i < n:
        j = i
        value = values[order[i]]
        while j + 1 < n and values[order[j + 1]] == value:
            j += 1
        rank = float(i + j + 2 - (n + 1))
        for k in range(i, j + 1):
            centred[order[k]] = rank
        total += (j - i + 1) * rank * rank
        i = j + 1
    return total


@helper
def _present(order: NDArray[np.int32], n_order: Whole, other: NDArray[np.float64], out: NDArray[np.int32]) -> Whole:
    """Copy the rows of `order[:n_order]` where `other` is not NaN to `out`; return their number."""
    n = 0
    for k in range(n_order):
        row = order[k]
        if not np.isnan(other[row]):
            out[n] = row
            n += 1
    return n


@helper
def _ordered(
    values: NDArray[np.float64],
    m: Whole,
    order: NDArray[np.int32],
    keys: NDArray[np.float64],
    key_buffer: NDArray[np.float64],
    row_buffer: NDArray[np.int32],
) -> Whole:
    """Stable ascending order of the finite part of `values[:m]` into `order`; its length."""
    n = 0
    for row in range(m):
        value = values[row]
        if not np.isnan(value):
            keys[n] = value
            order[n] = row
            n += 1
    sort_rows_ascending(keys, order, n, key_buffer, row_buffer)
    return n


@kernel
def _weekly_rank_ic(
    week_start: Int64s, signals: RealMatrix, forward: RealMatrix, min_pairs: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
    """IC, spread and size of `WeeklyIc`; week w is rows `week_start[w]` to `week_start[w + 1]`."""
    n_signals = signals.shape[0]
    n_horizons = forward.shape[0]
    n_weeks = week_start.shape[0] - 1
    ic = np.full((n_signals, n_horizons, n_weeks), np.nan)
    spread = np.full((n_signals, n_horizons, n_weeks), np.nan)
    size = np.zeros((n_signals, n_horizons, n_weeks), dtype=np.int32)
    widest = 0
    for w in range(n_weeks):
        widest = max(widest, week_start[w + 1] - week_start[w])
    keys = np.empty(widest)
    key_buffer = np.empty(widest)
    row_buffer = np.empty(widest, dtype=np.int32)
    signal_order = np.empty(widest, dtype=np.int32)
    pair_order = np.empty(widest, dtype=np.int32)
    forward_order = np.empty((n_horizons, widest), dtype=np.int32)
    n_forward = np.empty(n_horizons, dtype=np.int64)
    full_rank = np.empty((n_horizons, widest))
    full_squares = np.empty(n_horizons)
    signal_rank = np.empty(widest)
    forward_rank = np.empty(widest)

    for w in range(n_weeks):
        a = week_start[w]
        b = week_start[w + 1]
        m = b - a
        for h in range(n_horizons):
            values = forward[h, a:b]
            n = _ordered(values, m, forward_order[h], keys, key_buffer, row_buffer)
            n_forward[h] = n
            full_squares[h] = _centred_ranks(values, forward_order[h], n, full_rank[h])
        for s in range(n_signals):
            signal = signals[s, a:b]
            n_signal = _ordered(signal, m, signal_order, keys, key_buffer, row_buffer)
            for h in range(n_horizons):
                values = forward[h, a:b]
                n = _present(signal_order, n_signal, values, pair_order)
                size[s, h, w] = n
                if n < min_pairs:
                    continue
                if n >= _MIN_SPREAD_PAIRS:
                    fifth = n // 5
                    top = 0.0
                    for k in range(n - fifth, n):
                        top += values[pair_order[k]]
                    bottom = 0.0
                    for k in range(fifth):
                        bottom += values[pair_order[k]]
                    spread[s, h, w] = top / fifth - bottom / fifth
                if n < 3:
                    continue
                signal_squares = _centred_ranks(signal, pair_order, n, signal_rank)
                # The forward ranks of a whole week are reused by every signal that covers all of it.
                if n == n_forward[h]:
                    ranks = full_rank[h]
                    squares = full_squares[h]
                else:
                    n = _present(forward_order[h], n_forward[h], signal, row_buffer)
                    squares = _centred_ranks(values, row_buffer, n, forward_rank)
                    ranks = forward_rank
                if signal_squares <= 0.0 or squares <= 0.0:
                    continue
                product = 0.0
                for k in range(n):
                    row = pair_order[k]
                    product += signal_rank[row] * ranks[row]
                # Back to plain ranks: each centred rank was doubled (exact powers of two).
                ic[s, h, w] = (product / 4.0) / math.sqrt((signal_squares / 4.0) * (squares / 4.0))
    return ic, spread, size


def weekly_rank_ic(
    week: NDArray[np.int32],
    signals: NDArray[np.float64],
    forward_returns: NDArray[np.float64],
    min_cross_section: int = MIN_CROSS_SECTION,
) -> WeeklyIc:
    """Rank IC and quintile spread of every signal over every horizon in every week.

    Ties share the mean rank in the IC; in the spread equal signals keep the row order, so rows must
    come in the tie order (ticker bytes) within a week.

    Parameters
    ----------
    week
        Shape (n_rows,); rows of one week are contiguous, weeks in the order wanted in the result.
    signals
        Shape (n_signals, n_rows), known at the as-of bar; NaN = not available.
    forward_returns
        Shape (n_horizons, n_rows), fractions from the as-of bar on (future values); NaN = not known.
    min_cross_section
        Minimum number of pairs for a week to be scored.

    Notes
    -----
    Source: Spearman (1904). Rank sums are exact, so the result does not depend on summation order;
    the spread sums forward returns from the lowest signal of each fifth upwards.
    """
    week = np.ascontiguousarray(week, dtype=np.int32)
    starts = group_starts(week)
    ic, spread, size = _weekly_rank_ic(
        starts,
        np.ascontiguousarray(signals, dtype=np.float64),
        np.ascontiguousarray(forward_returns, dtype=np.float64),
        min_cross_section,
    )
    return WeeklyIc(week=week[starts[:-1]], ic=ic, spread=spread, size=size)
