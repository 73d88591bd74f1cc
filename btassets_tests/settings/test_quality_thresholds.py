"""Thresholds of the quality rules and overrides: refusals, and that each threshold reaches its rule."""

import dataclasses

import pytest
from pydantic import ValidationError

from btassets.engine.market.quality_rules import QualityRules
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.settings.quality_thresholds import Quality, QualityOverride

GOOD = {"ticker": "T", "rule": "Q7", "reason": "seen in the news"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"reason": "   "}, "must not be empty"),
        ({"reason": ""}, "reason"),
        ({"ticker": " "}, "must not be empty"),
        ({"rule": "Q1"}, "rule"),
        ({"rule": "Q12"}, "rule"),
        ({"why": "x"}, "why"),
    ],
)
def test_an_override_needs_a_ticker_a_rule_that_blocks_and_a_reason(change, named):
    with pytest.raises(ValidationError, match=named):
        QualityOverride.model_validate(GOOD | change)


def test_an_override_is_stripped_and_given_once_per_ticker_and_rule():
    assert QualityOverride(ticker=" T ", rule="Q7", reason=" seen ").reason == "seen"
    assert QualityOverride(ticker=" T ", rule="Q7", reason=" seen ").ticker == "T"
    two = Quality.model_validate({"overrides": [GOOD, GOOD | {"rule": "Q8"}, GOOD | {"ticker": "U"}]})
    assert len(two.overrides) == 3
    with pytest.raises(ValidationError, match="has T Q7 twice; give one reason each"):
        Quality.model_validate({"overrides": [GOOD, GOOD | {"ticker": "U"}, GOOD | {"ticker": " T "}]})


@pytest.mark.parametrize(
    ("field", "inside", "outside"),
    [
        ("jump_block_ratio", 1.001, 1.0),
        ("split_ratios", (1.5,), (2.0, 1.0)),
        ("max_bad_frac", 1.0, 1.001),
        ("warn_constant_bars", 2, 1),
        ("max_bad_rows", 0, -1),
        ("max_close", 0.5, 0.0),
        ("adjusted_warn_frac", 0.0, -0.001),
    ],
)
def test_thresholds_are_bounded(field, inside, outside):
    assert getattr(Quality.model_validate({field: inside}), field) == inside
    with pytest.raises(ValidationError):
        Quality.model_validate({field: outside})


def test_each_default_is_the_engines_own():
    settings = Quality()
    rules = {f.name: getattr(QualityRules(), f.name) for f in dataclasses.fields(QualityRules)}
    rules |= {f.name: getattr(ReplayRules(), f.name) for f in dataclasses.fields(ReplayRules) if f.name != "min_bars"}
    compared = [name for name in Quality.model_fields if name in rules]
    # All but the overrides: a threshold that no rule reads would be missing here.
    assert set(Quality.model_fields) - set(compared) == {"overrides"}
    for name in compared:
        value = getattr(settings, name)
        assert (frozenset(value) if name == "high_close_tickers" else value) == rules[name], name
