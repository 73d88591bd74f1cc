"""Stored versions of the null market: the comparison, and which sets are kept."""

import pytest

from btassets.book.book import open_book
from btassets.run.null_versions import (
    compared,
    compared_numbers,
    folder_of,
    name_complete,
    null_versions,
    null_versions_version,
    write_version,
)
from btassets_tests.support.book_factory import call

TABLES = {
    "stat_signals": [
        {"signal": "a", "horizon_days": 30, "estimate": 0.02, "ci_lo": 0.0, "ci_hi": 0.04},
        {"signal": "a", "horizon_days": 5, "estimate": 9.0, "ci_lo": 9.0, "ci_hi": 9.0},
    ],
    "stat_pairs": [
        {"family": "exits", "family_size": 4, "member": "hold_5", "against": "target", "estimate": 0.1}
        | {"ci_lo": None, "ci_hi": None},
        {"family": "exits", "family_size": 0, "member": "hold_9", "against": "target", "estimate": 0.3}
        | {"ci_lo": None, "ci_hi": None},
    ],
    "stat_portfolio": [
        {"policy": "hold", "measure": "alpha", "estimate": 0.05, "ci_lo": -0.01, "ci_hi": 0.11},
        {"policy": "hold", "measure": "beta", "estimate": 1.0, "ci_lo": 0.9, "ci_hi": 1.1},
    ],
    "stat_claims": [{"verdict": "supported"}, {"verdict": "noise"}],
}


def row(what, real):
    return {"what": what, "unit": "r", "real": real, "ci_lo": None, "ci_hi": None}


def test_where_the_real_number_falls():
    found = compared(
        [row("a", 2.0), row("b", None), row("c", 0.0)],
        [{"a": 1.0, "b": 1.0}, {"a": 3.0, "c": None}, {"a": 0.0, "c": -1.0}],
    )
    assert [(r["n"], r["n_at_least"], r["share"]) for r in found] == [(3, 1, 0.5), (1, None, None), (1, 0, 0.5)]
    assert found[0]["null_mean"] == pytest.approx(4 / 3)
    assert (found[0]["null_lo"], found[0]["null_hi"]) == (0.0, 3.0)
    assert found[1]["null_sd"] is None


def test_the_compared_numbers_are_those_of_the_main_horizon_the_families_and_the_portfolios():
    found = {r["what"]: (r["unit"], r["real"], r["ci_lo"]) for r in compared_numbers(TABLES.__getitem__)}
    assert found == {
        "signal a": ("ic", 0.02, 0.0),
        "hold_5 against target": ("r", 0.1, None),
        "portfolio hold, alpha": ("pct_a_year", 5.0, -1.0),
        "claims supported": ("n", 1.0, None),
    }


def test_only_sets_that_a_scenario_names_are_kept(tmp_path):
    call("init", tmp_path / "b")
    book = open_book(tmp_path / "b", environ={})
    assert (null_versions(book), null_versions_version(book)) == (None, None)
    write_version(folder_of(book, "old"), 1, {"a": 1.0})
    name_complete(book, "old", 1, "2025-01-03")
    first = null_versions_version(book)
    write_version(folder_of(book, "new"), 1, {"a": 2.0})
    name_complete(book, "new", 1, "2025-01-10")
    stored = null_versions(book)
    assert (stored.as_of, stored.is_current, stored.numbers) == ("2025-01-10", False, ({"a": 2.0},))
    assert not folder_of(book, "old").exists()
    assert null_versions_version(book) != first
