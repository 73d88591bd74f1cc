"""Daily returns from curves: the first session has none, other sessions are null, dates are the index."""

import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from btassets.storage.lake import BASE
from btassets.studies.export.daily_returns import returns_table, with_date_index
from btassets_tests.support.stored_tables import StoredTables


def book_of(tmp_path, **curves):
    rows = [(name, day, value) for name, own in curves.items() for day, value in own.items()]
    table = pa.table(
        {
            "curve": [row[0] for row in rows],
            "date": pa.array([row[1] for row in rows], pa.int32()).cast(pa.date32()),
            "equity": pa.array([float(row[2]) for row in rows]),
        }
    )
    return SimpleNamespace(lake=StoredTables(tmp_path).put("equity_curves", table).lake, scenario=BASE)


def test_returns_are_changes_from_the_session_before(tmp_path):
    book = book_of(
        tmp_path,
        target={11: 50, 13: 100},
        hold={10: 100, 11: 110, 12: 99},
        benchmark={10: 1.0},  # one point makes no return
        other={10: 1.0, 11: 2.0},
    )
    table = returns_table(book)
    assert table.column_names == ["date", "hold", "target"]
    assert table["date"].cast(pa.int32()).to_pylist() == [11, 12, 13]
    assert table["hold"].to_pylist() == [pytest.approx(0.1), pytest.approx(-0.1), None]
    assert table["target"].to_pylist() == [None, None, 1.0]


def test_no_curve_is_a_table_of_no_date(tmp_path):
    table = returns_table(book_of(tmp_path, hold={10: 1.0}))
    assert (table.column_names, table.num_rows) == (["date"], 0)


def test_pandas_reads_the_dates_as_an_index_without_a_zone(tmp_path):
    table = with_date_index(returns_table(book_of(tmp_path, hold={10: 100, 11: 110, 12: 99})))
    frame = table.to_pandas()
    assert frame.index.name == "date"
    assert frame.index.tz is None
    assert frame.index.tolist() == [np.datetime64(day, "D") for day in (11, 12)]
    assert list(frame.columns) == ["hold"]
    assert json.loads(table.schema.metadata[b"pandas"])["index_columns"] == ["date"]
