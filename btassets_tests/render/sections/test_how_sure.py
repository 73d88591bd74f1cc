"""The section on certainty: tests of the portfolio against luck, also of one that never traded."""

import copy

import pytest

from btassets.render.sections.how_sure import how_sure
from btassets_tests.support.parsed_page import parse
from btassets_tests.support.small_books import document_of, every_book


@pytest.mark.parametrize("name", ["base", "nothing"])
@pytest.mark.parametrize("missing", [("random_pick",), ("random_pick_median",), ("random_pick", "random_pick_median")])
def test_a_portfolio_without_a_return_beside_random_picks_says_so(name: str, missing: tuple[str, ...]) -> None:
    """One that never trades has no return, while the random picks have: that was a TypeError."""
    report = copy.deepcopy(document_of(every_book()[name]))
    known = {"policy": report["main_policy"], "unit": "pct", "ci": [1.0, 2.0], "n": 499, "p": None, "estimate": 3.0}
    known |= {"n_weeks": None, "p_adj": None, "mde80": None, "family_size": None}
    rows = []
    for measure in ("random_pick", "random_pick_median"):
        row = known | {"measure": measure}
        if measure in missing:
            row |= {"estimate": None, "ci": None}
        rows.append(row)
    others = [row for row in report["statistics"]["book"] if not row["measure"].startswith("random_pick")]
    report["statistics"]["book"] = [*others, *rows]
    tree, broken = parse(how_sure(report))
    assert not broken
    assert "Random picks need 20 ranked tickers" in tree.text
    assert "None" not in tree.text


def test_the_lead_counts_claims_and_says_what_clear_means() -> None:
    report = document_of(every_book()["base"])
    n = len(report["statistics"]["claims"])
    text = parse(how_sure(report))[0].text
    assert f"Of {n} claims, " in text
    assert "Clear: the sign is as claimed, p is below 0.05" in text


def test_facts_of_the_data_do_not_repeat_the_column_of_detectable_effects() -> None:
    text = parse(how_sure(document_of(every_book()["base"])))[0].text
    assert "tickers with bars" in text
    assert "smallest effect detected" not in text
