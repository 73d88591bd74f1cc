"""Trailing betas against a plain regression, and what cannot be known."""

import numpy as np
import pytest

from btassets.engine.statistics.beta import BETA_BARS, MIN_BETA_PAIRS, trailing_beta


def prices(returns):
    return 50.0 * np.cumprod(np.concatenate((np.ones(1), 1.0 + returns)))


def market(n=400, beta=1.4, seed=0):
    rng = np.random.default_rng(seed)
    bench = 0.01 * rng.standard_normal(n)
    return prices(beta * bench + 0.02 * rng.standard_normal(n)), prices(bench)


@pytest.mark.parametrize("i", [60, 100, 252, 253, 399])
def test_it_is_the_regression_over_the_bars_before(i):
    close, bench = market()
    y, x = close[1:] / close[:-1] - 1, bench[1:] / bench[:-1] - 1
    window = slice(max(i - BETA_BARS, 0), i)
    expected = np.polyfit(x[window], y[window], 1)[0]
    assert trailing_beta(close, bench, np.array([i]))[0] == pytest.approx(expected, rel=1e-9)


def test_nothing_after_the_bar_counts():
    close, bench = market()
    changed = close.copy()
    changed[301:] *= 3.0
    at = np.array([200, 300])
    assert trailing_beta(close, bench, at).tolist() == trailing_beta(changed, bench, at).tolist()


def test_it_is_one_where_it_cannot_be_known():
    close, bench = market()
    at = np.array([MIN_BETA_PAIRS - 1, -1])
    assert trailing_beta(close, bench, at).tolist() == [1.0, 1.0]
    assert trailing_beta(close, np.full(len(close), 7.0), np.array([300])).tolist() == [1.0]
    assert trailing_beta(close, np.full(len(close), np.nan), np.array([300])).tolist() == [1.0]
    assert trailing_beta(close[:5], bench[:5], np.array([3])).tolist() == [1.0]


def test_a_day_without_benchmark_leaves_its_two_returns_out():
    close, bench = market()
    holed = bench.copy()
    holed[150] = np.nan
    y, x = close[1:] / close[:-1] - 1, bench[1:] / bench[:-1] - 1
    kept = np.setdiff1d(np.arange(48, 300), [149, 150])
    assert trailing_beta(close, holed, np.array([300]))[0] == pytest.approx(np.polyfit(x[kept], y[kept], 1)[0])
