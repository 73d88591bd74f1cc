"""Calibration: bins by hand, believed when true, caught when it drifts."""

import numpy as np
import pytest

from btassets.engine.statistics.calibration import calibration, equal_count_bins


def stated_and_true(drift=0.0, seed=1, n=4000):
    rng = np.random.default_rng(seed)
    stated = rng.random(n)
    return stated, rng.random(n) < np.clip(stated + drift, 0, 1), np.sort(rng.integers(0, 200, n))


def test_bins_take_the_remainder_first_and_split_ties_by_row():
    assert np.bincount(equal_count_bins(np.zeros(23)), minlength=10).tolist() == [3, 3, 3, *[2] * 7]
    assert equal_count_bins(np.array([0.5, 0.5, 0.5, 0.1]), 2).tolist() == [0, 1, 1, 0]


def test_calibration_numbers_by_hand():
    stated = np.array([0.2, 0.2, 0.8, 0.8])
    found = calibration(stated, np.array([False, True, True, True]), np.arange(4), 4, 6, n_bins=2)
    assert found.stated.tolist() == [0.2, 0.8]
    assert found.hit.tolist() == [0.5, 1.0]
    assert found.gap.estimate == pytest.approx([0.3, 0.2])
    assert found.brier == pytest.approx((0.04 + 0.64 + 0.04 + 0.04) / 4)
    assert found.brier_skill == pytest.approx(1 - 0.19 / 0.1875)
    assert found.skill_gain.estimate[0] == pytest.approx(0.1875 - 0.19)
    assert found.ece == pytest.approx(0.25)
    assert found.gap.is_too_short.all()
    assert np.isnan(found.p_adj).all()


def test_calibration_is_believed_when_true_and_caught_when_it_drifts():
    called = [calibration(*stated_and_true(seed=s)[:2], stated_and_true(seed=s)[2], 200, 6) for s in range(60)]
    assert np.mean([np.nanmin(c.p_adj) < 0.05 for c in called]) < 0.15
    assert all(c.brier_skill > 0.2 and c.skill_gain.p[0] < 1e-4 for c in called)
    stated, hit, week = stated_and_true(drift=-0.1)
    wrong = calibration(stated, hit, week, 200, 6)
    assert (wrong.gap.estimate[2:] < -0.02).all()
    assert np.nanmin(wrong.p_adj) < 0.05
    assert wrong.ece > 0.05


def test_calibration_of_nothing_and_of_certainty():
    empty = calibration(np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64), 0, 6)
    assert np.isnan([empty.brier, empty.brier_skill, empty.ece]).all()
    assert np.isnan(empty.hit).all()
    sure = calibration(np.full(80, 0.9), np.ones(80, bool), np.arange(80), 80, 6)
    assert np.isnan(sure.brier_skill)
    assert sure.brier == pytest.approx(0.01)
