"""Own signals without an edge are supported in at most 5% of tables, on two kinds of market; one with an edge is."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from btassets.engine.conventions import FORWARD_RETURN_DAYS
from btassets.engine.signals import SIGNAL_NAMES
from btassets.settings.models import Settings
from btassets.stages.statistics.stat_signals import signal_rows
from btassets_tests.bench.reduced_audit import N_TICKERS, N_WEEKS, null_table

NAMES = SIGNAL_NAMES[:4]
N_TABLES, FIRST_SEED = 100, 910_000
Columns = Callable[[str], pa.ChunkedArray]


def steady_table(seed: int) -> Columns:
    """Fat-tailed returns with a common factor, signals that persist."""
    return null_table(seed)


def regime_table(seed: int, edge: float = 0.0) -> Columns:
    """Two regimes of volatility, groups of tickers that move together, and signals that persist within the groups.

    `edge`: how far a week's return follows the first signal, in its standard deviations.
    """
    rng = np.random.default_rng([77, seed])
    plain = null_table(seed)
    n = N_WEEKS + max(FORWARD_RETURN_DAYS) // 5 + 1
    is_wild = np.cumsum(rng.random(n) < 0.06) % 2 == 1
    group = np.arange(N_TICKERS) % 5
    own, shared = rng.standard_normal((N_TICKERS, n)), rng.standard_normal((5, n))[group]
    signal = np.empty((N_TICKERS, N_WEEKS))
    level = rng.standard_normal((N_TICKERS, N_WEEKS)) + rng.standard_normal((5, N_WEEKS))[group]
    signal[:, 0] = level[:, 0]
    for w in range(1, N_WEEKS):
        signal[:, w] = 0.9 * signal[:, w - 1] + 0.44 * level[:, w]
    weekly = np.where(is_wild, 0.06, 0.02) * (own + shared) / np.sqrt(2.0)
    weekly[:, 1 : N_WEEKS + 1] += edge * 0.03 * signal / signal.std()
    price = np.cumprod(1.0 + np.clip(weekly, -0.5, 0.5), axis=1)

    def column(name: str) -> pa.ChunkedArray:
        if name == NAMES[0]:
            return pa.chunked_array([pa.array(signal.ravel())])
        if name.startswith("fwd_return_"):
            weeks = -(-int(name.rpartition("_")[2]) // 5)
            moves = price[:, weeks : weeks + N_WEEKS] / price[:, :N_WEEKS] - 1.0
            return pa.chunked_array([pa.array(moves.ravel())])
        return plain(name)

    return column


def is_any_supported(columns: Columns) -> bool:
    rows = signal_rows(columns, Settings(), names=NAMES, n_tried=len(NAMES))
    return any(row["verdict"] == "supported" for row in rows)


@pytest.mark.long
@pytest.mark.parametrize("table", [steady_table, regime_table])
def test_own_signals_without_an_edge_are_rarely_supported(table: Callable[[int], Columns]) -> None:
    found = [is_any_supported(table(seed)) for seed in range(FIRST_SEED, FIRST_SEED + N_TABLES)]
    assert sum(found) <= 0.05 * N_TABLES


@pytest.mark.long
def test_an_own_signal_with_an_edge_is_supported() -> None:
    assert sum(is_any_supported(regime_table(seed, edge=0.3)) for seed in range(FIRST_SEED, FIRST_SEED + 10)) >= 9
