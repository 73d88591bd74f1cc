"""Tickers in use: listed, excluded, members by date, and the benchmark."""

from types import SimpleNamespace

import pytest

from btassets.settings.models import Settings
from btassets.stages.bars.universe import active_tickers, bar_spans, in_universe
from btassets_tests.support.stored_tables import StoredTables, raw_bars

LAKE = ["AAPL", "BRK.B", "SPY", "aapl2", "MSFT"]


def chosen(members=None, *, benchmark="none", **universe):
    return in_universe(Settings.model_validate({"benchmark": benchmark, "universe": universe}), LAKE, members)


@pytest.mark.parametrize(
    ("universe", "expected"),
    [
        ({}, ["AAPL", "BRK.B", "MSFT", "SPY", "aapl2"]),
        ({"tickers": ["MSFT", "BRK-B", "NONE"]}, ["BRK.B", "MSFT"]),
        ({"exclude": ["brk/b"]}, ["AAPL", "MSFT", "SPY", "aapl2"]),
        ({"tickers": ["MSFT", "AAPL"], "exclude": ["MSFT"]}, ["AAPL", "MSFT"]),  # naming wins over excluding
    ],
)
def test_names_choose_in_any_spelling(universe, expected):
    assert chosen(**universe) == expected


def test_the_benchmark_is_no_ticker_of_the_book_unless_named():
    assert "SPY" not in chosen(benchmark="SPY")
    assert "SPY" not in chosen(benchmark="market/SPY.parquet")
    assert chosen(benchmark="SPY", tickers=["SPY", "AAPL"]) == ["AAPL", "SPY"]
    assert "SPY" in chosen(["SPY", "AAPL"], benchmark="SPY")


def test_members_by_date_choose_too_and_a_list_narrows_them():
    assert chosen(["AAPL", "BRK-B", "GONE"]) == ["AAPL", "BRK.B"]
    assert chosen(["AAPL", "BRK-B"], tickers=["BRK.B", "MSFT"]) == ["BRK.B"]
    assert chosen(["AAPL", "MSFT"], exclude=["MSFT"]) == ["AAPL"]
    assert chosen([]) == []


def test_spans_are_those_of_tickers_in_use_that_have_bars(tmp_path):
    bars = {"A": raw_bars([10, 11, 14], 5.0), "B": raw_bars([12], 5.0)}
    tables = StoredTables(tmp_path).put_bars(bars, EMPTY={})
    assert active_tickers(tables, Settings(benchmark="B")) == ["A", "EMPTY"]
    assert bar_spans(tables, Settings(benchmark="B")) == {"A": (10, 14)}
    members = SimpleNamespace(spells={"B": [], "X": []})
    dated = StoredTables(tmp_path, membership=members)
    assert bar_spans(dated, Settings()) == {"B": (12, 12)}
