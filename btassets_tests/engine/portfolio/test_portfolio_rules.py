"""The time limit of a portfolio's positions."""

import pytest

from btassets.engine.portfolio.portfolio_rules import BookRules


@pytest.mark.parametrize(
    ("policy", "hold_days", "horizon_days", "days"),
    [
        ("hold", 90, 30, 90),
        ("target", 90, 30, 30),
        ("target", 10, 60, 60),
        ("target", 10, None, 10),
        ("hold", 7, 60, 7),
    ],
)
def test_a_race_ends_at_its_horizon_and_a_hold_at_its_own_day(policy, hold_days, horizon_days, days):
    assert BookRules(policy=policy, hold_days=hold_days, horizon_days=horizon_days).max_days == days
