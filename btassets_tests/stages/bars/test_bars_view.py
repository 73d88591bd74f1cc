"""The adjusted view: blocked days are left out, actions move on, tickers keep their order."""

import numpy as np
import pytest

from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import bars_table, is_used, n_bars_used, read_bars, read_bucket_bars
from btassets_tests.support.stored_tables import StoredTables, raw_bars

DAYS = np.arange(18_000, 18_006)


@pytest.mark.parametrize(
    ("blocked", "used"),
    [
        ([], [True, True, True]),
        ([11], [True, False, True]),
        ([10, 12], [False, True, False]),
        ([9, 13], [True, True, True]),
        ([10, 11, 12, 99], [False, False, False]),
    ],
)
def test_a_date_is_used_unless_it_is_blocked(blocked, used):
    assert is_used(np.array([10, 11, 12], np.int32), np.array(blocked, np.int32)).tolist() == used
    assert is_used(np.empty(0, np.int32), np.array(blocked, np.int32)).tolist() == []


@pytest.mark.parametrize(
    ("first", "used"), [(None, [True] * 3), (9, [True] * 3), (11, [False, True, True]), (99, [False] * 3)]
)
def test_a_date_before_the_window_is_not_used(first, used):
    assert is_used(np.array([10, 11, 12], np.int32), np.empty(0, np.int32), first).tolist() == used
    assert not is_used(np.array([10, 11, 12], np.int32), np.array([11], np.int32), 11)[:2].any()


def test_bars_before_the_window_are_left_out_with_their_actions(tmp_path):
    tables = market(tmp_path, first_used=int(DAYS[4]))
    found = read_bars(tables, Settings(), ["b", "A", "C", "EMPTY"])
    assert list(found) == ["A", "b"]  # every bar of C is older
    assert found["A"].close.tolist() == [10.0, 11.0]
    counts = n_bars_used(tables, ["A", "C", "b"])
    assert counts == {"A": 2, "C": 0, "b": 2}


@pytest.mark.parametrize(
    "facts", [{}, {"first_used": int(DAYS[1])}, {"blocked": [int(DAYS[0])]}], ids=["", "window", "blocked"]
)
def test_counts_are_in_the_given_order_whatever_their_buckets(tmp_path, facts):
    names = [f"T{k:02d}" for k in range(30)]
    tables = StoredTables(tmp_path).put_bars({name: raw_bars(DAYS, 5.0) for name in names})
    tables = tables.put_sessions(DAYS, blocked_days=facts.get("blocked", []), first_used=facts.get("first_used"))
    for order in (names, names[::-1]):
        assert list(n_bars_used(tables, order)) == order


def market(tmp_path, blocked=(), **facts):
    split = [1, 1, 1, 2, 1, 1]
    close = [20.0, 20.0, 20.0, 10.0, 10.0, 11.0]
    bars = {"b": raw_bars(DAYS, 5.0), "A": raw_bars(DAYS, close, split=split), "C": raw_bars(DAYS[2:3], 7.0)}
    tables = StoredTables(tmp_path).put_bars(bars, EMPTY={})
    return tables.put_sessions(DAYS, blocked_days=list(blocked), **facts)


def test_the_view_is_adjusted_and_in_byte_order(tmp_path):
    tables = market(tmp_path)
    found = read_bars(tables, Settings(), ["b", "A", "C", "EMPTY"])
    assert list(found) == ["A", "C", "b"]
    assert found["A"].close.tolist() == [10.0, 10.0, 10.0, 10.0, 10.0, 11.0]
    assert found["A"].volume.tolist() == [2000.0, 2000.0, 2000.0, 1000.0, 1000.0, 1000.0]
    raw = read_bars(tables, Settings(basis="raw"), ["A"])["A"]
    assert raw.close.tolist() == [20.0, 20.0, 20.0, 10.0, 10.0, 11.0]


def test_a_split_on_a_blocked_day_counts_at_the_next_bar(tmp_path):
    tables = market(tmp_path, blocked=[18_003])
    found = read_bars(tables, Settings(), ["A", "b"])
    assert found["A"].dates.tolist() == [18_000, 18_001, 18_002, 18_004, 18_005]
    assert found["A"].close.tolist() == [10.0, 10.0, 10.0, 10.0, 11.0]
    assert found["b"].n_bars == 5


def test_a_ticker_whose_only_bar_is_blocked_has_none(tmp_path):
    tables = market(tmp_path, blocked=[18_002])
    assert "C" not in read_bars(tables, Settings(), ["A", "C"])
    assert n_bars_used(tables, ["A", "C"]) == {"A": 5, "C": 0}
    assert n_bars_used(market(tmp_path / "open"), ["A", "C", "EMPTY"]) == {"A": 6, "C": 1, "EMPTY": 0}


def test_a_bucket_gives_only_the_wanted_tickers_with_raw_and_view(tmp_path):
    tables = market(tmp_path)
    (bucket, group), *_ = tables.bucketed("ohlcv_history").by_bucket(["A"]).items()
    (item,) = read_bucket_bars(tables, Settings(), bucket, group)
    assert (item.ticker, item.raw.close[0], item.bars.close[0]) == ("A", 20.0, 20.0)
    assert (item.raw.close[-1], item.bars.close[-1], item.factor[-1]) == (11.0, 22.0, 2.0)
    assert item.in_last_prices().close.tolist() == [10.0, 10.0, 10.0, 10.0, 10.0, 11.0]
    assert item.version == tables.bucketed("ohlcv_history").footers()["A"]["version"]
    everyone = [
        t.ticker for b in tables.bucketed("ohlcv_history").buckets for t in read_bucket_bars(tables, Settings(), b)
    ]
    assert sorted(everyone) == ["A", "C", "b"]


def test_the_table_has_a_row_per_bar_of_the_view(tmp_path):
    table = bars_table(market(tmp_path), Settings(), ["C", "A"])
    assert table["ticker"].to_pylist() == ["A"] * 6 + ["C"]
    assert table["close"].to_pylist()[-2:] == [11.0, 7.0]
    assert bars_table(market(tmp_path / "none"), Settings(), []).num_rows == 0
