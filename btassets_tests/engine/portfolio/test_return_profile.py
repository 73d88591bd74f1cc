"""Risk measures against empyrical and scipy, and by hand."""

import empyrical
import numpy as np
import pytest
from scipy import stats

from btassets.engine.portfolio.return_profile import (
    daily_returns,
    histogram,
    monthly_returns,
    return_profile,
    rolling,
    rolling_windows,
)


def a_curve(seed: int, n: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    days = np.arange(0, n * 2, dtype=np.int32)
    days = days[np.isin((days + 3) % 7, range(5))][:n] + 16_000
    market = 0.01 * rng.standard_t(5, n)
    own = 0.6 * market + 0.008 * rng.standard_normal(n)
    return days, 10_000 * np.cumprod(1 + own), 5_000 * np.cumprod(1 + market)


@pytest.mark.parametrize("seed", range(5))
def test_measures_equal_empyrical_and_scipy(seed: int) -> None:
    days, equity, bench = a_curve(seed)
    found = return_profile(days, equity, bench)
    own, other = daily_returns(equity), daily_returns(bench)
    assert found.volatility_pct == pytest.approx(100 * empyrical.annual_volatility(own))
    assert found.sortino == pytest.approx(empyrical.sortino_ratio(own))
    assert found.beta == pytest.approx(empyrical.beta(own, other))
    assert found.var_pct == pytest.approx(100 * empyrical.value_at_risk(own))
    assert found.es_pct == pytest.approx(100 * own[own <= np.quantile(own, 0.05)].mean())
    assert found.skew == pytest.approx(stats.skew(own))
    assert found.excess_kurtosis == pytest.approx(stats.kurtosis(own))


@pytest.mark.parametrize("window", [126, 252])
def test_rolling_values_are_those_of_each_window(window: int) -> None:
    days, equity, bench = a_curve(7)
    found = rolling(days, equity, window, bench)
    own, other = daily_returns(equity), daily_returns(bench)
    first = -(-window // 5) * 5
    assert len(found.dates) == len(range(first, len(own) + 1, 5))
    for place in (0, 3, len(found.dates) - 1):
        end = first + 5 * place
        assert found.dates[place] == days[end]
        assert found.sharpe[place] == pytest.approx(empyrical.sharpe_ratio(own[end - window : end]))
        assert found.beta[place] == pytest.approx(empyrical.beta(own[end - window : end], other[end - window : end]))


def test_later_points_change_no_earlier_rolling_value() -> None:
    days, equity, bench = a_curve(3)
    whole, early = rolling(days, equity, 126, bench), rolling(days[:400], equity[:400], 126, bench[:400])
    n = len(early.dates)
    assert n > 10
    np.testing.assert_array_equal(whole.sharpe[:n], early.sharpe)
    np.testing.assert_array_equal(whole.beta[:n], early.beta)


def test_months_by_hand() -> None:
    days = np.array(["2024-01-30", "2024-01-31", "2024-02-15", "2024-02-29", "2024-03-01"], "datetime64[D]")
    equity = np.array([100.0, 110.0, 120.0, 99.0, 108.9])
    np.testing.assert_allclose(monthly_returns(days.astype(np.int32), equity), [0.1, -0.1, 0.1])


def test_too_short_and_flat_curves_have_no_measures() -> None:
    days, equity, _ = a_curve(1)
    assert np.isnan(return_profile(days[:10], equity[:10]).sortino)
    flat = return_profile(days, np.full(len(days), 100.0))
    assert flat.volatility_pct == 0.0
    assert np.isnan(flat.sortino)
    assert np.isnan(flat.beta)
    assert not len(rolling(days[:100], equity[:100], 126).dates)


def test_every_value_is_in_one_bin() -> None:
    values = np.random.default_rng(2).normal(0, 3, 1_000)
    rows = histogram(values, 0.5, 5.0)
    assert sum(n for _, _, n in rows) == 1_000
    for low, high, n in rows:
        inside = (values >= (-np.inf if low is None else low)) & (values < (np.inf if high is None else high))
        assert inside.sum() == n


def test_a_market_of_seven_days_a_week_has_a_year_of_365_sessions() -> None:
    _, equity, bench = a_curve(2)
    days = np.arange(16_000, 16_000 + len(equity), dtype=np.int32)
    own = daily_returns(equity)
    found = return_profile(days, equity, bench)
    assert found.volatility_pct == pytest.approx(100 * own.std(ddof=1) * np.sqrt(365))
    assert found.sortino == pytest.approx(empyrical.sortino_ratio(own, annualization=365))
    assert rolling_windows(days) == (182, 365)
    assert rolling(days, equity, 365, bench).sharpe[0] == pytest.approx(
        empyrical.sharpe_ratio(own[:365], annualization=365)
    )
