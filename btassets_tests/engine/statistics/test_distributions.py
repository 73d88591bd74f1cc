"""Normal and Student t against hand-known values and scipy."""

import math

import numpy as np
import pytest

from btassets.engine.statistics.distributions import (
    normal_cdf,
    normal_quantile,
    student_t_quantile,
    student_t_sf,
    two_sided_p,
)

DOFS = (1, 2, 3, 8, 13, 46, 300)


@pytest.fixture(scope="module")
def scipy_stats():
    from scipy import stats

    return stats


def test_normal_against_scipy(scipy_stats):
    for p in (1e-300, 1e-20, 1e-5, 0.07, 0.3, 0.5, 0.75, 0.975, 0.999999):
        assert normal_quantile(p) == pytest.approx(scipy_stats.norm.ppf(p), rel=1e-14, abs=1e-16)
    for x in (-30.0, -5.0, -1.0, 0.0, 0.5, 3.0, 9.0):
        assert normal_cdf(x) == pytest.approx(scipy_stats.norm.cdf(x), rel=1e-13)


@pytest.mark.parametrize("dof", DOFS)
def test_student_t_against_scipy(dof, scipy_stats):
    for t in (-40.0, -2.0, -0.1, 0.0, 0.7, 2.0, 12.0, 500.0):
        assert student_t_sf(t, dof) == pytest.approx(scipy_stats.t.sf(t, dof), rel=1e-11)
    for p in (0.001, 0.025, 0.2, 0.55, 0.8, 0.95, 0.975, 0.9999):
        assert student_t_quantile(p, dof) == pytest.approx(scipy_stats.t.isf(1 - p, dof), rel=1e-9)


@pytest.mark.parametrize("dof", DOFS)
def test_quantile_inverts_the_tail(dof):
    for p in (0.51, 0.8, 0.95, 0.975, 0.999):
        assert 1 - student_t_sf(student_t_quantile(p, dof), dof) == pytest.approx(p, abs=1e-12)
        assert student_t_quantile(1 - p, dof) == pytest.approx(-student_t_quantile(p, dof), rel=1e-12)


def test_cauchy_and_edges():
    assert student_t_sf(1.0, 1) == pytest.approx(0.25)
    assert student_t_quantile(0.75, 1) == pytest.approx(1.0)
    assert student_t_sf(math.inf, 5) == 0.0
    assert student_t_sf(-math.inf, 5) == 1.0
    assert math.isnan(student_t_sf(math.nan, 5))
    assert normal_quantile(0.0) == -math.inf
    assert normal_quantile(1.0) == math.inf
    assert math.isnan(normal_quantile(1.5))


def test_two_sided_p_of_arrays():
    p = two_sided_p(np.array([-2.0, 0.0, np.nan]), np.array([8.0, 8.0, 8.0]))
    assert p[0] == pytest.approx(2 * student_t_sf(2.0, 8))
    assert p[1] == 1.0
    assert np.isnan(p[2])
