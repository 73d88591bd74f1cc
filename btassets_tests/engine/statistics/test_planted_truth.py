"""What the statistics say where the truth is known: markets without an edge, and with a planted one.

The fast form runs few markets and an exact simulation of overlapping windows; its bounds still throw
out a wrong estimator, which the tests show by planting some. The slow form (marked) runs hundreds.
"""

import numpy as np
import pytest

from btassets.engine.statistics.distributions import student_t_quantile
from btassets.engine.statistics.ewc import degrees_of_freedom, estimate, loadings
from btassets.engine.statistics.influence import Influence, series_influence, setup_influence
from btassets_tests.support.planted_rates import RESIDUAL, coverage, rates

SIZE = (0.02, 0.085)
"""Bounds of the share of true nulls that a 5% test may reject."""

N_WEEKS, OVERLAP = 196, 6


def within(rate, bounds):
    return bounds[0] <= rate <= bounds[1]


@pytest.fixture(scope="module")
def overlapping():
    """Means over six weeks of white noise, 196 weeks, 3,000 of them: the exact null of a 30-session IC."""
    noise = np.random.default_rng(20180719).standard_normal((N_WEEKS + OVERLAP - 1, 3000))
    total = np.cumsum(np.concatenate((np.zeros((1, 3000)), noise)), axis=0)
    return (total[OVERLAP:] - total[:-OVERLAP]) / OVERLAP


def rejects(x, nu):
    se = np.sqrt(np.mean(loadings(x, nu) ** 2, axis=0) / len(x))
    return np.mean(np.abs(x.mean(axis=0)) > student_t_quantile(0.975, nu) * se)


def test_exact_null_of_overlapping_windows(overlapping):
    ours = estimate(series_influence(overlapping), OVERLAP)
    assert within(np.mean(ours.p < 0.05), SIZE)
    covers = (ours.ci_lo <= 0) & (ours.ci_hi >= 0)
    assert 0.93 < covers.mean() < 0.97
    shifted = estimate(series_influence(overlapping + 0.5), OVERLAP)
    assert shifted.se == pytest.approx(ours.se, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("standard deviation over the root of the weeks", lambda x: np.mean(
            np.abs(x.mean(axis=0)) > 1.96 * x.std(axis=0, ddof=1) / np.sqrt(len(x)))),
        ("half as many transforms as weeks", lambda x: rejects(x, len(x) // 2)),
        ("no overlap in the rule, four weeks in one transform", lambda x: rejects(x, len(x) // 4)),
        ("normal quantiles instead of Student's", lambda x: np.mean(
            np.abs(x.mean(axis=0)) > 1.96 * np.sqrt(np.mean(loadings(x, 8) ** 2, axis=0) / len(x)))),
        ("sum of squares not divided by the transforms", lambda x: np.mean(
            np.abs(x.mean(axis=0)) > 2.306 * np.sqrt(np.sum(loadings(x, 8) ** 2, axis=0) / len(x)))),
    ],
)  # fmt: skip
def test_wrong_estimators_leave_the_bounds(name, rate, overlapping):
    assert not within(rate(overlapping), SIZE), name


def test_a_mean_that_is_not_taken_off_is_seen():
    """Counts that swing slowly and a mean of 1R: without theta * count the error is far too large."""
    rng = np.random.default_rng(5)
    counts = (6 + 5 * np.sin(np.arange(N_WEEKS) / 15)).astype(np.int64)
    week = np.repeat(np.arange(N_WEEKS), counts)
    wrong, right, covered = [], [], []
    for _ in range(300):
        weekly = rng.standard_normal(N_WEEKS + OVERLAP - 1)
        r = 1.0 + np.convolve(weekly, np.ones(OVERLAP), "valid")[week] / 2 + rng.standard_normal(len(week))
        found = setup_influence(week, r, N_WEEKS)
        ours = estimate(found, OVERLAP)
        numerator = np.bincount(week, weights=r)[:, np.newaxis] * (N_WEEKS / len(week))
        raw = Influence(found.estimate, numerator, found.first, found.last, found.n_obs, found.variance)
        right.append(ours.se[0])
        covered.append(ours.ci_lo[0] <= 1.0 <= ours.ci_hi[0])
        wrong.append(estimate(raw, OVERLAP).se[0])
    assert 0.89 < np.mean(covered) < 0.985
    assert np.mean(wrong) > 1.3 * np.mean(right)


def test_detectable_effect_is_detected_four_times_in_five(overlapping):
    ours = estimate(series_influence(overlapping), OVERLAP)
    effect = np.sqrt(np.mean(ours.mde80**2))
    assert effect > 0
    # the effect that the average market could have seen, planted in all of them
    found = estimate(series_influence(overlapping + np.mean(ours.mde80)), OVERLAP)
    assert 0.72 < np.mean(found.p < 0.05) < 0.88


@pytest.fixture(scope="module")
def null_markets():
    return rates(range(1, 17))


@pytest.fixture(scope="module")
def edge_markets():
    return rates(range(201, 206), edge=0.012)


@pytest.mark.slow
def test_few_markets_without_an_edge(null_markets):
    found = null_markets
    assert found["ic_rejects"].mean() <= 0.13  # 128 correlated tests of 16 markets
    assert found["ic_naive_rejects"].mean() > 0.22
    assert found["any_signal"].mean() <= 0.20
    assert found["any_exit"].mean() <= 0.25
    assert found["seed_says_hold"].mean() > 0.5
    assert found["seed_keeps_random_floor"].mean() > 0.05
    assert found["random_floor_supported"].mean() <= 0.13
    assert 0.84 < coverage(found, "half").mean() <= 1.0
    assert coverage(found, "iid_half")[:2].mean() < 0.80
    assert found["se"][:, 2].mean() < 0.7 * found["se"][:, 1].mean()
    # the same bounds throw out an error that is half as large as it should be
    found["small_half"] = found["half"] / 2
    assert coverage(found, "small_half").mean() < 0.84


def test_few_markets_with_an_edge(edge_markets):
    found = edge_markets
    assert 0.03 < found["ic"][:, RESIDUAL].mean() < 0.10
    assert found["ic_rejects"][:, RESIDUAL].mean() >= 0.5


@pytest.mark.slow
def test_hundreds_of_markets_without_an_edge():
    found = rates(range(1000, 1200))
    assert 0.28 < found["ic_naive_rejects"].mean() < 0.52
    assert within(found["ic_rejects"].mean(), SIZE)
    assert found["any_signal"].mean() < 0.10
    covers = coverage(found, "half")
    assert ((covers > 0.89) & (covers < 0.985)).all(), covers
    assert (coverage(found, "iid_half")[:2] < 0.66).all()
    assert found["se"][:, 2].mean() < 0.6 * found["se"][:, 1].mean()
    assert found["seed_says_hold"].mean() > 0.6
    assert found["any_exit"].mean() < 0.12
    assert found["seed_keeps_random_floor"].mean() > 0.09
    assert found["random_floor_supported"].mean() < 0.06


@pytest.mark.slow
def test_many_markets_with_an_edge():
    found = rates(range(2000, 2060), edge=0.012)
    assert 0.045 < found["ic"][:, RESIDUAL].mean() < 0.080
    assert (
        found["ic_rejects"][:, RESIDUAL].mean() > 0.60
    )  # over whole horizons; the verdict's calendar-time IC has more power
    truth = found["ic"][:, RESIDUAL].mean()
    assert truth > 0
    assert (coverage(found, "half") > 0.87).all()


def test_degrees_of_freedom_are_those_of_the_table():
    assert degrees_of_freedom(N_WEEKS, OVERLAP) == 8
