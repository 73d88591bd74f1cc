"""Drawdown and Sharpe of many equity curves.

Belongs here: numbers of a daily curve that need one pass over it. Does not belong here: their errors
(statistics).
"""

import numpy as np
from numba import njit, types

_I8 = types.Array(types.int64, 1, "C", readonly=True)
_F82 = types.Array(types.float64, 2, "C", readonly=True)


@njit((_F82, _I8, types.float64), cache=True, nogil=True)
def curve_risk(equity, first_walked, two):
    """Largest drawdown (a fraction) and annualised Sharpe (NaN: undefined) of each equity row.

    `two` is the exponent 2.0, passed in so that the square is the C library's pow as in plain Python:
    the compiler's x * x differs from it in one of 1,200 cases, in the last bit.
    """
    n_books, n_walked = equity.shape
    drawdown = np.zeros(n_books)
    sharpe = np.full(n_books, np.nan)
    returns = np.empty(n_walked)
    for k in range(n_books):
        if first_walked[k] < 0:
            continue
        peak = -np.inf
        worst = 0.0
        n = 0
        total = 0.0
        for w in range(first_walked[k], n_walked):
            value = equity[k, w]
            peak = max(peak, value)
            if peak > 0.0:
                worst = max(worst, (peak - value) / peak)
            if w > first_walked[k] and equity[k, w - 1] > 0.0:
                returns[n] = value / equity[k, w - 1] - 1.0
                total += returns[n]
                n += 1
        drawdown[k] = worst
        if n > 2:
            mean = total / n
            squares = 0.0
            for i in range(n):
                squares += (returns[i] - mean) ** two
            variance = squares / (n - 1)
            if variance > 0.0:
                sharpe[k] = mean / np.sqrt(variance) * np.sqrt(252.0)
    return drawdown, sharpe
