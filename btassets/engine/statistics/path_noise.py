"""Path dependence of a portfolio's result: the same rules with a few random setups removed.

Belongs here: the setups dropped in each run, and the spread over the runs. Does not belong here: simulating the
portfolios.
"""

import math

import numpy as np
from numpy.typing import NDArray

DROP_FRACS = (0.01, 0.10)
SEED = 20230110


def kept_rows(n_rows: int, drop_frac: float, n_runs: int, seed: int = SEED) -> NDArray[np.bool_]:
    """Which rows stay in each run, shape (n_runs, n_rows): each is dropped with probability `drop_frac`.

    Parameters
    ----------
    n_rows
        Rows in the tie order.
    drop_frac
        A fraction, 0-1.
    n_runs
        Runs.
    seed
        Fixed: the same rows are dropped in every report.
    """
    generator = np.random.Generator(np.random.PCG64((seed, round(drop_frac * 1e6))))
    return generator.random((n_runs, n_rows)) >= drop_frac


def spread(values: NDArray[np.float64]) -> float:
    """Standard deviation over the runs, one degree of freedom lost; NaN under two known values."""
    known = values[~np.isnan(values)]
    return float(np.std(known, ddof=1)) if len(known) > 1 else math.nan
