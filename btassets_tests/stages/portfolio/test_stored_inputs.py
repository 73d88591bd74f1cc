"""Inputs of the simulations from the lake: the panel in byte order, setups in play, closes up to T."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.settings.models import Settings
from btassets.stages.portfolio.stored_inputs import (
    read_benchmark_closes,
    read_setups_in_play,
    stored_panel,
    tickers_with_bars,
)
from btassets_tests.support.stored_tables import StoredTables, raw_bars

DAYS = np.arange(18_000, 18_006)


def market(tmp_path, blocked=()):
    bars = {
        "b": raw_bars(DAYS, 5.0),
        "A": raw_bars(DAYS[1:], np.array([20.0, 20.0, 10.0, 10.0, 11.0]), split=[1, 1, 2, 1, 1]),
        "C": raw_bars(DAYS[2:3], 7.0),
    }
    return StoredTables(tmp_path).put_bars(bars, EMPTY={}).put_sessions(DAYS, blocked_days=list(blocked))


def test_the_panel_has_the_adjusted_bars_of_each_ticker_in_byte_order(tmp_path):
    tables = market(tmp_path)
    used = tickers_with_bars(tables, Settings())
    assert used == {"A": 5, "C": 1, "b": 6}
    panel = stored_panel(tables, Settings(), DAYS.astype(np.int32), used)
    assert panel.offsets.tolist() == [0, 5, 6, 12]
    assert panel.close.tolist() == [20.0, 20.0, 20.0, 20.0, 22.0, 7.0, *[5.0] * 6]
    assert panel.session_no.tolist() == [1, 2, 3, 4, 5, 2, *range(6)]
    assert panel.low.tolist() == panel.close.tolist()
    today = stored_panel(tables, Settings(), DAYS.astype(np.int32), used, in_last_prices=True)
    assert today.close.tolist() == [10.0, 10.0, 10.0, 10.0, 11.0, 7.0, *[5.0] * 6]


def test_bars_of_blocked_days_are_not_in_the_panel(tmp_path):
    tables = market(tmp_path, blocked=[18_002])
    used = tickers_with_bars(tables, Settings())
    assert used == {"A": 4, "b": 5}
    panel = stored_panel(tables, Settings(), DAYS.astype(np.int32), used)
    assert panel.session_no.tolist() == [1, 3, 4, 5, 0, 1, 3, 4, 5]


def graded(n):
    columns = {
        "row_no": pa.array(range(n)[::-1], pa.int64()),
        "ticker": [f"T{k // 4}" for k in range(n)],
        "asof_date": pa.array([18_000] * n, pa.int32()).cast(pa.date32()),
        "direction": ["long", "short"] * (n // 2),
        **{name: [float(k) for k in range(n)] for name in ("entry", "stop", "target")},
        "momentum_percentile": [50.0] * n,
        "activation_momentum_percentile": [60.0] * n,
        "price_factor": [1.0] * n,
        "meets_core": [k % 4 != 0 for k in range(n)],
        "qualified": [k == 1 for k in range(n)],
        "other": [1] * n,
    }
    return pa.table(columns)


def test_setups_in_play_pass_the_floors_and_are_in_tie_order(tmp_path):
    tables = StoredTables(tmp_path).put("graded_setups", graded(8))
    found = read_setups_in_play(tables)
    assert found["ticker"].to_pylist() == ["T0", "T0", "T0", "T1", "T1", "T1"]
    assert found["row_no"].to_pylist() == [4, 5, 6, 0, 1, 2]
    assert "other" not in found.column_names
    chosen = read_setups_in_play(tables, pc.field("qualified"))
    assert chosen["entry"].to_pylist() == [1.0]


def test_closes_of_the_benchmark_end_at_t(tmp_path):
    columns = {"date": pa.array([1, 5, 9], pa.int32()).cast(pa.date32()), "close": [1.0, 2.0, 3.0]}
    tables = StoredTables(tmp_path).put("benchmark_closes", pa.table(columns))
    found = read_benchmark_closes(tables, 5)
    assert (found.dates.tolist(), found.closes.tolist()) == ([1, 5], [1.0, 2.0])
    assert read_benchmark_closes(tables, 0) is None
