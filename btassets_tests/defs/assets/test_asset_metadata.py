"""Metadata of an asset: columns with their units, numbers that exist, and the version of its data."""

import dagster as dg

from btassets.defs.assets.asset_metadata import column_schema, description, plain, result
from btassets.defs.placement import placed
from btassets.graph.columns import TableSpec
from btassets.graph.flow import TABLES
from btassets.run.stage_result import StageOutcome
from btassets.storage.lake import Footer


def test_a_column_has_its_type_in_plain_words_its_meaning_and_whether_it_may_be_null():
    schema = column_schema(TABLES["candidates"])["dagster/column_schema"]
    columns = {column.name: column for column in schema.columns}
    assert list(columns) == list(TABLES["candidates"].names)
    assert columns["direction"].type == "string"  # a code is shown as text
    assert columns["asof_date"].type == "date32[day]"
    assert (columns["ticker"].constraints.nullable, columns["rr"].constraints.nullable) == (False, True)
    assert columns["rr"].description == "distance to the target over distance to the stop"
    assert column_schema(TABLES["candidates"])["dagster/table_name"] == "candidates"
    assert column_schema(TableSpec("mine", "One row.", (), is_free=True)) == {}


def test_numbers_have_six_digits_and_missing_ones_are_left_out():
    found = plain({"a": 0.123456789, "b": 1234567, "c": None, "d": "text", "e": 0.0, "f": False})
    assert found == {"a": 0.123457, "b": 1234567, "d": "text", "e": 0.0, "f": False}
    assert description("What?", TABLES["sessions"]).startswith("What?\n\nOne row: ")
    assert description("What?", TableSpec("mine", "What?", ())) == "What?"


def test_numbers_of_a_stage_are_on_its_first_table_only():
    footers = {"a": Footer("h", "v1", 7, {"numbers": {"n": 3, "m": None}}), "b": Footer("h", "v2", 9, {})}
    outcome = StageOutcome("a", True, footers)
    first, second = result(outcome, "a"), result(outcome, "b", placed("us"))
    assert first.metadata == {"dagster/row_count": 7, "cached": True, "n": 3}
    assert set(second.metadata) == {"dagster/row_count", "cached"}
    assert (first.asset_key, second.asset_key) == (dg.AssetKey("a"), dg.AssetKey(["us", "b"]))
    assert (first.data_version.value, second.data_version.value) == ("v1", "v2")
