"""Groups of like tickers, and the t of alpha of many books against the estimator's own."""

import numpy as np
import pytest

from btassets.engine.statistics.ewc import DAILY, estimate
from btassets.engine.statistics.portfolio_value import ALPHA, market_model, ticker_permutations
from btassets.engine.statistics.random_pick import alpha_t, like_groups


@pytest.mark.parametrize(("n", "n_groups"), [(80, 8), (40, 8), (39, 4), (20, 4), (19, 3), (10, 2), (4, 1), (0, 0)])
def test_groups_are_as_many_as_their_tickers_allow(n, n_groups):
    rng = np.random.default_rng(n)
    group = like_groups(np.ones(n, np.bool_), rng.random(n), rng.random(n))
    assert len(set(group.tolist())) == n_groups


def test_a_group_is_alike_and_swaps_stay_inside():
    rng = np.random.default_rng(3)
    volatility, beta = rng.random(60), rng.random(60)
    is_stable = rng.random(60) < 0.9
    group = like_groups(is_stable, volatility, beta)
    assert ((group == -1) == ~is_stable).all()
    quarter = group // 2
    for q in range(3):
        assert volatility[quarter == q].max() <= volatility[quarter == q + 1].min()
    for q in range(4):
        assert beta[group == 2 * q].max() <= beta[group == 2 * q + 1].min()
    source = ticker_permutations(is_stable, 50, 1, group)
    assert (group[source] == group).all()
    assert (source[:, ~is_stable] == np.flatnonzero(~is_stable)).all()
    assert (np.sort(source, axis=1) == np.arange(60)).all()


def test_the_t_is_that_of_the_market_model():
    rng = np.random.default_rng(4)
    benchmark = 0.01 * rng.standard_normal(700)
    benchmark[[5, 90]] = np.nan
    returns = 0.8 * np.nan_to_num(benchmark)[:, None] + 0.01 * rng.standard_normal((700, 4)) + 0.0004
    found = alpha_t(returns, benchmark)
    for k in range(4):
        own = estimate(market_model(returns[:, k], benchmark), DAILY)
        assert found[k] == pytest.approx(own.t[ALPHA], rel=1e-9)


def test_leverage_does_not_stretch_it():
    rng = np.random.default_rng(5)
    benchmark = 0.01 * rng.standard_normal(500)
    returns = benchmark[:, None] + 0.01 * rng.standard_normal((500, 1))
    assert alpha_t(3.0 * returns, benchmark) == pytest.approx(alpha_t(returns, benchmark))


def test_without_a_benchmark_it_is_the_t_of_the_mean():
    rng = np.random.default_rng(6)
    returns = 0.01 * rng.standard_normal((500, 2)) + 0.001
    nothing = alpha_t(returns, np.full(500, np.nan))
    assert nothing == pytest.approx(alpha_t(returns, np.full(500, 0.0)))
    assert (nothing > 0).all()
    assert np.isnan(alpha_t(np.zeros((500, 1)), np.full(500, np.nan))).all()
    assert np.isnan(alpha_t(returns[:2], np.zeros(2))).all()
