"""The one list of holds, and how far the labels of a replay reach."""

import pytest

from btassets.engine.conventions import HOLD_DAYS, HORIZON_DAYS, label_days, replay_holds


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (HOLD_DAYS, HOLD_DAYS),
        ((30,), HOLD_DAYS),
        ((21, 5), HOLD_DAYS),
        ((3, 7, 45, 90), (3, 7, 45, 90)),
        ((5, 10, 21, 30, 31), (5, 10, 21, 30, 31)),
        ((90, 3, 90), (3, 90)),
    ],
)
def test_a_replay_grades_the_default_holds_or_exactly_the_list(wanted, holds):
    assert replay_holds(wanted) == holds


def test_labels_of_the_defaults_end_with_the_horizon():
    assert label_days(HORIZON_DAYS, HOLD_DAYS) == HORIZON_DAYS
    assert label_days(10, (10,)) == HOLD_DAYS[-1]  # the replay grades the other default holds too
    assert label_days(10, (3, 4)) == 10
