"""CSV and JSON text: cells that no spreadsheet executes, values without a JSON type."""

import csv
import datetime as dt
import io
import json
from collections import namedtuple

import pyarrow as pa
import pytest

from btassets.cli.output.csv_text import as_text, csv_text, json_text, safe_cell, safe_table


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_begins_like_a_formula_gets_an_apostrophe(start):
    assert safe_cell(f"{start}1") == f"'{start}1"
    assert safe_cell(f"a{start}1") == f"a{start}1"
    table = safe_table(pa.table({"x": [f"{start}1", f"a{start}1", None, ""]}))
    assert table["x"].to_pylist() == [f"'{start}1", f"a{start}1", None, ""]


@pytest.mark.parametrize("value", [-1.5, 0, None, True, "", "AAPL", dt.date(2021, 3, 1)])
def test_other_values_stay(value):
    assert safe_cell(value) is value


def test_a_table_keeps_its_columns_their_order_and_two_of_one_name():
    data = pa.table([[1], ["=a"], ["b"]], names=["n", "x", "x"])
    safe = safe_table(data)
    assert safe.schema.names == ["n", "x", "x"]
    assert [column.to_pylist() for column in safe.columns] == [[1], ["'=a"], ["b"]]
    assert safe_table(pa.table({"=n": [1]})).schema.names == ["'=n"]


def test_labels_become_text_and_nested_values_json():
    data = pa.table(
        {
            "label": pa.array(["=a", "b", None]).dictionary_encode(),
            "rows": pa.array([[{"d": dt.date(2021, 3, 1)}], [], None]),
        }
    )
    safe = safe_table(data)
    assert safe["label"].to_pylist() == ["'=a", "b", None]
    assert safe["rows"].to_pylist() == ['[{"d": "2021-03-01"}]', "[]", None]


def test_csv_lines_are_quoted_where_needed_and_end_without_a_line_end():
    text = csv_text(["a", "=b"], [["x,y", 'say "hi"'], [None, [1, 2]], ["line\nend", -1.5]])
    assert not text.endswith("\n")
    assert list(csv.reader(io.StringIO(text))) == [
        ["a", "'=b"],
        ["x,y", 'say "hi"'],
        ["", "[1, 2]"],
        ["line\nend", "-1.5"],
    ]
    assert csv_text(["a"], []) == "a"


def test_json_is_strict_and_values_without_a_type_are_text():
    interval = namedtuple("interval", "months days")(1, 2)
    row = {1: float("nan"), "inf": [float("-inf"), 2.0], "t": (1, float("inf")), "day": dt.date(2021, 3, 1)}
    row |= {"bytes": b"\xaa", "text": "Zürich", "interval": interval}
    text = json_text([row])
    assert text.endswith("]\n")
    assert "Zürich" in text
    assert json.loads(text, parse_constant=pytest.fail) == [
        {
            "1": None,
            "inf": [None, 2.0],
            "t": [1, None],
            "day": "2021-03-01",
            "bytes": "aa",
            "text": "Zürich",
            "interval": "interval(months=1, days=2)",
        }
    ]
    assert json.loads(json_text({"a": {"b": float("nan")}})) == {"a": {"b": None}}


def test_text_of_values_that_json_lacks():
    assert as_text(b"\x00\xff") == "00ff"
    assert as_text(dt.datetime(2021, 3, 1, 12, tzinfo=dt.UTC)) == "2021-03-01T12:00:00+00:00"
    assert as_text(3 + 4j) == "(3+4j)"
