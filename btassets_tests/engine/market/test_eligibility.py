"""Membership of a ticker on given days; the trailing rules: features/test_quality_signals.py."""

import numpy as np

from btassets.engine.market.eligibility import is_member


def test_membership_includes_the_first_and_the_last_day_of_each_spell():
    dates = np.array([4, 5, 10, 11, 20, 30, 40, 41], dtype=np.int32)
    found = is_member(dates, np.array([5, 30]), np.array([10, 40]))
    assert found.tolist() == [False, True, True, False, False, True, True, False]
