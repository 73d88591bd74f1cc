"""Graded setups on a page: the golden market's numbers, links inside the page, a table of which nothing qualifies."""

import json

import pytest

from btassets.engine.market.bars import Bars
from btassets.studies.grade.grade import grade_candidates
from btassets.studies.grade.grade_page import grade_document, grade_page
from btassets_tests.support.grade_cases import golden_market, profile_settings, read_table
from btassets_tests.support.parsed_page import parse


@pytest.fixture(scope="module")
def market() -> tuple[dict[str, Bars], Bars]:
    return golden_market()


@pytest.fixture(scope="module", params=["standard", "legacy"])
def document(request, market) -> dict:
    result = grade_candidates(read_table("candidates_ungated"), *market, profile_settings(request.param))
    return grade_document(result, name="<mine>", benchmark="SPY")


def test_the_page_is_whole_and_leads_nowhere_else(document: dict) -> None:
    html = grade_page(document, "graded.json")
    tree, broken = parse(html)
    assert not broken
    assert "<mine>" not in html
    assert len(html) < 600_000
    links = [link.attributes["href"] for link in tree.all("a")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert set(links) <= {f"#{node.attributes.get('id')}" for node in tree.all("section")}
    assert "graded.json beside this file" in html


def test_every_marked_number_is_in_the_document(document: dict) -> None:
    tree, _ = parse(grade_page(document, "graded.json"))
    kept = json.loads(json.dumps(document, allow_nan=False))
    places = [node.attributes["data-json"] for tag in ("p", "dd", "table") for node in tree.all(tag)
              if "data-json" in node.attributes]  # fmt: skip
    assert len(places) > 20
    for place in places:
        found, steps = kept, place.split(".")
        for step in steps[:-1]:
            found = found[int(step)] if isinstance(found, list) else found[step]
        # A number that the legacy profile's report does not have is a dash.
        assert steps[-1] in found or steps[-1].isdigit() or document["profile"] == "legacy", place


def test_numbers_are_those_of_the_report_and_the_curves(document: dict) -> None:
    main = document["main_policy"]
    row = next(row for row in document["portfolio_sim"]["policies"] if row["policy"] == main)
    assert row["trades"]
    assert document["trades"][main]["n"] == row["trades"]
    equity = [value for value in document["equity_curves"]["series"][main]["equity"] if value is not None]
    assert equity[-1] == pytest.approx(row["final_equity"], abs=0.01)
    assert f"in {row['trades']:,} trades" in document["answer"]["result"]
    is_legacy = document["profile"] == "legacy"
    words = "no intervals and no verdicts" if is_legacy else "Too little data to test"  # under 60 weeks
    assert words in document["answer"]["luck"]
    assert document["answer"]["verdict"] is None
    assert bool(document["statistics"]["claims"]) is not is_legacy
    assert ('id="sure"' in grade_page(document, "graded.json")) is not is_legacy
    assert document["risk"]["measures"][main]["max_drawdown_pct"] == row["max_drawdown_pct"]


def test_setups_of_which_none_qualifies_have_a_page(market) -> None:
    given = read_table("candidates_default").slice(0, 3)
    result = grade_candidates(given, *market, profile_settings("standard", {"min_rr": 99.0}))
    html = grade_page(grade_document(result, name="few", benchmark=None), "x.json")
    assert not parse(html)[1]
    assert "without a benchmark" in html
