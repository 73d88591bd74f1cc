"""Claims on the book together, as one family with the configurations tried."""

import pytest

from btassets.engine.statistics.verdicts import NOISE, SUPPORTED
from btassets.stages.advice.book_family import adjust_book, settings_tried


def claims(p, verdict=SUPPORTED):
    found = [
        {"topic": topic, "p_raw": x, "verdict": verdict, "evidence_text": "text."}
        for topic, x in zip(("expectancy", "random_pick", "benchmark", "robustness"), p, strict=False)
    ]
    return [*found, {"topic": "exit", "p_raw": 0.2, "p_adj": 0.2, "verdict": SUPPORTED, "evidence_text": "text."}]


@pytest.mark.parametrize(
    ("trials", "configurations", "n"), [(5, 5, 1), (6, 5, 2), (25, 5, 21), (3, 5, 1), (None, 5, 1), (0, 0, 1)]
)
def test_a_cell_of_a_sweep_counts_as_one(trials, configurations, n):
    assert settings_tried(trials, configurations) == n


@pytest.mark.parametrize(("n", "verdict", "p_adj"), [(1, SUPPORTED, 0.008), (6, SUPPORTED, 0.048), (7, NOISE, 0.056)])
def test_the_best_of_many_settings_needs_a_smaller_p(n, verdict, p_adj):
    found = claims([0.002, 0.3, 0.4, 0.5])
    adjust_book(found, n)
    assert (found[0]["verdict"], found[0]["p_adj"]) == (verdict, pytest.approx(p_adj))
    assert [c["verdict"] for c in found[1:4]] == [NOISE] * 3
    assert ("One of" in found[0]["evidence_text"]) == (n > 1)
    assert f"One of {n} configurations" in found[0]["evidence_text"] or n == 1


def test_random_picks_count_on_both_sides_and_other_topics_are_left_alone():
    found = claims([0.9, 0.999])
    adjust_book(found, 2)
    assert found[1]["p_adj"] == pytest.approx(2 * 2 * 2 * 0.001)
    assert found[-1] == {"topic": "exit", "p_raw": 0.2, "p_adj": 0.2, "verdict": SUPPORTED, "evidence_text": "text."}


def test_a_p_is_never_above_one():
    found = claims([0.5, 0.6])
    adjust_book(found, 100)
    assert found[0]["p_adj"] == found[1]["p_adj"] == 1.0
