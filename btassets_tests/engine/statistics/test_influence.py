"""Influence series by hand: means, trims, groups, differences."""

import numpy as np
import pytest

from btassets.engine.statistics.influence import (
    benchmark_adjusted_r,
    difference,
    group_influence,
    ratio_influence,
    series_influence,
    setup_influence,
    trimmed_influence,
    week_numbers,
)


def test_groups_are_masks():
    rng = np.random.default_rng(9)
    week, r = rng.integers(0, 100, 300), rng.standard_normal(300)
    r[5] = np.nan
    group = rng.integers(-1, 3, 300)
    grouped = group_influence(week, r, 100, group, 3)
    masked = setup_influence(week, r, 100, group[:, np.newaxis] == np.arange(3))
    for name in ("estimate", "psi", "first", "last", "n_obs", "variance"):
        assert getattr(grouped, name) == pytest.approx(getattr(masked, name))


def test_week_numbers_leave_room_for_weeks_without_rows():
    numbers, n_weeks = week_numbers(np.array([18, 4, 11], dtype=np.int32))
    assert (numbers.tolist(), n_weeks) == ([2, 0, 1], 3)
    assert week_numbers(np.zeros(0, np.int32))[1] == 0


def test_benchmark_adjusted_r_by_hand():
    # 5% risk: a market that rises 2% carries a long by 0.4R and costs a short as much
    adjusted = benchmark_adjusted_r(
        np.array([1.0, 1.0, 1.0, 1.0]),
        np.array([0.02, 0.02, np.nan, 0.02]),
        np.array([0.05, 0.05, 0.05, 0.0]),
        np.array([True, False, True, True]),
    )
    assert adjusted[:2] == pytest.approx([0.6, 1.4])
    assert np.isnan(adjusted[2:]).all()


def test_a_mean_over_setups_and_its_influence_by_hand():
    # Weeks 0, 0, 2 with 1, 3 and 8: mean 4; week 0 pulls it by (4 - 2 x 4) over one setup a week.
    found = setup_influence(np.array([0, 0, 2]), np.array([1.0, 3.0, 8.0]), 5)
    assert found.estimate.tolist() == [4.0]
    assert found.psi[:, 0].tolist() == [-4.0, 0.0, 4.0, 0.0, 0.0]
    assert (found.first.tolist(), found.last.tolist(), found.n_obs.tolist()) == ([0], [2], [3])
    assert found.variance.tolist() == [13.0]  # (9 + 1 + 16) / 2
    assert len(found) == 1


def test_the_influence_is_that_of_a_week_left_out():
    rng = np.random.default_rng(3)
    week, values = rng.integers(0, 400, 8000), rng.standard_normal(8000)
    found = setup_influence(week, values, 400)
    assert found.psi.sum() == pytest.approx(0.0, abs=1e-9)
    for t in (0, 7, 399):
        without = setup_influence(week[week != t], values[week != t], 400).estimate[0]
        share = (week != t).mean()
        # First order: psi / n weeks is what the week adds to the mean.
        assert (found.estimate[0] - without) * share == pytest.approx(found.psi[t, 0] / 400, rel=1e-9)


def test_nothing_observed_is_no_number_and_one_observation_has_no_variance():
    nothing = setup_influence(np.array([1, 2]), np.array([np.nan, np.nan]), 4)
    assert np.isnan(nothing.estimate[0])
    assert np.isnan(nothing.variance[0])
    assert (nothing.first[0], nothing.last[0], nothing.n_obs[0]) == (0, -1, 0)
    assert not nothing.psi.any()
    one = setup_influence(np.array([3]), np.array([2.0]), 4)
    assert (one.estimate[0], one.first[0], one.last[0]) == (2.0, 3, 3)
    assert np.isnan(one.variance[0])
    no_axis = ratio_influence(np.zeros((0, 2)), np.zeros((0, 2)))
    assert np.isnan(no_axis.estimate).all()
    assert no_axis.last.tolist() == [-1, -1]


