"""The section of the market without an edge: real numbers over the range of the versions."""

from btassets.render.sections.null_market import NOT_YET, TESTS_NOT, null_market
from btassets_tests.support.small_books import document_of, run_book

NUMBER = {"what": "signal a<b", "unit": "ic", "real": 0.021, "ci_lo": -0.01, "ci_hi": 0.05, "null_mean": 0.001} | {
    "null_sd": 0.01,
    "null_lo": -0.02,
    "null_hi": 0.018,
    "n": 3,
    "n_at_least": 0,
    "share": 0.25,
}
UNKNOWN = (
    NUMBER
    | {"what": "portfolio hold, alpha", "unit": "pct_a_year", "real": None, "ci_lo": None, "ci_hi": None}
    | {
        "null_mean": None,
        "null_lo": None,
        "null_hi": None,
        "n": 0,
        "n_at_least": None,
        "share": None,
    }
)


def report_with(**changes):
    found = {"as_of": "2025-11-07", "is_current": True, "n_versions": 3, "signals": [NUMBER], "setups": []}
    return document_of(run_book()) | {"null_market": found | {"portfolio": [UNKNOWN]} | changes}


def test_without_versions_the_section_says_how_to_run_them():
    text = null_market(document_of(run_book()) | {"null_market": None})
    assert NOT_YET.replace("`", "`") in text
    assert "<table" not in text


def test_each_number_is_beside_its_interval_and_the_versions():
    text = null_market(report_with())
    assert "a&lt;b" in text
    assert "+0.0210, 0 of 3" in text
    assert "-0.0100 to +0.0500" in text
    assert "-0.0200 to +0.0180" in text
    assert "0.25" in text
    assert TESTS_NOT.replace("'", "&#x27;") in text
    assert "older than this report" not in text


def test_an_unknown_number_is_shown_as_missing():
    text = null_market(report_with(signals=[]))
    row = text[text.index("portfolio hold, alpha") :]
    assert [cell.partition(">")[2].partition("<")[0] for cell in row.split("<td")[1:7]] == ["-"] * 6


def test_older_versions_are_called_older():
    text = null_market(report_with(is_current=False))
    assert 'to <span class="date">2025-11-07</span> and are older than this report' in text
