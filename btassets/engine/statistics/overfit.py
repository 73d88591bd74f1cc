"""How often the best configuration of one half of the history is below the middle in the other half.

Belongs here: the probability of backtest overfitting, for information only: it has little power on a few hundred weeks,
so no verdict uses it. Does not belong here: walk-forward choices.
"""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

BLOCKS = 10


@dataclass(frozen=True)
class Overfit:
    """Result of combinatorially symmetric cross-validation.

    Attributes
    ----------
    pbo_frac
        Share of splits in which the best half-sample configuration ranks at or below the middle in the other half; 0.5
        under pure luck. NaN if it cannot be split.
    n_splits
        Ways to halve the blocks.
    n_configurations
        Configurations compared.
    """

    pbo_frac: float
    n_splits: int
    n_configurations: int


def overfit_probability(performance: NDArray[np.float64], n_blocks: int = BLOCKS) -> Overfit:
    """Probability of backtest overfitting by combinatorially symmetric cross-validation.

    Parameters
    ----------
    performance
        Return or R of each configuration in each period, shape (n_periods, n_configurations), 0 where it
        was idle. The score of a half is mean over standard deviation.
    n_blocks
        Even number of consecutive blocks.

    Notes
    -----
    Source: Bailey, Borwein, Lopez de Prado, Zhu (2017), J. of Computational Finance 20(4).
    """
    n_periods, k = performance.shape
    if k < 2 or n_periods < 2 * n_blocks:
        return Overfit(math.nan, 0, k)
    edges = np.linspace(0, n_periods, n_blocks + 1).astype(np.int64)
    count = np.diff(edges).astype(np.float64)
    total = np.add.reduceat(performance, edges[:-1], axis=0)
    squares = np.add.reduceat(performance * performance, edges[:-1], axis=0)
    halves = list(combinations(range(n_blocks), n_blocks // 2))
    chosen = np.zeros((len(halves), n_blocks))
    for row, half in enumerate(halves):
        chosen[row, list(half)] = 1.0

    def score(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        n = (weights @ count)[:, np.newaxis]
        mean = weights @ total / n
        variance = np.maximum(weights @ squares / n - mean * mean, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(variance > 0, mean / np.sqrt(variance), 0.0)

    inside, outside = score(chosen), score(1.0 - chosen)
    every = np.arange(len(halves))
    picked = outside[every, inside.argmax(axis=1)][:, np.newaxis]
    below = np.count_nonzero(outside < picked, axis=1)
    equal = np.count_nonzero(outside == picked, axis=1)
    rank = (below + (equal + 1) / 2.0) / (k + 1)
    return Overfit(float(np.mean(rank <= 0.5)), len(halves), k)
