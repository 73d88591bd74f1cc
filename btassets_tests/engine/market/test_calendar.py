"""T and the as-of grids against Python's own calendar and hand cases."""

from datetime import date

import numpy as np
import pytest

from btassets.engine.market import calendar

EPOCH = date(1970, 1, 1)


def day(year, month, number):
    return (date(year, month, number) - EPOCH).days


def days(*dates):
    return np.array([day(*d) for d in dates], dtype=np.int32)


# Week of Monday 2021-03-29: Good Friday 2021-04-02 is no session on the exchange.
HOLY_WEEK = days((2021, 3, 29), (2021, 3, 30), (2021, 3, 31), (2021, 4, 1), (2021, 4, 5), (2021, 4, 6), (2021, 4, 7))


@pytest.mark.parametrize(
    ("last_session", "rule", "expected"),
    [
        ((2021, 4, 1), "exchange", [(2021, 4, 1)]),  # Thursday ends that week
        ((2021, 3, 31), "exchange", []),
        ((2021, 4, 1), "data", []),  # Friday is still to come
        ((2021, 4, 5), "data", [(2021, 4, 1)]),  # a later week has begun
        ((2021, 4, 7), "exchange", [(2021, 4, 1), (2021, 4, 7)]),  # the list ends here: so does the week
        ((2021, 4, 6), "exchange", [(2021, 4, 1)]),
        ((2021, 4, 7), "data", [(2021, 4, 1)]),
    ],
)
def test_completed_weeks(last_session, rule, expected):
    found = calendar.completed_week_sessions(HOLY_WEEK, day(*last_session), rule)
    assert found.tolist() == [day(*d) for d in expected]
    assert found.dtype == np.int32


def test_a_week_of_data_ends_on_its_friday():
    sessions = days((2021, 4, 5), (2021, 4, 8), (2021, 4, 9))
    assert calendar.completed_week_sessions(sessions, day(2021, 4, 9), "data").tolist() == [day(2021, 4, 9)]
    assert calendar.completed_week_sessions(sessions, day(2021, 4, 8), "data").tolist() == []
    assert calendar.completed_week_sessions(sessions[:0], day(2021, 4, 8), "exchange").tolist() == []


def test_bars_per_session_counts_tickers():
    sessions, counts = calendar.bars_per_session([np.array([3, 4, 9]), np.array([4]), np.array([], dtype=np.int32)])
    assert sessions.tolist() == [3, 4, 9]
    assert counts.tolist() == [1, 2, 1]
    assert calendar.bars_per_session([])[0].tolist() == []


@pytest.mark.parametrize(
    ("tickers", "expected"),
    [
        # 2 of 4 have the last session: half is enough
        ([range(1, 9), range(1, 9), range(1, 8), range(1, 8)], 8),
        ([range(1, 9), range(1, 8), range(1, 8), range(1, 8)], 7),
        # long ended tickers do not count
        ([range(1, 60), range(1, 20), range(1, 20), range(1, 20)], 19),
        ([range(1, 60), range(1, 60), range(1, 20), range(1, 40)], 59),
        # a source that runs ahead of all others does not declare them dead
        ([range(1, 700), range(1, 100), range(1, 100), range(1, 100)], 99),
        # 3 of 8 landed after two stale weeks: T stays
        ([[*range(1, 50), 64]] * 3 + [range(1, 50)] * 5, 49),
        # a hole in the middle is skipped, late starters count from their first bar
        ([range(1, 30), [*range(1, 10), *range(12, 30)], [*range(1, 10), *range(12, 30)], range(25, 30)], 29),
    ],
)
def test_last_common_session(tickers, expected):
    dates = [np.array(list(t), dtype=np.int32) for t in tickers]
    sessions, counts = calendar.bars_per_session(dates)
    found = calendar.last_common_session(sessions, counts, [d[0] for d in dates], [d[-1] for d in dates])
    assert found == expected


def test_a_universe_that_dies_out_slowly_has_its_last_session():
    dates = [np.arange(1, 100 * (k + 1), dtype=np.int32) for k in range(8)]
    sessions, counts = calendar.bars_per_session(dates)
    assert calendar.last_common_session(sessions, counts, [1] * 8, [d[-1] for d in dates]) == 799


def test_no_bars_have_no_last_session():
    with pytest.raises(ValueError, match="no ticker has a bar"):
        calendar.last_common_session([], [], [], [])


def test_ended_is_more_than_ten_days():
    assert not calendar.has_ended(100, 110)
    assert calendar.has_ended(100, 111)


def test_asof_grid_by_hand():
    # Two full weeks, Friday of the second missing; T is the Friday.
    ticker = days(*[(2021, 4, d) for d in (5, 6, 7, 8, 9, 12, 13, 14, 15, 19)])
    weeks = days((2021, 4, 9), (2021, 4, 16))
    index, flags = calendar.asof_grid(ticker, weeks, day(2021, 4, 16))
    assert index.tolist() == [4, 8]  # the bar of the 19th is after T
    assert flags.tolist() == [calendar.IS_WEEK | calendar.IS_OWN_WEEK, calendar.IS_OWN_WEEK]
    index, flags = calendar.asof_grid(ticker, weeks, day(2021, 4, 15))
    assert flags.tolist() == [
        calendar.IS_WEEK | calendar.IS_OWN_WEEK,
        calendar.IS_OWN_WEEK | calendar.IS_LATEST,
    ]
    assert index.dtype == np.int32
    assert flags.dtype == np.uint8
    assert calendar.asof_grid(ticker, weeks[:0], day(2021, 4, 2))[0].tolist() == []


def test_bar_grid_starts_at_bar_59_and_ignores_the_calendar():
    ticker = np.arange(1000, 1080, dtype=np.int32)
    index, flags = calendar.asof_grid(ticker, ticker[:0], 1079)
    assert index[(flags & calendar.IS_BAR) != 0].tolist() == [59, 64, 69, 74, 79]
    assert not (flags & calendar.IS_WEEK).any()


def test_segments():
    dates = np.array([1, 2, 33, 64, 95, 96], dtype=np.int32)
    assert calendar.segment_starts(dates, 30).tolist() == [0, 0, 2, 3, 4, 4]
    assert calendar.segment_starts(dates, 31).tolist() == [0] * 6
    assert calendar.segment_starts(dates, 0).tolist() == [0] * 6
    assert calendar.segment_starts(dates[:1], 30).tolist() == [0]
