"""Market model and random-pick ranks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.statistics.ewc import DAILY, estimate
from btassets.engine.statistics.portfolio_value import (
    ACTIVE,
    ALPHA,
    BETA,
    INFORMATION_RATIO,
    PermutedRanks,
    alpha_of_differences,
    market_model,
    random_p,
    stable_tickers,
    ticker_permutations,
)
from btassets.engine.statistics.return_series import daily_returns
from btassets_tests.reference import naive_statistics as naive


def simulated(n=800, alpha=0.0004, beta=0.7, seed=1):
    rng = np.random.default_rng(seed)
    market = rng.standard_normal(n) * 0.01
    return alpha + beta * market + rng.standard_normal(n) * 0.008, market


def test_market_model_matches_the_reference():
    returns, market = simulated()
    found = estimate(market_model(returns, market), DAILY)
    expected = naive.market_model(returns.tolist(), market.tolist())
    for column, name in ((ALPHA, "alpha"), (BETA, "beta"), (INFORMATION_RATIO, "information_ratio")):
        assert found.estimate[column] == pytest.approx(expected[name][0], rel=1e-10)
        assert found.se[column] == pytest.approx(expected[name][1], rel=1e-9)
    assert found.estimate[ACTIVE] == pytest.approx((returns - market).mean() * 252)


def test_alpha_of_differences_is_the_alpha_of_each_column():
    one, market = simulated()
    two, _ = simulated(alpha=-0.0002, beta=-0.3, seed=2)
    gaps = np.stack((one, two, np.zeros(len(market))), axis=1)
    found = estimate(alpha_of_differences(gaps, market), DAILY)
    for k, gap in enumerate((one, two)):
        alone = estimate(market_model(gap, market), DAILY)
        for name in ("estimate", "se", "p"):
            assert getattr(found, name)[k] == pytest.approx(getattr(alone, name)[ALPHA], rel=1e-9)
    assert (found.estimate[2], found.se[2], found.p[2]) == (0.0, 0.0, 1.0)  # the same portfolio, trade by trade


def test_alpha_of_differences_starts_where_its_difference_does():
    gap, market = simulated()
    late = np.where(np.arange(len(gap)) < 300, np.nan, gap)
    found = estimate(alpha_of_differences(np.stack((gap, late), axis=1), market), DAILY)
    alone = estimate(market_model(gap[300:], market[300:]), DAILY)
    assert (found.estimate[1], found.se[1]) == pytest.approx((alone.estimate[ALPHA], alone.se[ALPHA]), rel=1e-9)


def test_without_a_benchmark_the_difference_is_taken_as_it_is():
    gap, market = simulated()
    found = estimate(alpha_of_differences(gap[:, np.newaxis], np.full(len(market), np.nan)), DAILY)
    assert found.estimate[0] == pytest.approx(gap.mean() * 252)


def test_market_model_against_empyrical():
    import empyrical

    returns, market = simulated(seed=4)
    found = market_model(returns, market)
    alpha, beta = empyrical.alpha_beta(returns, market, annualization=252)
    assert found.estimate[BETA] == pytest.approx(beta, rel=1e-10)
    # empyrical compounds the daily intercept over the year
    assert (1 + found.estimate[ALPHA] / 252) ** 252 - 1 == pytest.approx(alpha, rel=1e-9)
    assert (returns - market).mean() / (returns - market).std(ddof=1) == pytest.approx(
        empyrical.excess_sharpe(returns, market)
    )


def test_hac_error_is_near_newey_west_of_statsmodels():
    from statsmodels import api

    rng = np.random.default_rng(5)
    noise = rng.standard_normal(1505)
    x = np.convolve(noise, np.ones(6), "valid")[:1500] / 6
    model = api.OLS(x, np.ones(1500)).fit(cov_type="HAC", cov_kwds={"maxlags": 30, "use_correction": False})
    assert naive.newey_west_error(x.tolist(), 30) == pytest.approx(float(model.bse[0]), rel=1e-8)
    found = estimate(market_model(x + 0.0, rng.standard_normal(1500)), DAILY)
    assert found.se[ALPHA] / 252 == pytest.approx(float(model.bse[0]), rel=0.35)


def test_alpha_intervals_cover_with_volatility_clusters():
    rng = np.random.default_rng(6)
    covered = []
    for _ in range(300):
        vol = np.exp(0.5 * np.sin(np.arange(900) / 60 + rng.random() * 6))
        market = rng.standard_normal(900) * 0.01 * vol
        returns = 0.0002 + 0.9 * market + rng.standard_normal(900) * 0.008 * vol
        found = estimate(market_model(returns, market), DAILY)
        truth = np.array([0.0002 * 252, 0.9])
        covered.append((found.ci_lo[:2] <= truth) & (truth <= found.ci_hi[:2]))
    assert ((np.mean(covered, axis=0) > 0.90) & (np.mean(covered, axis=0) < 0.985)).all()


def test_market_model_without_enough_days_or_a_moving_benchmark():
    nothing = estimate(market_model(np.array([0.1, 0.2]), np.array([0.0, 0.1])), DAILY)
    assert np.isnan(nothing.estimate).all()
    assert nothing.is_too_short.all()
    flat = estimate(market_model(np.linspace(0, 1, 400), np.zeros(400)), DAILY)
    assert np.isnan(flat.estimate).all()
    market = np.random.default_rng(1).standard_normal(400) * 0.01
    idle = estimate(market_model(np.zeros(400), market), DAILY)
    assert np.isnan(idle.estimate[INFORMATION_RATIO])
    gaps = market.copy()
    gaps[3] = np.nan
    assert estimate(market_model(market, gaps), DAILY).n_obs[BETA] == 399


def test_daily_returns():
    assert daily_returns(np.array([100.0, 110.0, 99.0])) == pytest.approx([0.1, -0.1])
    assert np.isnan(daily_returns(np.array([0.0, 1.0]))).all()


PANEL = st.lists(
    st.lists(st.sampled_from([None, 0.0, 10.0, 25.0, 50.0, 75.0, 100.0]), min_size=6, max_size=6),
    min_size=1,
    max_size=4,
)


def _permuted(panel, source, week, ticker):
    """All draws, asked for in two parts where there are two."""
    ranks = PermutedRanks(panel, source, week, ticker)
    assert len(ranks) == len(source)
    return np.concatenate([ranks.of_draws(0, 1), ranks.of_draws(1, len(source) + 1)])


@settings(max_examples=60, deadline=None)
@given(rows=PANEL, seed=st.integers(0, 99))
def test_permuted_ranks_match_the_reference(rows, seed):
    panel = np.array([[np.nan if v is None else v for v in row] for row in rows])
    n_weeks, n = panel.shape
    source = ticker_permutations(np.array([True, True, False, True, True, False]), 5, seed)
    week = np.repeat(np.arange(n_weeks), n)
    ticker = np.tile(np.arange(n), n_weeks).astype(np.int32)
    ranks = _permuted(panel, source, week, ticker)
    for d in range(5):
        for w in range(n_weeks):
            expected = naive.permuted_percentiles(rows[w], source[d].tolist())
            found = ranks[d, w * n : (w + 1) * n].tolist()
            assert [None if np.isnan(v) else v for v in found] == [
                None if v is None else pytest.approx(v) for v in expected
            ]


def test_permutations_keep_the_unstable_and_use_every_stable_once():
    panel = np.full((10, 5), 50.0)
    panel[:2, 1] = np.nan  # ranked in 80% of the weeks
    panel[:1, 2] = np.nan  # in 90%
    is_stable = stable_tickers(panel)
    assert is_stable.tolist() == [True, False, True, True, True]
    source = ticker_permutations(is_stable, 200, 3)
    assert (source[:, 1] == 1).all()
    assert (np.sort(source, axis=1) == np.arange(5)).all()
    assert len({tuple(row) for row in source.tolist()}) > 20
    assert (source == ticker_permutations(is_stable, 200, 3)).all()


def test_identity_changes_nothing_and_entries_before_the_first_week_have_no_rank():
    rng = np.random.default_rng(2)
    panel = np.argsort(rng.random((4, 9)), axis=1) * 12.5
    same = np.tile(np.arange(9, dtype=np.int32), (1, 1))
    week, ticker = np.repeat(np.arange(4), 9), np.tile(np.arange(9), 4).astype(np.int32)
    assert _permuted(panel, same, week, ticker)[0] == pytest.approx(panel.ravel())
    early = _permuted(panel, same, np.array([-1, 0]), np.array([0, 0], dtype=np.int32))
    assert np.isnan(early[0, 0])
    assert early[0, 1] == panel[0, 0]


def test_random_p():
    draws = np.arange(499.0)
    assert random_p(1000.0, draws) == 1 / 500
    assert random_p(-1.0, draws) == 1.0
    assert random_p(498.0, draws) == 2 / 500
    assert np.isnan(random_p(np.nan, draws))
    assert np.isnan(random_p(1.0, np.array([np.nan])))
