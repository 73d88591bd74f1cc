"""The null market as text: aligned numbers, missing ones, and what it cannot test."""

from btassets.studies.null_market.null_market_text import null_market_text

DOCUMENT = {
    "scenario": "strict",
    "n_versions": 19,
    "rows": [
        {"what": "IC, residual momentum", "real": 0.0412, "null_mean": -0.001, "null_sd": 0.02, "share": 0.05},
        {"what": "net R", "real": None, "null_mean": None, "null_sd": None, "share": None},
    ],
}


def test_each_row_has_its_numbers_in_aligned_columns():
    lines = null_market_text(DOCUMENT).splitlines()
    assert lines[0] == "The market of scenario strict with the edge destroyed, 19 versions"
    assert lines[3].split()[-4:] == ["+0.041", "-0.001", "+0.020", "0.05"]
    assert lines[4].split() == ["net", "R", "-", "-", "-", "-"]
    assert len(lines[3]) == len(lines[4]) == len(lines[2])
    assert lines[3].startswith("IC, residual momentum  ")


def test_the_limits_of_the_test_are_stated():
    text = null_market_text(DOCUMENT)
    assert "counting the real market" in text
    assert "survivors stay survivors" in text
