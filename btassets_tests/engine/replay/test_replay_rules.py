"""Parameters of the replay: refusals, and their positions in the compiled pass."""

import dataclasses

import numpy as np
import pytest

from btassets.engine.replay.replay_rules import PARAMETER, ReplayRules, pivot_decay, rule_parameters


@pytest.mark.parametrize(
    "changes",
    [
        {"min_lookback_bars": 40},
        {"window_bars": 55},
        {"horizon_days": 0},
        {"horizon_days": 121},
        {"hold_days": ()},
        {"hold_days": (0, 5)},
        {"hold_days": (5, 121)},
        {"hold_days": (10, 5)},
        {"hold_days": (5, 5)},
        {"max_targets": 0},
        {"pivot_arm": 0},
        {"atr_stop_multiple": 0.0},
        {"min_lookback_bars": 50},
    ],
)
def test_rules_refuse_what_the_pass_cannot_do(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        ReplayRules(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"min_lookback_bars": 51, "window_bars": 51},
        {"horizon_days": 1},
        {"horizon_days": 120},
        {"hold_days": (1, 120)},
        {"max_targets": 1},
        {"pivot_arm": 1},
        {"atr_stop_multiple": 1e-9},
    ],
)
def test_the_last_value_inside_each_bound_is_taken(changes):
    rules = ReplayRules(**changes)
    assert {name: getattr(rules, name) for name in changes} == changes


def test_every_parameter_has_the_place_that_its_name_gives():
    # Each field gets values that occur once, so that two fields in each other's place are seen.
    changed, expected = {}, {}
    for k, field in enumerate(dataclasses.fields(ReplayRules)):
        value = 1000.0 + 10 * k
        if field.name == "horizon_days":
            value = 77
        if field.name == "part_frac":
            value = 0.77
        if field.name == "window_bars":
            value = 2000
        if field.name == "hold_days":
            value = 99
        if field.name == "projected_atr":
            changed[field.name] = (value, value + 1, value + 2)
        elif field.name == "hold_days":
            changed[field.name] = (value, value + 1)
        else:
            changed[field.name] = value
        expected[field.name] = value
    array = rule_parameters(ReplayRules(**changed))
    assert {name: array[place] for name, place in PARAMETER.items()} == expected
    first = PARAMETER["projected_atr"]
    assert array[first : first + 3].tolist() == list(changed["projected_atr"])
    assert array[PARAMETER["hold_days"] :].tolist() == [99, 100]  # to the end: their number varies
    assert len(array) == len(PARAMETER) + 2 + 1
    assert not array.flags.writeable


def test_switches_become_numbers():
    place = PARAMETER["projection"]
    assert rule_parameters(ReplayRules(projection=True))[place] == 1.0
    assert rule_parameters(ReplayRules(projection=False))[place] == 0.0


def test_the_weight_of_a_pivot_halves_at_each_half_life():
    weights = pivot_decay(ReplayRules(window_bars=60, level_half_life_bars=20.0))
    assert len(weights) == 61
    assert weights[[0, 20, 40, 60]].tolist() == [1.0, 0.5, 0.25, 0.125]
    assert (np.diff(weights) < 0).all()
    assert weights[10] == pytest.approx(2**-0.5)
    assert not weights.flags.writeable
