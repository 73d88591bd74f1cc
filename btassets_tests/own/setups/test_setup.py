"""A returned setup becomes numbers, or is refused with the field, its value and the rule."""

import numpy as np
import pytest

import btassets as bt
from btassets.engine.replay.setup_numbers import CONFLICTS, PROBABILITY, REWARD_TO_RISK, SCORE, STOP, TARGETS
from btassets.own.setups.setup import as_numbers


def test_none_is_no_setup() -> None:
    assert np.isnan(as_numbers(None, 10.0)).all()
    assert np.isnan(as_numbers([], 10.0)).all()


def test_a_setup_and_its_dict_are_the_same_numbers_with_the_nearest_target_first() -> None:
    setup = bt.Setup("short", stop=11.0, targets=[7.0, 8.0], score=60.0, conflicts=1, probability=[0.2, 0.4])
    numbers = as_numbers(setup, 10.0)
    assert np.isnan(numbers[0]).all()
    own = numbers[1]
    assert (own[STOP], own[SCORE], own[CONFLICTS]) == (11.0, 60.0, 1.0)
    assert own[TARGETS : TARGETS + 3].tolist()[:2] == [8.0, 7.0]
    assert own[PROBABILITY : PROBABILITY + 2].tolist() == [0.4, 0.2]
    assert np.isnan(own[REWARD_TO_RISK])
    same = as_numbers({"direction": "short", "stop": 11.0, "targets": [7.0, 8.0], "score": 60.0, "conflicts": 1,
                       "probability": [0.2, 0.4], "entry": 10.0}, 10.0)  # fmt: skip
    assert np.array_equal(same, numbers, equal_nan=True)


def test_a_long_and_a_short_of_one_bar() -> None:
    both = as_numbers([bt.Setup("short", 11.0, 8.0), bt.Setup("long", 9.0, 12.0)], 10.0)
    assert both[:, STOP].tolist() == [9.0, 11.0]
    assert both[:, SCORE].tolist() == [100.0, 100.0]


GOOD = {"direction": "long", "stop": 9.0, "targets": 12.0}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"direction": "up"}, "direction is 'up'; it must be long or short"),
        ({"stop": 10.0}, "stop is 10; for a long it must be below the close 10"),
        ({"stop": float("nan")}, "stop is nan; it must be a finite number"),
        ({"stop": -1.0}, "stop is -1"),
        ({"stop": True}, "stop is True"),
        ({"stop": None}, "stop is None"),
        ({"targets": 10.0}, "a target is 10; for a long it must be positive and above the close 10"),
        ({"targets": []}, "targets has 0 prices; it must have 1 to 5, or be None for a setup without a target"),
        ({"targets": float("nan")}, "targets is nan; it must be a finite number, and None if there is no target"),
        ({"targets": None, "probability": 0.5}, "probability is 0.5 without a target; leave probability out"),
        ({"targets": None, "rr": 2.0}, "rr is 2.0 without a target; leave rr out, or give targets"),
        ({"targets": [12.0] * 6}, "targets has 6 prices"),
        ({"targets": [12.0, float("inf")]}, "targets is inf"),
        ({"entry": 10.5}, "entry is 10.5, the close of the as-of bar 10"),
        ({"score": 101}, "score is 101; it must be from 0 to 100"),
        ({"conflicts": 1.5}, "conflicts is 1.5"),
        ({"probability": 1.0}, "probability is 1; it must be between 0 and 1"),
        ({"probability": [0.1, 0.2]}, "probability has 2 numbers for 1 targets"),
        ({"rr": 2.1}, "rr is 2.1, that of the levels 2"),
        ({"size": 3}, "the field 'size'; its fields are direction, stop, targets, entry, score"),
    ],
)
def test_what_is_refused(change: dict, expected: str) -> None:
    with pytest.raises(ValueError) as error:
        as_numbers(GOOD | change, 10.0)
    assert expected in str(error.value)


def test_a_short_has_its_levels_on_the_other_sides() -> None:
    with pytest.raises(ValueError, match="for a short it must be above the close"):
        as_numbers({"direction": "short", "stop": 9.0, "targets": 8.0}, 10.0)
    with pytest.raises(ValueError, match="for a short it must be positive and below the close"):
        as_numbers({"direction": "short", "stop": 11.0, "targets": 12.0}, 10.0)


@pytest.mark.parametrize(
    "returned", [bt.Setup("long", 9.0), bt.Setup("long", 9.0, None), {"direction": "long", "stop": 9.0}]
)
def test_a_setup_may_have_no_target(returned: object) -> None:
    numbers = as_numbers(returned, 10.0)[0]
    assert numbers[:TARGETS].tolist() == [9.0, 100.0, 0.0]
    assert np.isnan(numbers[TARGETS:]).all()


@pytest.mark.parametrize("returned", [1.0, "long", [1.0], True, {"direction": "long", "targets": 12.0}])
def test_what_is_no_setup_is_refused(returned: object) -> None:
    with pytest.raises(ValueError, match="returns"):
        as_numbers(returned, 10.0)


def test_two_longs_for_one_bar_are_refused() -> None:
    with pytest.raises(ValueError, match="two long setups"):
        as_numbers([GOOD, GOOD], 10.0)