def test_masks_and_columns_share_the_single_one_of_the_other():
    week, values = np.array([0, 1, 1, 2]), np.array([1.0, 2.0, np.nan, 6.0])
    masks = np.array([[True, False], [True, True], [True, True], [False, True]])
    by_mask = setup_influence(week, values, 3, masks)
    assert by_mask.estimate.tolist() == [1.5, 4.0]
    assert by_mask.n_obs.tolist() == [2, 2]
    by_value = setup_influence(week, np.stack([values, 2.0 * values], axis=1), 3, masks[:, 1])
    assert by_value.estimate.tolist() == [4.0, 8.0]
    assert by_mask.take([1, 0]).estimate.tolist() == [4.0, 1.5]
    assert by_mask.take([1]).first.tolist() == [1]


def test_the_trimmed_mean_drops_a_twentieth_rounded_up():
    values = np.concatenate((np.arange(20.0), [np.nan]))
    week = np.arange(21)
    found = trimmed_influence(week, values, 21)
    assert found.estimate[0] == np.arange(19.0).mean()  # one of twenty
    more = trimmed_influence(np.arange(21), np.arange(21.0), 21)
    assert more.estimate[0] == np.arange(19.0).mean()  # 1.05 of 21 are two
    assert more.n_obs[0] == 21
    assert np.isnan(more.variance[0])
    # Values above the edge have the influence of the edge, scaled by the share kept.
    edge = np.minimum(np.arange(21.0), 19.0)
    assert more.psi[:, 0] == pytest.approx((edge - edge.mean()) * 21 / 19)
    assert trimmed_influence(np.arange(21), np.arange(21.0), 21, frac=0.0).estimate[0] == 10.0


@pytest.mark.parametrize("values", [[3.0], [np.nan], []])
def test_a_trim_that_keeps_nothing_is_no_number(values):
    found = trimmed_influence(np.zeros(len(values), np.int64), np.array(values), 1)
    assert np.isnan(found.estimate[0])
    assert (found.first[0], found.last[0]) == (0, -1)
    assert not found.psi.any()


def test_a_difference_is_scaled_to_the_joint_span():
    left = setup_influence(np.array([0, 1, 2, 3]), np.array([1.0, 2.0, 3.0, 6.0]), 8)
    right = setup_influence(np.array([4, 7]), np.array([1.0, 3.0]), 8)
    found = difference(left, right)
    assert found.estimate[0] == 1.0
    assert (found.first[0], found.last[0], found.n_obs[0]) == (0, 7, 2)
    assert np.isnan(found.variance[0])
    # Means over setups: over 8 weeks a setup of four counts twice, one of two four times.
    expected = np.array([-2.0, -1.0, 0.0, 3.0, 0, 0, 0, 0]) * 2 - np.array([0, 0, 0, 0, -1.0, 0, 0, 1.0]) * 4
    assert found.psi[:, 0] == pytest.approx(expected)
    nothing = difference(left, setup_influence(np.array([0]), np.array([np.nan]), 8))
    assert np.isnan(nothing.estimate[0])
    assert (nothing.first[0], nothing.last[0], nothing.n_obs[0]) == (0, -1, 0)


def test_a_series_mean_leaves_out_its_gaps():
    found = series_influence(np.array([np.nan, 1.0, np.nan, 5.0, np.nan]))
    assert found.estimate[0] == 3.0
    assert (found.first[0], found.last[0], found.n_obs[0]) == (1, 3, 2)
    assert found.psi[:, 0].tolist() == [0.0, -3.0, 0.0, 3.0, 0.0]  # three weeks, two observations
    assert found.variance[0] == 8.0


def test_a_beta_scales_the_move_that_is_taken_off():
    adjusted = benchmark_adjusted_r(
        np.zeros(2), np.full(2, 0.1), np.full(2, 0.05), np.array([True, False]), np.array([0.5, 2.0])
    )
    assert adjusted == pytest.approx([-1.0, 4.0])


def test_a_trim_of_everything_has_no_influence():
    found = trimmed_influence(np.arange(4), np.array([1.0, 2.0, 3.0, 9.0]), 4, frac=1.0)
    assert np.isnan(found.estimate[0])
    assert found.psi[:, 0].tolist() == [0.0] * 4
    assert (found.first[0], found.last[0], found.n_obs[0]) == (0, -1, 4)
