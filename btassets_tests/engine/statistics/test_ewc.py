"""The estimator: rules, closed forms, properties, and the naive reference."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.statistics.distributions import student_t_quantile
from btassets.engine.statistics.ewc import (
    DAILY,
    WEEKLY,
    degrees_of_freedom,
    effective_dof,
    estimate,
    least_periods,
    loadings,
    standard_errors,
    weeks_of_overlap,
)
from btassets.engine.statistics.influence import (
    difference,
    ratio_influence,
    series_influence,
    setup_influence,
)
from btassets_tests.reference import naive_statistics as naive


@pytest.mark.parametrize(
    ("n_weeks", "overlap", "nu"),
    # 0.4 * 196^(2/3) = 13.5; 196 / 24 = 8.2; 196 / 4 = 49 without overlap; three at least; weeks of 5 and of 1 year
    [
        (196, 6, 8),
        (196, WEEKLY, 49),
        (196, 1, 13),
        (196, 5, 9),
        (196, 13, 3),
        (235, 6, 9),
        (52, 6, 3),
        (60, WEEKLY, 15),
        (60, 1, 6),
        (11, WEEKLY, 3),
        (1000, 6, 40),
    ],
)
def test_degrees_of_freedom(n_weeks, overlap, nu):
    assert degrees_of_freedom(n_weeks, overlap) == nu == naive.dof_rule(n_weeks, overlap)


def test_overlap_and_least_history():
    assert [weeks_of_overlap(h) for h in (5, 10, 21, 30, 42, 63)] == [1, 2, 5, 6, 9, 13]
    assert [least_periods(m) for m in (1, 6, 7, 8, 13)] == [60, 60, 60, 64, 104]
    assert least_periods(DAILY) == 300
    assert degrees_of_freedom(1260, DAILY) == 46


def test_loadings_of_a_cosine_stand_in_one_place():
    n, nu = 120, 8
    t = np.arange(n) + 0.5
    psi = np.cos(math.pi * 3 * t / n)[:, np.newaxis]
    expected = np.zeros(nu)
    expected[2] = math.sqrt(2 / n) * n / 2
    assert loadings(psi, nu)[:, 0] == pytest.approx(expected, abs=1e-12)


def test_a_constant_drops_out():
    psi = np.random.default_rng(1).standard_normal((90, 2))
    assert loadings(psi + 5.0, 7) == pytest.approx(loadings(psi, 7), abs=1e-12)


def test_white_noise_error_is_the_textbook_one_on_average():
    x = np.random.default_rng(3).standard_normal((196, 3000))
    se, _ = standard_errors(series_influence(x), 1)
    assert np.mean(se**2) == pytest.approx(1 / 196, rel=0.02)


def test_weeks_of_like_variance_leave_the_degrees_of_freedom():
    psi = np.random.default_rng(5).standard_normal((196, 200))
    assert np.median(effective_dof(psi, 8, 6)) >= 6
    assert (effective_dof(psi, 8, 1) == 8).all()
    assert (effective_dof(np.zeros((196, 2)), 8, 6) == 8).all()
    assert (effective_dof(psi[:10], 3, 6) == 3).all()


def test_a_few_wild_weeks_leave_few_degrees_of_freedom():
    psi = np.random.default_rng(6).standard_normal((196, 200))
    psi[60:75] *= 12.0
    assert np.median(effective_dof(psi, 8, 6)) == 3


def test_an_interval_over_setups_that_come_in_bunches_covers():
    """A year of many setups and a year of few: nu degrees of freedom cover 90% where they say 95."""
    rng = np.random.default_rng(7)
    n, k, m = 196, 2000, 6
    level = rng.standard_normal(k)
    count = np.empty((n, k))
    for t in range(n):
        level = 0.95 * level + math.sqrt(1 - 0.95**2) * rng.standard_normal(k)
        count[t] = np.exp(level)
    total = np.cumsum(np.concatenate((np.zeros((1, k)), rng.standard_normal((n + m - 1, k)))), axis=0)
    found = estimate(ratio_influence(count * (total[m:] - total[:-m]), count), m)
    covered = np.mean((found.ci_lo <= 0) & (found.ci_hi >= 0))
    plain = np.mean(np.abs(found.estimate) <= student_t_quantile(0.975, 8) * found.se)
    assert plain < 0.92
    assert 0.94 < covered < 0.97


ROWS = st.lists(
    st.tuples(st.integers(0, 79), st.floats(-5, 5), st.floats(-5, 5), st.booleans()),
    min_size=40,
    max_size=160,
)


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, overlap=st.sampled_from([1, 2, 6]))
def test_setup_means_and_differences_match_the_reference(rows, overlap):
    rows = [*rows, (0, 1.0, -1.0, True), (79, 0.5, 2.0, False), (40, 0.1, 0.3, True), (41, 0.7, 0.2, False)]
    week = np.array([row[0] for row in rows])
    a, b = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    inside = np.array([row[3] for row in rows])
    left = setup_influence(week, a, 80)
    se, dof = standard_errors(left, overlap)
    mean, naive_se, nu = naive.setup_mean([(w, x) for w, x, _, _ in rows], overlap)
    assert left.estimate[0] == pytest.approx(mean, abs=1e-12)
    assert (se[0], dof[0]) == (pytest.approx(naive_se, rel=1e-9, abs=1e-12), nu)

    # the same setups under two rules, and nested, and disjoint groups
    for other_rows, other in (
        ([(w, y) for w, _, y, _ in rows], setup_influence(week, b, 80)),
        ([(w, x) for w, x, _, keep in rows if keep], setup_influence(week, a, 80, inside)),
    ):
        gap = difference(left, other)
        se, dof = standard_errors(gap, overlap)
        mean, naive_se, nu = naive.setup_difference([(w, x) for w, x, _, _ in rows], other_rows, overlap)
        assert gap.estimate[0] == pytest.approx(mean, abs=1e-12)
        assert (se[0], dof[0]) == (pytest.approx(naive_se, rel=1e-8, abs=1e-11), nu)
    apart = difference(setup_influence(week, a, 80, inside), setup_influence(week, a, 80, ~inside))
    se, _ = standard_errors(apart, overlap)
    _, naive_se, _ = naive.setup_difference(
        [(w, x) for w, x, _, keep in rows if keep], [(w, x) for w, x, _, keep in rows if not keep], overlap
    )
    assert se[0] == pytest.approx(naive_se, rel=1e-8, abs=1e-11)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100.0))
def test_scale_order_and_pairing(seed, scale):
    rng = np.random.default_rng(seed)
    week = rng.integers(0, 120, 400)
    a, b = rng.standard_normal((2, 400))
    both = estimate(setup_influence(week, np.stack([a, b], axis=1), 120), 6)
    scaled = estimate(setup_influence(week, scale * a, 120), 6)
    assert scaled.se[0] == pytest.approx(scale * both.se[0], rel=1e-9)
    assert scaled.p[0] == pytest.approx(both.p[0], rel=1e-7)
    order = rng.permutation(400)
    shuffled = estimate(setup_influence(week[order], a[order], 120), 6)
    assert shuffled.se[0] == pytest.approx(both.se[0], rel=1e-10)
    # the difference of two means over the same setups is the mean of the differences
    paired = estimate(difference(setup_influence(week, a, 120), setup_influence(week, b, 120)), 6)
    direct = estimate(setup_influence(week, a - b, 120), 6)
    assert paired.estimate[0] == pytest.approx(direct.estimate[0], abs=1e-12)
    assert paired.se[0] == pytest.approx(direct.se[0], rel=1e-9)


def test_intervals_and_derived_numbers():
    rng = np.random.default_rng(5)
    week = np.repeat(np.arange(196), 4)
    r = rng.standard_normal(784) + 0.3
    found = estimate(setup_influence(week, r, 196), 6)
    assert 6 <= found.dof[0] <= 8
    t = student_t_quantile(0.975, int(found.dof[0]))
    assert found.ci_hi[0] - found.ci_lo[0] == pytest.approx(2 * t * found.se[0])
    assert found.mde80[0] == pytest.approx((t + student_t_quantile(0.80, int(found.dof[0]))) * found.se[0])
    assert found.n_eff[0] == pytest.approx(np.var(r, ddof=1) / found.se[0] ** 2)
    assert found.t[0] == pytest.approx(found.estimate[0] / found.se[0])
    row = found.row()
    assert (row["n_setups"], row["n_weeks"], row["dof"]) == (784, 196, found.dof[0])


def test_empty_weeks_are_time_that_passed():
    rng = np.random.default_rng(6)
    week = np.sort(rng.choice(150, 60, replace=False))
    week[0], week[-1] = 0, 149
    found = estimate(setup_influence(week, rng.standard_normal(60), 400), 6)
    assert found.n_periods[0] == 150
    later = estimate(setup_influence(week + 200, rng.standard_normal(60), 400), 6)
    assert later.n_periods[0] == 150


def test_too_short_says_so_and_gives_no_interval():
    week = np.arange(59)
    found = estimate(setup_influence(week, np.sin(week), 59), 6)
    assert found.is_too_short[0]
    assert not np.isnan(found.estimate[0])
    for name in ("se", "t", "p", "ci_lo", "ci_hi", "mde80", "n_eff"):
        assert np.isnan(getattr(found, name)[0])
    row = found.row()
    assert (row["se"], row["dof"], row["p_raw"], row["n_weeks"]) == (None, None, None, 59)
    long_horizon = estimate(series_influence(np.sin(np.arange(103))), 13)
    assert long_horizon.is_too_short[0]
    assert not estimate(series_influence(np.sin(np.arange(104))), 13).is_too_short[0]


def test_nothing_and_no_variation():
    nothing = estimate(setup_influence(np.zeros(0, np.int64), np.zeros(0), 0), 6)
    assert nothing.is_too_short[0]
    assert np.isnan(nothing.estimate[0])
    assert nothing.n_periods[0] == 0
    week = np.arange(80)
    same = setup_influence(week, np.cos(week), 80)
    zero = estimate(difference(same, same), 6)
    assert (zero.estimate[0], zero.se[0], zero.t[0], zero.p[0], zero.ci_hi[0]) == (0, 0, 0, 1, 0)
    constant = estimate(setup_influence(week, np.full(80, 1.5), 80), 6)
    assert constant.estimate[0] == 1.5
    assert np.isnan(constant.se[0])
    one_sided = difference(same, setup_influence(week, np.full(80, np.nan), 80))
    assert np.isnan(estimate(one_sided, 6).estimate[0])


def test_missing_weeks_of_a_series_and_spans_of_their_own():
    rng = np.random.default_rng(8)
    x = rng.standard_normal((120, 3))
    x[:20, 1] = np.nan
    x[100:, 2] = np.nan
    x[50, 0] = np.nan
    found = estimate(series_influence(x), np.array([1, 6, 6]))
    assert found.n_periods.tolist() == [120, 100, 100]
    assert found.n_obs.tolist() == [119, 100, 100]
    alone = estimate(series_influence(x[20:, 1]), 6)
    assert found.se[1] == pytest.approx(alone.se[0], rel=1e-12)
    rows = [(t, v) for t, v in enumerate(x[:, 0].tolist()) if not math.isnan(v)]
    assert found.se[0] == pytest.approx(naive.setup_mean(rows, 1)[1], rel=1e-9)


@pytest.mark.parametrize(("n", "is_known"), [(1, False), (2, False), (29, False), (30, True), (120, True)])
def test_a_difference_has_no_interval_on_a_handful_of_observations(n: int, is_known: bool) -> None:
    rng = np.random.default_rng(7)
    weeks = np.repeat(np.arange(120), 20)
    values = rng.normal(size=len(weeks))
    chosen = np.zeros(len(weeks), np.bool_)
    chosen[np.linspace(0, len(weeks) - 1, n).astype(np.int64)] = True
    everyone, few = setup_influence(weeks, values, 120), setup_influence(weeks, values, 120, chosen)
    for influence in (difference(few, everyone), difference(everyone, few), few):
        found = estimate(influence, 7)
        assert found.n_obs[0] == n
        assert bool(np.isfinite(found.se[0])) is is_known
        assert bool(found.is_too_short[0]) is not is_known
        assert np.isfinite(found.estimate[0])
