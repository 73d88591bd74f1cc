"""Day numbers against Python's own calendar, and the thinning of weeks by hand."""

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.days import EPOCH, iso_weeks, thinned_weeks, week_mondays, years_of


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-20_000, 40_000), min_size=1, max_size=30))
def test_weeks_equal_the_standard_library(numbers):
    year, week = iso_weeks(numbers)
    monday = week_mondays(numbers)
    for k, number in enumerate(numbers):
        moment = EPOCH + timedelta(number)
        assert (int(year[k]), int(week[k])) == moment.isocalendar()[:2]
        assert EPOCH + timedelta(int(monday[k])) == moment - timedelta(moment.weekday())
        assert int(years_of([number])[0]) == moment.year
    assert monday.dtype == year.dtype == week.dtype == np.int32


def test_thinning_keeps_the_hole_after_a_year_of_52_weeks():
    year = np.array([2019, 2018, 2018, 2019], np.int32)
    week = np.array([2, 47, 52, 1], np.int32)
    # ordinals: 2018-W47, W52 (+5), 2019-W01 (+7 although six weeks later), 2019-W02 (+8)
    assert thinned_weeks(year, week, 6).tolist() == [1, 3]
    assert thinned_weeks(year, week, 7).tolist() == [1, 3]
    assert thinned_weeks(year, week, 1).tolist() == [1, 2, 3, 0]
    assert thinned_weeks(year[:0], week[:0], 6).tolist() == []
