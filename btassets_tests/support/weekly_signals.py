"""Rows of `factor_signals` of a few tickers and weeks, random and whole."""

import numpy as np
import pyarrow as pa

from btassets.engine.signals import SIGNAL_NAMES

FRIDAY = 18_698  # 2021-03-12


def signals(n_tickers=25, n_weeks=3, seed=0):
    """Rows by ticker, then week; every ticker is eligible on the week grid."""
    rng = np.random.default_rng(seed)
    n = n_tickers * n_weeks
    columns = {name: rng.standard_normal(n) for name in SIGNAL_NAMES}
    columns |= {f"fwd_return_{h}": rng.standard_normal(n) for h in (5, 30)}
    columns |= {
        "asof_date": pa.array(np.tile(FRIDAY + 7 * np.arange(n_weeks), n_tickers).astype(np.int32)).cast(pa.date32()),
        "is_week": np.ones(n, bool),
        "is_own_week": np.ones(n, bool),
        "eligible": np.ones(n, bool),
        "n_forward": np.full(n, 63, np.int8),
    }
    return columns
