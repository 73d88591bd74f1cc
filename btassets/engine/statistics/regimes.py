"""Market regimes at each as-of date, from data known at that close.

Belongs here: labels by year, trend and volatility. Does not belong here: statistics by label.
"""

from bisect import insort

import numpy as np
from numpy.typing import NDArray

TREND_BARS = 200
VOLATILITY_BARS = 63
LEAST_VOLATILITIES = 189
"""Minimum number of volatilities before the running median separates calm from turbulent."""

UNKNOWN = -1
TREND_NAMES = ("downtrend", "uptrend")
VOLATILITY_NAMES = ("calm", "turbulent")


def trend_codes(closes: NDArray[np.float64]) -> NDArray[np.int8]:
    """1 if the close is at or above its 200-session mean (itself included), else 0; -1 = too early.

    Parameters
    ----------
    closes
        The benchmark's, ascending by session, shape (n,), all positive.
    """
    codes = np.full(len(closes), UNKNOWN, dtype=np.int8)
    if len(closes) >= TREND_BARS:
        total = np.concatenate((np.zeros(1), np.cumsum(closes)))
        mean = (total[TREND_BARS:] - total[:-TREND_BARS]) / TREND_BARS
        codes[TREND_BARS - 1 :] = closes[TREND_BARS - 1 :] >= mean
    return codes


def volatility_codes(closes: NDArray[np.float64]) -> NDArray[np.int8]:
    """1 if 63-session volatility is above the median of all before it, else 0; -1 = too early.

    The median is expanding: a day is classified by the past only.

    Parameters
    ----------
    closes
        The benchmark's, ascending by session, shape (n,), all positive.
    """
    codes = np.full(len(closes), UNKNOWN, dtype=np.int8)
    if len(closes) <= VOLATILITY_BARS:
        return codes
    returns = closes[1:] / closes[:-1] - 1.0
    window = np.lib.stride_tricks.sliding_window_view(returns, VOLATILITY_BARS)
    volatility = window.std(axis=1, ddof=1)
    past: list[float] = []  # ascending
    for i, value in enumerate(volatility.tolist()):
        if i >= LEAST_VOLATILITIES:
            median = 0.5 * (past[(i - 1) // 2] + past[i // 2])
            codes[VOLATILITY_BARS + i] = value > median
        insort(past, value)
    return codes


def labels_at(asof: NDArray[np.int32], dates: NDArray[np.int32], codes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Code of the last session at or before each as-of date, -1 before the first, shape (n,)."""
    at = np.searchsorted(dates, asof, side="right") - 1
    return np.where(at >= 0, codes[np.maximum(at, 0)] if len(codes) else UNKNOWN, UNKNOWN).astype(np.int8)
