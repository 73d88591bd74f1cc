"""A scenario's graded setups, ranks and bars of two tickers, typed by a test, in a lake of their own."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from btassets_tests.support.stored_tables import StoredTables, raw_bars

N = 40
DAYS = np.arange(18_000, 18_000 + N, dtype=np.int32)
RISING = 100.0 * 1.01 ** np.arange(N)
"""Closes of ticker A; those of b stay at 50."""

FLAT = 50.0


def dates(*days: int) -> pa.Array:
    return pa.array(days, pa.int32()).cast(pa.date32())


def graded(*rows: tuple[Any, ...]) -> pa.Table:
    """(ticker, session, direction, entry, stop, target, percentile, meets_core, qualified)"""
    names = ("ticker", "session", "direction", "entry", "stop", "target", "rank", "meets_core", "qualified")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    rank = pa.array(columns.pop("rank"), pa.float64())
    return pa.table(
        {
            "row_no": pa.array(range(len(rows)), pa.int64()),
            "asof_date": dates(*(18_000 + s for s in columns.pop("session"))),
            "price_factor": pa.array([1.0] * len(rows), pa.float64()),
            "momentum_percentile": rank,
            "activation_momentum_percentile": rank,
            **{name: list(values) for name, values in columns.items()},
        }
    )


def ranks(*rows: tuple[str, int, str, float]) -> pa.Table:
    """(grid, session, ticker, percentile)"""
    grid, session, ticker, percentile = zip(*rows, strict=True)
    return pa.table(
        {
            "grid": list(grid),
            "asof_date": dates(*(18_000 + s for s in session)),
            "ticker": list(ticker),
            "activation_momentum_percentile": pa.array(percentile, pa.float64()),
        }
    )


def portfolio_tables(
    folder: Path, setups: pa.Table, ranked: pa.Table, *, scenario: str = "strict", other: Any = FLAT
) -> StoredTables:
    """Everything that a simulation reads; `other` are the closes of b.

    The benchmark gains 0.1% a session and lacks its first close.
    """
    tables = StoredTables(folder, scenario=scenario)
    tables.put_bars({"A": raw_bars(DAYS, RISING), "b": raw_bars(DAYS, other)}, EMPTY={}).put_sessions(DAYS)
    closes = pa.table({"date": dates(*DAYS[1:].tolist()), "close": 10.0 * 1.001 ** np.arange(N - 1)})
    tables.put("benchmark_closes", closes).put("graded_setups", setups)
    return tables.put("percentile_ranks", ranked)
