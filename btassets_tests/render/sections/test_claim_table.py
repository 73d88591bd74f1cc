"""The table of claims: names that say what a verdict is about."""

from btassets.render.sections.claim_table import claims_section, since


def test_since_when_and_how_often() -> None:
    assert since({"looks_in_a_row": 3, "supported_since": "2021-03-05"}) == "2021-03-05 (3)"
    assert since({"looks_in_a_row": 0, "last_supported": "2021-03-05"}) == "last on 2021-03-05, not now"
    assert since({}) == "never"


def test_without_claims_there_is_no_section() -> None:
    assert claims_section({"statistics": {"claims": []}}) == ""
