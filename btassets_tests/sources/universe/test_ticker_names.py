"""Spelling of tickers and of the files named after them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from btassets.sources.universe.ticker_names import (
    canonical_ticker,
    case_collisions,
    file_stem,
    ticker_of_stem,
    unsafe_reason,
)


@pytest.mark.parametrize(
    ("given_name", "ticker"),
    [
        ("BRK-B", "BRK.B"),
        ("BRK/B", "BRK.B"),
        ("BRK.B", "BRK.B"),
        (" AAPL ", "AAPL"),
        ("BTC-USD", "BTC-USD"),
        ("TRUE", "TRUE"),
        ("NAN", "NAN"),
        ("brk-b", "brk.b"),
    ],
)
def test_a_share_class_is_spelled_with_a_dot(given_name: str, ticker: str) -> None:
    assert canonical_ticker(given_name) == ticker


@pytest.mark.parametrize("name", ["A", "BRK.B", "TRUE", "NAN", "CON", "NULL", "0700.HK", "^GSPC", "ES=F", "BTC-USD"])
def test_safe_names_pass(name: str) -> None:
    assert unsafe_reason(name) is None


@pytest.mark.parametrize(
    "name", ["", "../x", "A B", "A/B/C", "A'B", "A;B", "A\nB", "Ü", ".A", "A.", "A..B", "X" * 33, "'"]
)
def test_unsafe_names_are_named(name: str) -> None:
    assert unsafe_reason(name)


def test_names_that_differ_in_case_collide_with_each_other_only() -> None:
    assert case_collisions(["AAPL", "aapl", "Aapl", "MSFT", "MSFT"]) == {
        name: ["AAPL", "Aapl", "aapl"] for name in ("AAPL", "Aapl", "aapl")
    }


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_file_name_is_harmless_and_gives_the_ticker_back(name: str) -> None:
    ticker = canonical_ticker(name)
    if not ticker:
        return
    stem = file_stem(ticker)
    assert set(stem) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-%")
    assert not stem.startswith(".")
    assert not stem.endswith(".")
    assert stem.split(".")[0].casefold() not in {"con", "prn", "aux", "nul", "com1", "lpt1"}
    assert ticker_of_stem(stem) == ticker
