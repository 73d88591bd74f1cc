"""The null market as text: aligned numbers, missing ones, and what it cannot test."""

from btassets.render.sections.null_market import TESTS, TESTS_NOT
from btassets.studies.null_market.null_market_text import null_market_text

ROW = {"what": "IC, residual momentum", "unit": "ic", "real": 0.0412, "null_mean": -0.001, "null_lo": -0.03}
ROW |= {"null_hi": 0.0456, "n_at_least": 1, "n": 20, "share": 0.05}
NOTHING = dict.fromkeys(("real", "null_mean", "null_lo", "null_hi", "n_at_least", "n", "share"))
DOCUMENT = {"scenario": "strict", "n_versions": 19, "rows": [ROW, {"what": "net R", "unit": "r", **NOTHING}]}


def test_each_row_has_its_numbers_in_the_unit_of_its_measure():
    lines = null_market_text(DOCUMENT).splitlines()
    assert lines[0] == "The market of scenario strict with the edge destroyed, 19 versions"
    assert lines[3].split()[-8:] == ["+0.0412", "-0.0010", "-0.0300", "+0.0456", "1", "of", "20", "0.05"]
    assert lines[3].startswith("IC, residual momentum  +0.0412  ")
    assert lines[4].split() == ["net", "R", *["-"] * 6]


def test_columns_are_aligned_to_the_right_of_their_names():
    lines = null_market_text(DOCUMENT).splitlines()
    assert len(lines[2]) == len(lines[3]) == len(lines[4])
    assert lines[2].endswith("share")


def test_the_limits_of_the_test_are_stated():
    text = null_market_text(DOCUMENT)
    for words in (TESTS, TESTS_NOT):
        assert words in text
