"""A ticker's trailing beta at a date: the part of its move explained by the benchmark.

Belongs here: trailing betas from closes. Does not belong here: their use (influence, signals), and the beta of a whole
portfolio (portfolio_value).
"""

import numpy as np
from numpy.typing import NDArray

from btassets.engine.conventions import SESSIONS_A_YEAR

BETA_BARS = SESSIONS_A_YEAR
MIN_BETA_PAIRS = 60
"""Minimum number of returns for a beta; with fewer it is 1, the market's own."""


def trailing_beta(
    close: NDArray[np.float64], bench_close: NDArray[np.float64], at: NDArray[np.int64], n_bars: int = BETA_BARS
) -> NDArray[np.float64]:
    """Slope of the ticker's returns on the benchmark's over the `n_bars` bars up to and including each bar of `at`.

    Least squares with an intercept; 1.0 with fewer than `MIN_BETA_PAIRS` returns or a constant benchmark.

    Parameters
    ----------
    close, bench_close
        Shape (n_bars,), on the ticker's own dates, ascending; NaN in the benchmark = no bar.
    at
        Positions of bars, shape (n_rows,); negative = none, 1.0 in the result.

    Returns
    -------
    NDArray
        Shape (n_rows,).
    """
    beta = np.ones(len(at))
    if len(close) < MIN_BETA_PAIRS or not len(at):
        return beta
    with np.errstate(divide="ignore", invalid="ignore"):
        y, x = close[1:] / close[:-1] - 1.0, bench_close[1:] / bench_close[:-1] - 1.0
    known = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
    parts = np.stack((known.astype(np.float64), x, y, x * x, x * y))
    sums = np.concatenate((np.zeros((5, 1)), np.cumsum(parts, axis=1)), axis=1)
    last = np.clip(at, 0, len(close) - 1)  # the change into bar i is entry i - 1
    first = np.maximum(last - n_bars, 0)
    n, sum_x, sum_y, sum_xx, sum_xy = sums[:, last] - sums[:, first]
    safe = np.maximum(n, 1.0)
    spread = sum_xx - sum_x * sum_x / safe
    usable = (at >= 0) & (n >= MIN_BETA_PAIRS) & (spread > 1e-12 * np.maximum(sum_xx, 1e-300))
    beta[usable] = (sum_xy - sum_x * sum_y / safe)[usable] / spread[usable]
    return beta
