"""The table of claims: names that say what a verdict is about."""

import pytest

from btassets.render.sections.claim_table import claim_name, claims_section, since

ROW = {"topic": "gate", "item_key": "rr", "claim_kind": "negligible", "seed_rule_says": "adds_nothing"}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({}, "Floor: rr, adds at most 0.02R"),
        ({"claim_kind": "superior"}, "Floor: rr"),
        ({"topic": "cutoff", "item_key": "60", "claim_kind": "uniquely_best"}, "Cutoff: 60, no other is as good"),
        ({"topic": "expectancy", "claim_kind": "positive"}, "A qualified setup earns more than its costs"),
    ],
)
def test_a_name_has_the_exact_claim(change, name) -> None:
    assert claim_name(ROW | change) == name


def test_since_when_and_how_often() -> None:
    assert since({"looks_in_a_row": 3, "supported_since": "2021-03-05"}) == "since 2021-03-05 (3)"
    assert since({"looks_in_a_row": 0, "last_supported": "2021-03-05"}) == "last on 2021-03-05, not now"
    assert since({}) == "never"


def test_without_claims_there_is_no_section() -> None:
    assert claims_section({"statistics": {"claims": []}}) == ""
