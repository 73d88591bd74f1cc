"""Wording of the advice, with and without a verdict."""

import json
from pathlib import Path

import pytest

from btassets.engine.portfolio.variant_list import StrategyVariant
from btassets.engine.recommendation.advice_rules import item_key, recommendation, research_recommendation
from btassets.engine.recommendation.advice_sentences import edge_sentence, headline, item_sentence, research_sentence

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize("case", ["default", "tight", "ungated", "crowded"])
def test_every_golden_item_has_a_sentence(case):
    report = json.loads((GOLDEN / f"report_{case}.json").read_text())
    advice = recommendation(report)
    texts = [item_sentence(item) for item in advice["items"]]
    assert len(texts) == len(advice["items"])
    assert len(set(texts)) == len(texts)
    research = [research_sentence(item) for item in research_recommendation(report)["items"]]
    for text in texts + research:
        assert text.endswith(".")
        assert "None" not in text
    keys = [(item["topic"], item_key(item)) for item in advice["items"]]
    assert len(set(keys)) == len(keys)


def test_no_change_is_the_default_advice():
    hold = {"items": [{"topic": "exit", "decision": "hold", "hold_days": 21}], "hold_recommended": True}
    assert headline(hold).startswith("The rules point to a hold of 21")
    assert headline(hold, {"exit": "not distinguishable from noise"}).startswith("No change.")
    assert headline(hold, {"exit": "contradicted"}).startswith("No change.")
    assert headline(hold, {}).startswith("No change.")
    assert headline(hold, {"exit": "supported"}).startswith("Hold 21 sessions")
    noise = "not distinguishable from noise"
    for ranking, listed, words in (
        ("supported", "supported", "predicts returns, and its list"),
        ("supported", noise, "whether the few names of the list"),
        (noise, noise, "Neither the ranking nor the list"),
        (noise, "contradicted", "did worse than the rest"),
        ("contradicted", noise, "predicts in the wrong direction"),
    ):
        assert words in headline(hold, {"exit": "supported"}, ranking=ranking, listed=listed)
    assert headline({"items": [{"topic": "exit"}]}, {}).startswith("No change.")
    assert item_sentence(hold["items"][0], "supported").endswith("The evidence supports this.")


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"topic": "gate", "decision": "keep", "delta_r": 0.234}, "earned 0.23R more than without it."),
        ({"topic": "gate", "decision": "adds_nothing", "delta_r": 0.1, "extra_trades": 0}, "stopped no setup"),
        ({"topic": "gate", "decision": "adds_nothing", "delta_r": -0.05, "extra_trades": 1}, "one more setup, and"),
        ({"topic": "gate", "decision": "adds_nothing", "delta_r": -0.05, "extra_trades": 7}, "7 more setups, and"),
    ],
)
def test_a_floor_is_named_with_its_difference(item, said):
    text = item_sentence({**item, "floor": "rr"})
    assert said in text
    if item.get("extra_trades"):  # fewer R with the floor: more without it
        assert text.endswith("earned 0.05R more.")
        assert item_sentence({**item, "floor": "rr", "delta_r": 0.0}).endswith("less: next to nothing.")


@pytest.mark.parametrize(
    ("decision", "points", "said"),
    [
        ("beats", 3.14, "returned 3.1 points more than"),
        ("lags", -2.0, "returned 2.0 points less than"),
        ("lags", 0.0, "the same as holding the benchmark"),
    ],
)
def test_the_benchmark_is_behind_or_ahead_by_its_points(decision, points, said):
    assert said in item_sentence({"topic": "benchmark", "decision": decision, "edge_points": points})


def test_the_basis_of_the_trimmed_result_is_the_exit_that_earned_it():
    item = {"topic": "robustness", "decision": "survives", "basis": "hold_21", "net_avg_r_ex_top5": 0.126}
    assert item_sentence(item).endswith("stays positive: +0.13R per trade under a hold of 21 sessions.")
    worse = {**item, "decision": "warning", "basis": "target", "net_avg_r_ex_top5": -0.5}
    assert item_sentence(worse).endswith("is not positive: -0.50R per trade under the target exit.")


def test_research_says_which_side_did_better():
    better = research_sentence({"topic": "capacity_15", "candidate": True})
    assert better.startswith("A portfolio of 15 positions did better than 10")
    worse = research_sentence({"topic": "cutoff_90", "candidate": False}, "contradicted")
    assert "did not outperform residual momentum at 80" in worse
    assert worse.endswith("The evidence contradicts this.")


def test_research_on_variants_of_the_settings_names_their_own_numbers():
    variants = (
        StrategyVariant("mine", "raw", 70.0, 5),
        StrategyVariant("wide", "raw", 70.0, 8),
        StrategyVariant("strict", "residual", 85.5, 5),
    )
    wide = research_sentence({"topic": "capacity_8", "candidate": False}, variants=variants)
    assert wide == "A portfolio of 8 positions did not outperform 5 on every criterion."
    strict = research_sentence({"topic": "cutoff_85.5_residual", "candidate": True}, variants=variants)
    assert strict.startswith("Residual momentum at cutoff 85.5 did better than raw momentum at 70 ")


def test_without_statistics_the_advice_says_that_it_is_untested():
    hold = {"items": [{"topic": "exit", "decision": "hold", "hold_days": 5}]}
    assert headline(hold).endswith("untested against chance.")
    assert headline({"items": [{"topic": "cutoff"}]}).endswith("Too few graded setups for advice on the exit.")


def test_every_pair_of_verdicts_about_ranking_and_list_has_its_own_sentence_or_a_weaker_one():
    noise = "not distinguishable from noise"
    assert "before costs" in edge_sentence("supported", "supported")
    for listed in (noise, "contradicted", None):
        assert "cannot tell" in edge_sentence("supported", listed)
    for listed in ("supported", noise, "contradicted", None):
        assert "wrong direction" in edge_sentence("contradicted", listed)
    for listed in ("supported", noise, None):
        assert edge_sentence(noise, listed).startswith("Neither")
