"""Engine arrays as Arrow columns and back: every missing value becomes null, and nothing else does."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.engine.days import NO_DAY
from btassets.engine.replay.candidate_columns import OUTCOMES
from btassets.graph.columns import ASOF, CODE, DAY, FLAG, I8, I16, REAL, TICKER, Column, TableSpec
from btassets.stages.replay.arrow_columns import as_array, as_columns, as_table

SPEC = TableSpec(
    "sample",
    "A row.",
    (
        TICKER,
        ASOF,
        Column("outcome", CODE, "o"),
        Column("realized_r", REAL, "r"),
        Column("hold_days", I16, "h"),
        Column("n_forward", I8, "n"),
        Column("label_end_date", DAY, "l"),
        Column("is_week", FLAG, "w"),
    ),
)


def columns(n, shift=0.0):
    return {
        "asof_date": np.arange(n, dtype=np.int32) - 1,
        "outcome": np.array([-1, 0, 3, 1][:n], np.int8),
        "realized_r": np.array([np.nan, -0.0, 1.5, np.inf][:n]) + shift,
        "hold_days": np.array([-1, 0, 30, 5][:n], np.int16),
        "n_forward": np.array([0, 1, 127, 3][:n], np.int8),
        "label_end_date": np.array([NO_DAY, -1, 0, 9][:n], np.int32),
        "is_week": np.array([1, 0, 1, 0][:n], np.uint8),
    }


def test_missing_values_become_null_and_zero_and_minus_one_day_stay():
    table, counts = as_table(SPEC, {"A": columns(4)})
    assert counts == {"A": 4}
    assert table.schema.equals(SPEC.schema)
    assert table["outcome"].cast(pa.string()).to_pylist() == [None, "target_hit", "expired", "stop_hit"]
    assert table["realized_r"].to_pylist() == [None, 0.0, 1.5, np.inf]
    assert table["hold_days"].to_pylist() == [None, 0, 30, 5]
    assert table["n_forward"].to_pylist() == [0, 1, 127, 3]
    assert table["label_end_date"].cast(pa.int32()).to_pylist() == [None, -1, 0, 9]
    assert table["asof_date"].cast(pa.int32()).to_pylist() == [-1, 0, 1, 2]
    assert table["is_week"].to_pylist() == [True, False, True, False]


def test_tickers_are_in_byte_order_with_their_own_rows():
    table, counts = as_table(SPEC, {"b": columns(1), "Z": columns(3, 10.0), "A": columns(0)})
    assert counts == {"A": 0, "Z": 3, "b": 1}
    assert table["ticker"].to_pylist() == ["Z", "Z", "Z", "b"]
    assert table["realized_r"].to_pylist() == [None, 10.0, 11.5, None]
    empty, counts = as_table(SPEC, {"A": columns(0)})
    assert (empty.num_rows, counts, empty.schema.equals(SPEC.schema)) == (0, {"A": 0}, True)
    assert as_table(SPEC, {})[1] == {}


def test_columns_read_back_are_the_engines_own():
    given = columns(4)
    table, _ = as_table(SPEC, {"A": given})
    found = as_columns(SPEC, table)
    assert list(found) == list(given)
    for name, values in given.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_an_unknown_label_is_no_code():
    table = pa.table({"outcome": pa.array(["expired", "no_such"]).dictionary_encode()})
    spec = TableSpec("s", "s", (Column("outcome", CODE, "o"),))
    assert as_columns(spec, table)["outcome"].tolist() == [OUTCOMES.index("expired"), -1]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (np.array([1.0, 2.0]), pa.float64(), [1.0, 2.0]),
        (np.array([3, 4], np.int16), pa.int16(), [3, 4]),
        (np.array([], np.int16), pa.int16(), []),
    ],
)
def test_a_column_without_a_missing_value_has_no_mask(values, kind, expected):
    array = as_array(values, kind)
    assert (array.to_pylist(), array.null_count, array.type) == (expected, 0, kind)
