"""Benchmark returns: which closes count at the edges, and refusals of prices."""

import numpy as np
import pytest

from btassets.engine.portfolio.benchmark import BenchmarkCloses

SPY = BenchmarkCloses(np.array([10, 12, 15], np.int32), np.array([100.0, 110.0, 99.0]))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (10, 15, -1.0),
        (10, 14, 10.0),  # the last close on or before the end
        (11, 15, -10.0),  # the first close on or after the start
        (12, 12, 0.0),
        (3, 10, 0.0),
        (15, 15, 0.0),
        (-5, 99, -1.0),
    ],
)
def test_the_return_runs_between_the_closes_inside_the_dates(start, end, expected):
    assert SPY.return_pct(start, end) == pytest.approx(expected, abs=1e-12)


def test_a_close_below_one_dollar_is_a_price():
    assert BenchmarkCloses(np.array([1, 2], np.int32), np.array([0.5, 0.25])).return_pct(1, 2) == -50.0


@pytest.mark.parametrize(("start", "end"), [(16, 20), (1, 9)])
def test_no_close_on_one_side_gives_no_return(start, end):
    assert SPY.return_pct(start, end) is None


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
@pytest.mark.parametrize("place", [0, 1])
def test_a_price_that_is_not_positive_gives_no_return(bad, place):
    closes = np.array([100.0, 110.0])
    closes[place] = bad
    assert BenchmarkCloses(np.array([1, 2], np.int32), closes).return_pct(1, 2) is None


def test_closes_on_days_are_exact_and_missing_elsewhere():
    days = np.array([9, 10, 11, 15, 16, 12], np.int32)
    np.testing.assert_array_equal(SPY.on(days), [np.nan, 100.0, np.nan, 99.0, np.nan, 110.0])
    nothing = BenchmarkCloses(np.empty(0, np.int32), np.empty(0))
    assert np.isnan(nothing.on(days)).all()
    assert nothing.return_pct(0, 99) is None
