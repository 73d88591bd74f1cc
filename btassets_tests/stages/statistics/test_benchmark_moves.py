"""Beta times the benchmark's next five sessions, by hand; unknown moves are zero."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.settings.models import Settings
from btassets.stages.statistics import benchmark_moves as module
from btassets.stages.statistics.benchmark_moves import benchmark_moves
from btassets_tests.support.stored_tables import StoredTables

DAYS = np.arange(18_000, 18_020)


def tables_with(tmp_path, days, closes):
    columns = {"date": pa.array(days, pa.int32()).cast(pa.date32()), "close": pa.array(closes, pa.float64())}
    return StoredTables(tmp_path).put_sessions(DAYS).put("benchmark_closes", pa.table(columns))


def moves(tables, *asof):
    number = np.zeros(len(asof), np.int32)
    return benchmark_moves(tables, Settings(), ["A"], number, np.array(asof, np.int32)).tolist()


@pytest.fixture(autouse=True)
def _beta_of_two(monkeypatch):
    monkeypatch.setattr(module, "row_betas", lambda tables, settings, tickers, number, asof: np.full(len(asof), 2.0))


def test_a_move_is_from_the_date_to_five_sessions_later(tmp_path):
    tables = tables_with(tmp_path, DAYS, 100.0 + np.arange(20))
    assert moves(tables, 18_000, 18_003) == pytest.approx([2 * 5 / 100, 2 * 5 / 103])


def test_near_the_end_the_move_is_to_the_last_session(tmp_path):
    tables = tables_with(tmp_path, DAYS, 100.0 + np.arange(20))
    assert moves(tables, 18_014, 18_017, 18_019) == pytest.approx([2 * 5 / 114, 2 * 2 / 117, 0.0])


def test_a_missing_close_or_benchmark_is_no_move(tmp_path):
    holes = np.delete(DAYS, [0, 8])
    tables = tables_with(tmp_path, holes, np.full(18, 50.0) + np.arange(18))
    assert moves(tables, 18_000, 18_003, 18_004)[:2] == [0.0, 0.0]
    assert moves(tables, 18_004)[0] != 0.0
    assert moves(tables_with(tmp_path / "none", [], []), 18_000) == [0.0]
    assert moves(tables) == []
