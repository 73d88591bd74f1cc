"""The audit as CI runs it: p-values of the signals over generated tables without an edge, in seconds.

Without an edge a valid p-value is uniform. A share of false verdicts takes hundreds of markets to see; that a p is too
small by a third, a test of uniformity sees in two hundred tables.

Belongs here: tables of signals and returns that know nothing of each other, and the check. Does not belong here: whole
markets (`noise_audit.py`).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.stats import kstest

from btassets.engine.conventions import FORWARD_RETURN_DAYS
from btassets.engine.signals import SIGNAL_NAMES
from btassets.settings.models import Settings
from btassets.stages.statistics.stat_signals import MAIN_HORIZON, PRIMARY, signal_rows

N_TABLES, N_TICKERS, N_WEEKS = 200, 40, 160
FIRST_SEED = 840_000
MIN_KS_P = 0.01
_FIRST_FRIDAY = 18_266 + 4
_KEPT = 0.95  # of a signal from week to week: rankings last for months

Values = npt.NDArray[np.float64]


def null_table(seed: int) -> Callable[[str], pa.ChunkedArray]:
    """Columns of `factor_signals`: persistent signals, fat-tailed returns with a common factor, nothing in common."""
    rng = np.random.default_rng(seed)
    shape = (N_TICKERS, N_WEEKS + max(FORWARD_RETURN_DAYS) // 5 + 1)
    weekly = 0.03 * rng.standard_t(4, shape) + 0.02 * rng.uniform(0.5, 1.5, (N_TICKERS, 1)) * rng.standard_t(
        4, shape[1]
    )
    price = np.cumprod(1.0 + np.clip(weekly, -0.5, 0.5), axis=1)
    day = np.tile(_FIRST_FRIDAY + 7 * np.arange(N_WEEKS), N_TICKERS)
    columns = {
        "ticker": pa.array(np.repeat([f"T{k:02d}" for k in range(N_TICKERS)], N_WEEKS)),
        "asof_date": pa.array(day, pa.int32()).cast(pa.date32()),
        "is_week": pa.array(np.ones(len(day), np.bool_)),
        "eligible": pa.array(np.ones(len(day), np.bool_)),
    }
    for name in SIGNAL_NAMES:
        signal = rng.standard_normal((N_TICKERS, N_WEEKS))
        for w in range(1, N_WEEKS):
            signal[:, w] = _KEPT * signal[:, w - 1] + np.sqrt(1 - _KEPT**2) * signal[:, w]
        columns[name] = pa.array(signal.ravel())
    for horizon in FORWARD_RETURN_DAYS:
        n = -(-horizon // 5)
        columns[f"fwd_return_{horizon}"] = pa.array((price[:, n : n + N_WEEKS] / price[:, :N_WEEKS] - 1.0).ravel())
    return lambda name: pa.chunked_array([columns[name]])


def p_values(n_tables: int = N_TABLES) -> Values:
    """p of the named signal in each table."""
    found = []
    for seed in range(FIRST_SEED, FIRST_SEED + n_tables):
        rows = signal_rows(null_table(seed), Settings())
        found += [r["p_raw"] for r in rows if r["signal"] == PRIMARY and r["horizon_days"] == MAIN_HORIZON]
    return np.array(found)


def is_uniform(p: Values) -> bool:
    """Whether p-values could come from a valid test (Kolmogorov and Smirnov)."""
    return float(kstest(p, "uniform").pvalue) > MIN_KS_P


def reduced_audit() -> int:
    """Print the check and return 1 when the p-values are not those of a valid test, or when a wrong one would pass."""
    p = p_values()
    right, wrong = is_uniform(p), is_uniform(p * 2.0 / 3.0)
    print(f"p of {PRIMARY} over {len(p)} tables without an edge: {np.mean(p < 0.05):.3f} below .05, uniform: {right}")
    print(f"the same p made too small by a third passes: {wrong}")
    return 0 if right and not wrong else 1
