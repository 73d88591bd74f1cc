"""The market of given setups: its calendar is the union of the tickers' dates, cut at T or not."""

import numpy as np
import pytest

from btassets.engine.market.bars import Bars
from btassets.errors import NoBarsError
from btassets.studies.grade.grade_market import market_of


def bars(*days):
    p = np.arange(len(days)) + 10.0
    return Bars(np.array(days, np.int32), p - 0.5, p + 1, p - 1, p, np.full(len(days), 1e6))


MONDAY = 18_694  # 2021-03-08
WEEK = [MONDAY + k for k in range(5)]


def test_sessions_are_the_dates_of_the_tickers_and_not_of_the_benchmark():
    market = market_of({"b": bars(*WEEK[:3]), "A": bars(*WEEK[2:])}, bars(MONDAY - 3, *WEEK), is_cut=False)
    assert list(market.bars) == ["A", "b"]
    assert market.calendar.tolist() == WEEK
    assert market.last_session == WEEK[-1]
    assert market.session_no(market.bars["A"]).tolist() == [2, 3, 4]


def test_t_is_the_last_common_session_and_later_bars_are_beyond_the_calendar():
    own = {"A": bars(*WEEK), "B": bars(*WEEK[:4]), "C": bars(*WEEK[:4])}
    cut = market_of(own, None, is_cut=True)
    assert cut.last_session == WEEK[3]
    assert cut.session_no(own["A"]).tolist() == [0, 1, 2, 3, 4]
    assert market_of(own, None, is_cut=False).last_session == WEEK[4]


def test_week_ends_are_those_of_completed_weeks():
    later = [MONDAY + 7, MONDAY + 8]
    market = market_of({"A": bars(*WEEK, *later)}, None, is_cut=False)
    assert market.week_ends.tolist() == [WEEK[-1]]


@pytest.mark.parametrize(("last", "expected"), [(MONDAY + 3, True), (MONDAY + 4, False)])
def test_a_ticker_has_ended_more_than_ten_days_before_t(last, expected):
    market = market_of({"A": bars(*WEEK, MONDAY + 14), "B": bars(MONDAY, last)}, None, is_cut=False)
    assert market.is_ended(market.bars["B"]) is expected
    assert market.is_ended(bars()) is False


def test_the_benchmark_is_known_on_its_own_dates_up_to_t():
    market = market_of({"A": bars(*WEEK)}, bars(MONDAY, MONDAY + 2, MONDAY + 9), is_cut=False)
    opens, closes = market.benchmark_on(np.array([MONDAY, MONDAY + 1, MONDAY + 2], np.int32))
    np.testing.assert_array_equal(opens, [9.5, np.nan, 10.5])
    np.testing.assert_array_equal(closes, [10.0, np.nan, 11.0])
    assert market.benchmark_closes().dates.tolist() == [MONDAY, MONDAY + 2]
    without = market_of({"A": bars(*WEEK)}, None, is_cut=False)
    assert np.isnan(without.benchmark_on(np.array(WEEK, np.int32))[1]).all()
    assert without.benchmark_closes() is None


def test_no_bar_at_all_is_refused():
    for own in ({}, {"A": bars()}):
        with pytest.raises(NoBarsError, match="no ticker has a bar"):
            market_of(own, None, is_cut=True)
    assert market_of({"A": bars(), "B": bars(*WEEK)}, None, is_cut=False).calendar.tolist() == WEEK
