"""Actions and confidence by hand."""

import pytest

from btassets.engine.setups import scores


def plain(function):
    """The twin that Python can call: helpers are compiled without a wrapper."""
    return getattr(function, "py_func", function)


@pytest.mark.parametrize(
    ("conf_long", "conf_short", "has_long", "has_short", "expected"),
    [
        (70.0, 30.0, True, True, scores.LONG_HIGH),
        (69.9, 30.1, True, True, scores.LONG_MODERATE),
        (60.0, 40.0, True, True, scores.LONG_MODERATE),
        (59.9, 40.1, True, True, scores.NEUTRAL),
        (49.9, 20.0, True, True, scores.NEUTRAL),
        (90.0, 10.0, False, True, scores.NEUTRAL),
        (10.0, 90.0, True, True, scores.SHORT_HIGH),
        (25.0, 65.0, False, True, scores.SHORT_MODERATE),
        (10.0, 90.0, True, False, scores.NEUTRAL),
    ],
)
def test_actions(conf_long, conf_short, has_long, has_short, expected):
    rules = scores.ActionRules(20.0, 2.5, 3.0, min_lead=20.0, high=70.0, moderate=50.0)
    assert plain(scores.choose_action)(conf_long, conf_short, has_long, has_short, rules) == expected


def test_confidence_stays_in_range():
    assert plain(scores.confidence)(5.0, 2) == 0.0
    assert plain(scores.confidence)(100.0, 0) == 100.0
    assert plain(scores.confidence)(80.0, 1) == 70.0
