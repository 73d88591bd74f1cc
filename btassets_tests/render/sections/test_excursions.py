"""The section of excursions: heat in words, moved levels with interval, size of the family and verdict."""

from btassets.render.labels import verdict_chip, verdict_word
from btassets.render.sections.excursions import excursions
from btassets_tests.support.parsed_page import parse
from btassets_tests.support.small_books import document_of, run_book

NOTHING = {"n": 0, "p50_r": None, "p80_r": None, "p95_r": None, "mean_day": None}
WINNERS = {"n": 1204, "p50_r": 0.3, "p80_r": 0.62, "p95_r": 0.97, "mean_day": 3.6}


def test_every_moved_level_is_a_row_with_its_family_and_verdict():
    report = document_of(run_book())
    text = excursions(report)
    tree, broken = parse(text)
    assert not broken
    rows = [[cell.text for cell in row.all("td")] for row in tree.all("tr") if row.all("td")]
    assert [row[0] for row in rows] == [
        "Stop at half the distance",
        "Stop at three quarters",
        "Target at half the distance",
        "Target at three quarters",
        "Stop trailing by 2 ATR",
        "Stop trailing by 3 ATR",
        "Stop to the entry after 1R",
        "Half sold at the target, the rest kept",
    ]
    for row, found in zip(rows, report["excursions"]["levels"], strict=True):
        assert f"{found['n']:,}" in row
        assert verdict_chip(found["verdict"]) in text
        assert row[-1] == verdict_word(found["verdict"])


def test_the_heat_is_in_words():
    report = document_of(run_book())
    report["excursions"] = {"winners": WINNERS, "losers": NOTHING, "levels": []}
    text = excursions(report)
    assert "Half of the 1,204 winners were never more than 0.30R below their fill" in text
    assert "95% never more than 0.97R" in text
    assert "that were stopped" not in text
    assert "No qualified setup has a result." in text


def test_without_a_finished_setup_there_is_no_section():
    report = document_of(run_book())
    report["excursions"] = {"winners": NOTHING, "losers": NOTHING, "levels": []}
    assert excursions(report) == ""
