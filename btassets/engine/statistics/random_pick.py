"""Comparable portfolios of random picks: which tickers may swap ranks, and the measure compared.

Belongs here: groups of similar tickers, and the t of alpha of many portfolios at once. Does not belong here:
percentiles after swapping, and the p-value (portfolio_value).

Tickers are not exchangeable: momentum picks other volatilities and betas than chance does, and a portfolio of more
volatile tickers ends further from the middle in either direction. So tickers swap within groups of similar volatility
and beta, and portfolios are compared by the t of their alpha, which is scale-free.
"""

import numpy as np
from numpy.typing import NDArray

from btassets.engine.statistics.ewc import DAILY, degrees_of_freedom, loadings

VOLATILITY_PARTS, BETA_PARTS = 4, 2
MIN_IN_GROUP = 5
"""Minimum number of tickers per group; with fewer tickers there are fewer groups."""


def like_groups(
    is_stable: NDArray[np.bool_], volatility: NDArray[np.float64], beta: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Group of each ticker, -1 = excluded, shape (n_tickers,): quartiles by volatility, halves of them by beta.

    With fewer than five tickers per group, first the halves are merged, then the quartiles.

    Parameters
    ----------
    is_stable
        Tickers that may swap.
    volatility, beta
        Of each ticker over the whole history; NaN sorts last.
    """
    members = np.flatnonzero(is_stable)
    parts, halves = VOLATILITY_PARTS, BETA_PARTS
    if len(members) < parts * halves * MIN_IN_GROUP:
        halves = 1
    while parts > 1 and len(members) < parts * halves * MIN_IN_GROUP:
        parts -= 1
    group = np.full(len(is_stable), -1, dtype=np.int64)
    number = 0
    for quarter in np.array_split(members[np.argsort(volatility[members], kind="stable")], parts):
        for half in np.array_split(quarter[np.argsort(beta[quarter], kind="stable")], halves):
            group[half] = number
            number += 1
    return group


def alpha_t(returns: NDArray[np.float64], benchmark: NDArray[np.float64]) -> NDArray[np.float64]:
    """The t of alpha of each portfolio's daily returns on the benchmark's, shape (k,), with the cosine error.

    Without a benchmark (all NaN, or constant) the t of the mean return. NaN for a portfolio without a return, with
    fewer than three days, or without variation.

    Parameters
    ----------
    returns
        Shape (n_days, k); a day with a NaN in the benchmark is left out of all.
    benchmark
        Shape (n_days,).
    """
    x = benchmark
    if np.isnan(x).all() or float(np.nanstd(x)) <= 1e-12:
        x = np.zeros(len(x))
    known = ~np.isnan(x)
    x, y = x[known], returns[known]
    n = len(x)
    if n < 3:
        return np.full(returns.shape[1], np.nan)
    centred = x - x.mean()
    spread = float(np.mean(centred * centred))
    beta = centred @ (y - y.mean(axis=0)) / n / spread if spread > 0.0 else np.zeros(y.shape[1])
    alpha = y.mean(axis=0) - beta * x.mean()
    residual = y - alpha - np.outer(x, beta)
    tilt = centred * x.mean() / spread if spread > 0.0 else np.zeros(n)
    transformed = loadings(residual * (1.0 - tilt)[:, np.newaxis], degrees_of_freedom(n, DAILY))
    se = np.sqrt(np.mean(transformed * transformed, axis=0) / n)
    return np.where(se > 1e-15, alpha / np.where(se > 1e-15, se, 1.0), np.nan)
