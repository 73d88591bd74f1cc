"""Bars of many tickers on one calendar."""

import numpy as np
import pytest

from btassets.engine.portfolio.panel import BarOffCalendarError, BarPanel
from btassets_tests.support.small_panel import PRICES, flat, market


def test_ended_means_more_than_ten_days_before_the_last_session():
    panel = market([flat(10, 0, 4), flat(10, 0, 5), flat(10, *range(16))])
    assert panel.is_ended.tolist() == [True, False, False]


def test_a_bar_off_the_calendar_is_refused_with_its_date():
    calendar = np.array([18_000, 18_002], np.int32)
    ones = dict.fromkeys(PRICES, np.ones(2))
    with pytest.raises(BarOffCalendarError, match="ticker number 1: bar on 2019-04-15"):
        BarPanel.from_dates(calendar, np.array([0, 1, 2]), np.array([18_000, 18_001]), **ones)
    cut = BarPanel.from_dates(calendar, np.array([0, 1, 2]), np.array([18_002, 18_003]), **ones)
    assert cut.offsets.tolist() == [0, 1, 1]


def test_bars_after_the_calendar_are_cut_off_for_every_ticker():
    calendar = np.arange(100, 104, dtype=np.int32)
    dates = np.array([100, 101, 104, 105, 103, 102, 104], np.int32)
    prices = dict.fromkeys(PRICES, np.arange(7.0))
    panel = BarPanel.from_dates(calendar, np.array([0, 4, 5, 5, 7]), dates, **prices)
    assert panel.offsets.tolist() == [0, 2, 3, 3, 4]
    assert panel.session_no.tolist() == [0, 1, 3, 2]
    assert panel.close.tolist() == [0.0, 1.0, 4.0, 5.0]
    assert panel.ticker_of_bar().tolist() == [0, 0, 1, 3]
    assert panel.n_tickers == 4


def test_no_calendar_holds_no_bar():
    nothing = np.empty(0, np.int32)
    panel = BarPanel.from_dates(nothing, np.array([0, 1]), np.array([5]), **dict.fromkeys(PRICES, np.ones(1)))
    assert (len(panel.close), panel.is_ended.tolist(), panel.offsets.tolist()) == (0, [False], [0, 0])


def test_a_ticker_without_a_bar_has_not_ended():
    calendar = np.arange(0, 40, dtype=np.int32)
    offsets, dates = np.array([0, 0, 1, 1]), np.array([3], np.int32)
    panel = BarPanel.from_dates(calendar, offsets, dates, **dict.fromkeys(PRICES, np.ones(1)))
    assert panel.is_ended.tolist() == [False, True, False]


@pytest.mark.parametrize("day", [99, 101, 103])
def test_a_bar_before_between_or_just_before_the_last_session_is_off_the_calendar(day):
    calendar = np.array([100, 102, 104], np.int32)
    with pytest.raises(BarOffCalendarError) as refused:
        BarPanel.from_dates(calendar, np.array([0, 2]), np.array([day, 104]), **dict.fromkeys(PRICES, np.ones(2)))
    assert (refused.value.ticker_no, refused.value.day, refused.value.n_bars) == (0, day, 1)


def test_sessions_of_some_tickers_are_the_union_of_their_days():
    panel = market([flat(10, 0, 3), flat(10, 1, 3), flat(10, *range(6))])
    assert panel.sessions_of(np.array([True, True, False])).tolist() == [0, 1, 3]
    assert panel.sessions_of(np.array([False, False, False])).tolist() == []


def test_a_panel_of_closes_keeps_closes_and_sessions_only():
    panel = market([{0: (1, 4, 1, 2), 1: (2, 5, 2, 3)}])
    small = panel.of_closes()
    assert small.close.tolist() == [2.0, 3.0]
    assert small.session_no.tolist() == [0, 1]
    assert len(small.open) == len(small.high) == len(small.low) == 0
    assert panel.open.tolist() == [1.0, 2.0]
