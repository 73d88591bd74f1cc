"""Daily returns of a curve, and their mean and Sharpe ratio as influence series, for paired comparisons.

Belongs here: numbers of one return series with their series. Does not belong here: returns against a benchmark
(portfolio_value), the significance of a Sharpe ratio after a search (sharpe).
"""

import math

import numpy as np
from numpy.typing import NDArray

from btassets.engine.statistics.influence import Influence
from btassets.engine.statistics.sharpe import DAYS_PER_YEAR

MEAN, SHARPE = range(2)


def daily_returns(equity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Simple returns of a curve, shape (n - 1,); NaN after a non-positive value."""
    before = equity[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, equity[1:] / before - 1.0, np.nan)


def return_influence(returns: NDArray[np.float64]) -> Influence:
    """Mean return a year (a fraction) and Sharpe ratio a year; use overlap `DAILY`.

    The difference of two of these over the same days is paired day by day (`influence.difference`).

    Parameters
    ----------
    returns
        Daily fractions, shape (n_days,), without NaN. With fewer than three days nothing is estimated; without variance
        there is no Sharpe ratio.

    Notes
    -----
    Sharpe ratio s = m / d with one degree of freedom lost in d; by the delta method its influence is
    z_t - s / 2 (z_t^2 - 1), z_t = (x_t - m) / d. Source: Lo (2002), Financial Analysts Journal 58(4);
    Ledoit and Wolf (2008), J. of Empirical Finance 15(5).

    Examples
    --------
    >>> return_influence(np.array([0.01, -0.01, 0.02])).estimate.round(4).tolist()
    [1.68, 6.9282]
    """
    n = len(returns)
    if n < 3:
        nothing = np.zeros(2, dtype=np.int64)
        return Influence(np.full(2, np.nan), np.zeros((n, 2)), nothing, nothing - 1, nothing, np.full(2, np.nan))
    mean = float(returns.mean())
    centred = returns - mean
    variance = float(np.sum(centred * centred)) / (n - 1)
    estimate = np.array([mean * DAYS_PER_YEAR, math.nan])
    psi = np.zeros((n, 2))
    psi[:, MEAN] = centred * DAYS_PER_YEAR
    last = np.array([n - 1, -1])
    if variance > 1e-24:
        deviation = math.sqrt(variance)
        daily = mean / deviation
        z = centred / deviation
        year = math.sqrt(DAYS_PER_YEAR)
        estimate[SHARPE] = daily * year
        influence = (z - 0.5 * daily * (z * z - 1.0)) * year
        psi[:, SHARPE] = influence - influence.mean()
        last[SHARPE] = n - 1
    n_obs = np.where(last >= 0, n, 0).astype(np.int64)
    return Influence(estimate, psi, np.zeros(2, np.int64), last.astype(np.int64), n_obs, np.full(2, np.nan))
