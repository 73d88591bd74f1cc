"""Bars in the lake: order of tickers, versions, lost rows, and the engine's contract on stored bytes."""

import dataclasses

import numpy as np
import pytest

from btassets.errors import DamagedFileError
from btassets.stages.bars.bar_store import bars_version, broken_bars, changed_versions, stored_bars, write_bars
from btassets_tests.support.stored_tables import StoredTables, raw_bars

DAYS = np.arange(18_000, 18_005)
NAMES = ("B", "a", "A", "Z", "BRK.B")


@pytest.fixture
def tables(tmp_path):
    bars = {name: raw_bars(DAYS, 10.0 + k) for k, name in enumerate(NAMES)}
    return StoredTables(tmp_path, n_buckets=1).put_bars(bars)


def test_rows_are_sorted_by_the_bytes_of_their_ticker_and_come_back(tables):
    stored = tables.bucketed("ohlcv_history")
    table = stored.bucket(0)
    assert list(dict.fromkeys(table["ticker"].to_pylist())) == ["A", "B", "BRK.B", "Z", "a"]
    found = stored_bars(stored, 0, ["BRK.B", "a", "missing"])
    assert sorted(found) == ["BRK.B", "a"]
    assert found["BRK.B"].close.tolist() == [14.0] * 5
    assert found["BRK.B"].dates.tolist() == DAYS.tolist()
    assert stored_bars(stored, 0, []) == {}


def test_fresh_bars_replace_their_ticker_and_leave_the_others(tables):
    stored = tables.bucketed("ohlcv_history")
    footers = stored.bucket_footer(0)
    fresh = raw_bars(DAYS[:2], 99.0)
    footers["B"] |= {"n_rows": 2, "version": bars_version(fresh, "raw")}
    del footers["Z"]
    write_bars(stored, 0, footers, {"B": fresh})
    found = stored_bars(stored, 0, list(NAMES))
    assert {name: bars.close[0] for name, bars in found.items()} == {"A": 12.0, "B": 99.0, "BRK.B": 14.0, "a": 11.0}
    assert len(found["B"]) == 2
    assert changed_versions(stored) == []


def test_rows_that_a_footer_promises_and_nobody_has_are_damage(tables):
    stored = tables.bucketed("ohlcv_history")
    footers = stored.bucket_footer(0) | {"NEW": {"n_rows": 3, "basis": "raw", "version": "x"}}
    with pytest.raises(DamagedFileError, match="the bars of NEW are missing"):
        write_bars(stored, 0, footers, {})
    write_bars(stored, 0, {"NONE": {"n_rows": 0, "basis": None, "version": "none-NONE"}}, {})
    assert stored.bucket(0).num_rows == 0


@pytest.mark.parametrize("column", ["dates", "open", "high", "low", "close", "volume", "dividend", "split"])
def test_a_version_follows_every_number(column):
    bars = raw_bars(DAYS, 10.0)
    same = bars_version(raw_bars(DAYS, 10.0), "raw")
    assert bars_version(bars, "raw") == same
    assert bars_version(bars, "total") != same
    getattr(bars, column)[2] += 1
    assert bars_version(bars, "raw") != same
    assert len(same) == 16


def test_bars_that_do_not_match_their_version_are_named(tables):
    stored = tables.bucketed("ohlcv_history")
    footers = stored.bucket_footer(0)
    footers["BRK.B"]["version"] = "0" * 16
    stored.write(0, stored.bucket(0), footers)
    assert changed_versions(stored) == [f"{stored.path(0)}: the bars of BRK.B do not match their version"]


@pytest.mark.parametrize(
    ("column", "value", "is_broken"),
    [
        ("close", np.nan, True),
        ("open", np.inf, True),
        ("low", 0.0, True),
        ("low", -1.0, True),
        ("low", 10.0001, False),  # within the rounding of adjusted prices
        ("low", 10.01, True),
        ("high", 9.99, True),
        ("high", 9.99999, False),
        ("volume", -1.0, True),
        ("volume", 0.0, False),
    ],
)
def test_stored_bars_that_the_engine_could_not_trust_are_counted(tmp_path, column, value, is_broken):
    spoiled = raw_bars(DAYS, 10.0)
    getattr(spoiled, column)[2] = value
    tables = StoredTables(tmp_path).put_bars({"A": raw_bars(DAYS, 10.0), "B": spoiled, "C": raw_bars(DAYS, 3.0)})
    stored = tables.bucketed("ohlcv_history")
    assert broken_bars(stored, ["A", "B", "C"]) == ((1, "B") if is_broken else (0, None))
    assert broken_bars(stored, ["A", "C"]) == (0, None)


def test_dates_must_ascend(tmp_path):
    twice = dataclasses.replace(raw_bars(DAYS, 10.0), dates=np.array([1, 2, 2, 3, 4], np.int32))
    tables = StoredTables(tmp_path).put_bars({"A": twice})
    assert broken_bars(tables.bucketed("ohlcv_history"), ["A"]) == (1, "A")
