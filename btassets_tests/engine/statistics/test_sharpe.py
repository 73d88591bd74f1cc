"""Sharpe ratios: published example, closed forms, and what luck does."""

import math

import numpy as np
import pytest

from btassets.engine.statistics.distributions import normal_cdf, normal_quantile
from btassets.engine.statistics.sharpe import (
    ReturnMoments,
    deflated_sharpe,
    expected_max_sharpe,
    min_track_record,
    null_sharpe_variance,
    probabilistic_sharpe,
    return_moments,
    sharpe_error,
)


def test_published_example_of_the_deflated_sharpe_ratio():
    # Bailey and Lopez de Prado (2014): 1250 days, annual Sharpe 2.5 on 250 days, 100 tries of variance 1/2
    shown = ReturnMoments(1250, 2.5 / math.sqrt(250), skew=-3.0, kurtosis=10.0)
    assert expected_max_sharpe(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)
    assert round(deflated_sharpe(shown, 100, 0.5 / 250), 4) == 0.9004
    normal = ReturnMoments(1250, 2.5 / math.sqrt(250), skew=0.0, kurtosis=3.0)
    assert deflated_sharpe(normal, 100, 0.5 / 250) > 0.9004


def test_the_error_is_what_repeated_samples_scatter():
    rng = np.random.default_rng(8)
    tries = [return_moments(rng.standard_t(5, 700) * 0.01 + 0.0006) for _ in range(600)]
    scatter = np.std([m.sharpe for m in tries])
    assert np.mean([sharpe_error(m) for m in tries]) == pytest.approx(scatter, rel=0.1)
    assert math.isnan(sharpe_error(return_moments(np.zeros(5))))


def test_normal_returns_reduce_to_the_plain_test():
    plain = ReturnMoments(1000, 0.05, 0.0, 3.0)
    assert probabilistic_sharpe(plain) == pytest.approx(
        normal_cdf(0.05 * math.sqrt(999) / math.sqrt(1 + 0.5 * 0.05**2))
    )
    assert probabilistic_sharpe(plain, 0.05) == pytest.approx(0.5)
    assert deflated_sharpe(plain, 1) == probabilistic_sharpe(plain)
    assert null_sharpe_variance(plain) == pytest.approx(1 / 999)


def test_track_record_is_where_the_probability_reaches_the_level():
    moments = ReturnMoments(500, 0.08, -0.7, 6.0)
    needed = min_track_record(moments, 0.01)
    reached = ReturnMoments(round(needed), 0.08, -0.7, 6.0)
    assert probabilistic_sharpe(reached, 0.01) == pytest.approx(0.95, abs=1e-3)
    assert min_track_record(moments, 0.08) == math.inf
    assert math.isnan(min_track_record(ReturnMoments(2, math.nan, math.nan, math.nan)))


def test_moments_by_hand():
    moments = return_moments(np.array([0.01, -0.01, 0.03, 0.01]))
    assert moments.sharpe == pytest.approx(0.01 / math.sqrt(0.0008 / 3))
    assert (moments.n, moments.skew, moments.kurtosis) == (4, pytest.approx(0.0), pytest.approx(2.0))
    assert moments.annual_sharpe == pytest.approx(moments.sharpe * math.sqrt(252))
    for flat in (np.full(9, 0.001), np.zeros(9), np.array([0.1, 0.2])):
        assert math.isnan(return_moments(flat).sharpe)
        assert math.isnan(probabilistic_sharpe(return_moments(flat)))


def test_sharpe_against_empyrical():
    import empyrical

    returns = np.random.default_rng(1).standard_normal(700) * 0.01 + 0.0005
    assert return_moments(returns).annual_sharpe == pytest.approx(empyrical.sharpe_ratio(returns), rel=1e-12)


def test_expected_maximum_of_normal_tries():
    best = np.random.default_rng(2).standard_normal((4000, 20)).max(axis=1).mean()
    assert expected_max_sharpe(20, 1.0) == pytest.approx(best, rel=0.02)
    assert expected_max_sharpe(1, 1.0) == 0.0
    assert expected_max_sharpe(2, 1.0) > 0
    assert normal_quantile(0.975) == pytest.approx(1.959963984540054)


def test_best_of_twenty_looks_good_until_it_is_deflated():
    rng = np.random.default_rng(3)
    naive = deflated = 0
    for _ in range(400):
        tries = rng.standard_normal((20, 756))
        best = return_moments(tries[tries.mean(axis=1).argmax()])
        naive += probabilistic_sharpe(best) > 0.95
        deflated += deflated_sharpe(best, 20) > 0.95
    assert naive / 400 > 0.45
    assert deflated / 400 < 0.12
