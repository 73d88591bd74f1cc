"""A sweep in plain sentences, in the unit of its measure."""

import pytest

from btassets.studies.sweep.sweep_answer import answer, place_words, walked_words
from btassets_tests.support.sweep_documents import axis, sweep_of, walked

RR = axis("gates.min_rr", ["1", "2", "3"])
HOLD = axis("exits.hold_days", ["10", "30"])


def test_the_best_cell_is_named_with_its_settings_and_the_own_value():
    found = answer(sweep_of([RR, HOLD], [0.11, 0.22, 0.3, 0.44, 0.55, 0.66]))
    assert found["result"] == (
        "The best of 6 portfolios has a Sharpe ratio of 0.66 (min_rr 3, hold_days 30); the book's own settings have "
        "0.50."
    )
    assert found["luck"].startswith(
        "The best of 1,234 configurations tried on these data reaches a Sharpe ratio of 1.50 by luck alone;"
    )
    assert "0.66 is more with a probability of 20%" in found["luck"]
    assert (
        "+0.010R against the book's own settings (95% interval -0.010R to +0.030R, p 0.50 over all cells)"
        in found["luck"]
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("supported", "The best cell is better beyond luck"),
        ("contradicted", "Keep the settings: per setup the best cell is clearly worse."),
        ("not distinguishable from noise", "Keep the settings: no cell is better beyond luck."),
        (None, "Keep the settings: no cell is better beyond luck."),
    ],
)
def test_a_change_is_advised_only_beyond_luck(verdict, words):
    document = sweep_of([RR], headline={"text": "", "verdict": verdict})
    document["cells"][0]["plateau"] = 0.456
    found = answer(document)["change"]
    assert found.startswith(words)
    assert found.endswith("The best plateau is at min_rr 1: 0.46 on average with its neighbours.")
    assert "plateau is" not in answer(document | {"plateau": None})["change"]


def test_a_drawdown_is_in_percent_and_missing_numbers_are_left_out():
    document = sweep_of([RR], by="max_drawdown_pct", luck={"expected_best_sharpe": None, "n_days": 5})
    for row in document["cells"]:
        row["delta_r"] = None
    found = answer(document)
    assert "a Max drawdown of 10.0%" in found["result"]
    assert found["luck"] == "The history is too short for a test."
    document = sweep_of([RR])
    document["cells"][2]["deflated_sharpe"] = None
    assert "by luck alone. Per setup" in answer(document)["luck"]


def test_a_sweep_without_trades_says_so():
    found = answer(sweep_of([RR], best=None, plateau=None))
    assert found["result"] == "None of the 3 portfolios made 30 trades."


def test_a_cell_is_named_by_the_last_parts_of_its_keys():
    assert place_words({"values": {"gates.min_rr": "2", "profile": "legacy"}}) == "min_rr 2, profile legacy"


def test_the_walk_forward_is_one_sentence_beside_the_luck():
    document = sweep_of([axis("gates.min_rr", ["1", "2"])], walk_forward=walked())
    words = (
        "Chosen anew in 2 windows by the past alone, the best cell had a Sharpe ratio of 0.40 in the weeks after each "
        "choice, the book's own settings 0.50 there (difference -0.10, 95% interval -0.60 to +0.40)."
    )
    assert walked_words(document) == words
    short_words = " Chosen by the past alone, it had 0.40 in the weeks after each choice, the book's own settings 0.50."
    assert answer(document)["luck"].endswith(short_words)
    nothing = {"value": -0.1, "ci_lo": None, "ci_hi": None, "p": None}
    short = sweep_of([axis("gates.min_rr", ["1", "2"])], walk_forward=walked(difference_sharpe=nothing))
    assert walked_words(short).endswith("0.50 there; the windows are too few for an interval.")
    assert walked_words(sweep_of([axis("gates.min_rr", ["1", "2"])])) == ""
