"""Step-down, false discovery rate and the star."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.statistics.distributions import student_t_sf
from btassets.engine.statistics.ewc import estimate
from btassets.engine.statistics.families import benjamini_hochberg, has_star, step_down
from btassets.engine.statistics.influence import Influence, series_influence
from btassets_tests.reference import naive_statistics as naive


def test_a_family_of_one_is_the_plain_test():
    x = np.random.default_rng(2).standard_normal(196) + 0.1
    influence = series_influence(x)
    plain, family = estimate(influence, 6), step_down(influence, 6, draws=40_000)
    assert (family.size, family.dof) == (1, 8)
    assert family.t[0] == pytest.approx(plain.t[0], rel=1e-12)
    assert family.p_adj[0] == pytest.approx(plain.p[0], abs=0.01)


def test_identical_members_cost_nothing_and_independent_ones_do():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((196, 1)) + 0.15
    single = step_down(series_influence(x), 6)
    twins = step_down(series_influence(np.tile(x, (1, 6))), 6)
    assert np.ptp(twins.p_adj) == 0
    assert twins.p_adj[0] == pytest.approx(single.p_adj[0], abs=0.02)
    others = np.concatenate((x, rng.standard_normal((196, 5))), axis=1)
    assert step_down(series_influence(others), 6).p_adj[0] > single.p_adj[0] + 0.02


def test_order_of_the_members_and_monotone_p():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((196, 5)) + np.array([0.3, 0.0, 0.1, 0.2, -0.25])
    family = step_down(series_influence(x), 6)
    order = np.argsort(-np.abs(family.t))
    assert (np.diff(family.p_adj[order]) >= 0).all()
    plain = estimate(series_influence(x), 6)
    assert (family.p_adj >= plain.p - 0.02).all()
    back = step_down(series_influence(x[:, ::-1]), 6)
    assert back.p_adj[::-1] == pytest.approx(family.p_adj, abs=0.05)  # other draws: three of their standard errors
    assert (step_down(series_influence(x), 6).p_adj == family.p_adj).all()  # the seed is fixed


def test_members_without_an_error_do_not_count():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((196, 4)) + 0.1
    x[:, 1] = np.nan
    x[:, 2] = 0.0  # a floor that stops no setup: exactly 0, nothing to test
    family = step_down(series_influence(x), 6)
    assert family.size == 3
    assert np.isnan(family.p_adj[1])
    assert family.p_adj[2] == 1.0
    assert family.p_adj[[0, 3]] == pytest.approx(step_down(series_influence(x[:, [0, 3]]), 6).p_adj)
    none = step_down(series_influence(np.full((196, 2), np.nan)), 6)
    assert none.size == 0
    assert np.isnan(none.p_adj).all()
    masked = step_down(series_influence(x), 6, is_member=np.array([True, False, False, False]))
    assert (masked.size, np.isnan(masked.p_adj[3])) == (1, True)


@pytest.mark.parametrize(("shared", "k"), [(0.0, 4), (0.8, 6)])
def test_family_wise_error_is_held_and_taking_each_alone_is_not(shared, k):
    """Any of k true nulls called: at most about 5% after the step-down, far more without."""
    rng = np.random.default_rng(7)
    n_markets, called, called_alone = 400, 0, 0
    for _ in range(n_markets):
        common = rng.standard_normal((201, 1))
        noise = np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.standard_normal((201, k))
        total = np.cumsum(np.concatenate((np.zeros((1, k)), noise)), axis=0)
        influence = series_influence(total[6:] - total[:-6])  # windows of six weeks, 196 of them
        called += step_down(influence, 6, draws=400).p_adj.min() < 0.05
        called_alone += estimate(influence, 6).p.min() < 0.05
    assert 0.015 < called / n_markets < 0.085
    assert called_alone / n_markets > 0.10


@settings(max_examples=60, deadline=None)
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_false_discovery_rate_against_the_reference(p):
    found = benjamini_hochberg(np.array(p))
    assert found == pytest.approx(naive.benjamini_hochberg(p), abs=1e-15)


def test_false_discovery_rate_against_scipy():
    from scipy import stats

    p = np.random.default_rng(3).random(48) ** 3
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p), rel=1e-14)
    gaps = np.append(p, np.nan)
    assert benjamini_hochberg(gaps)[:-1] == pytest.approx(benjamini_hochberg(p))
    assert np.isnan(benjamini_hochberg(np.array([np.nan]))).all()


def test_star_is_a_t_of_4_28_at_eight_degrees_of_freedom():
    p = np.array([2 * student_t_sf(4.29, 8), 2 * student_t_sf(4.27, 8), np.nan])
    assert has_star(p).tolist() == [True, False, False]


def test_take_keeps_columns_together():
    influence = series_influence(np.random.default_rng(1).standard_normal((80, 3)))
    part = influence.take([2, 0])
    assert isinstance(part, Influence)
    assert part.estimate.tolist() == influence.estimate[[2, 0]].tolist()
    assert (part.psi == influence.psi[:, [2, 0]]).all()
