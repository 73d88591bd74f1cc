"""Calibration, capacity, regimes, path noise, overfitting: by hand and by simulation."""

import math

import numpy as np
import pytest

from btassets.engine.statistics.calibration import calibration, equal_count_bins
from btassets.engine.statistics.capacity import break_even_cost_frac, capacity_usd
from btassets.engine.statistics.overfit import overfit_probability
from btassets.engine.statistics.path_noise import kept_rows, spread
from btassets.engine.statistics.regimes import labels_at, trend_codes, volatility_codes, years


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


def test_break_even_cost_and_capacity():
    assert break_even_cost_frac(np.array([0.2, 0.4, np.nan]), np.array([0.05, 0.1, 0.1])) == pytest.approx(
        0.3 / (2 * 15)
    )
    assert break_even_cost_frac(np.array([-0.2]), np.array([0.05])) == pytest.approx(-0.005)
    assert math.isnan(break_even_cost_frac(np.array([np.nan]), np.array([0.05])))
    volume = np.append(np.arange(1, 102) * 1e6, np.nan)
    assert capacity_usd(volume, 0.2) == pytest.approx(0.01 * 6e6 / 0.2)
    assert math.isnan(capacity_usd(np.array([np.nan]), 0.2))
    assert math.isnan(capacity_usd(volume, 0.0))


def test_trend_and_volatility_know_the_past_only():
    rng = np.random.default_rng(3)
    closes = 100 * np.exp(np.cumsum(rng.standard_normal(900) * 0.01))
    trend, volatility = trend_codes(closes), volatility_codes(closes)
    assert (trend[:199] == -1).all()
    assert (trend[199:] >= 0).all()
    assert trend[500] == (closes[500] >= closes[301:501].mean())
    first = 63 + 189
    assert (volatility[:first] == -1).all()
    assert (volatility[first:] >= 0).all()
    returns = closes[1:] / closes[:-1] - 1
    history = [returns[i : i + 63].std(ddof=1) for i in range(700 - 62)]  # up to session 700
    assert volatility[700] == (history[-1] > np.median(history[:-1]))
    changed = closes.copy()
    changed[600:] *= 3
    assert (trend_codes(changed)[:600] == trend[:600]).all()
    assert (volatility_codes(changed)[:600] == volatility[:600]).all()
    for short in (np.zeros(0), closes[:30]):
        assert (trend_codes(short) == -1).all()
        assert (volatility_codes(short) == -1).all()


def test_labels_take_the_last_session_at_or_before():
    codes = np.array([0, 1, 0], dtype=np.int8)
    dates = np.array([10, 12, 15], dtype=np.int32)
    asof = np.array([9, 10, 14, 99], dtype=np.int32)
    assert labels_at(asof, dates, codes).tolist() == [-1, 0, 1, 0]
    assert labels_at(asof, dates[:0], codes[:0]).tolist() == [-1] * 4
    assert years(np.array([-1, 0, 19000], dtype=np.int32)).tolist() == [1969, 1970, 2022]


def test_jitter_masks():
    kept = kept_rows(5000, 0.10, 20)
    assert kept.shape == (20, 5000)
    assert 1 - kept.mean() == pytest.approx(0.10, abs=0.005)
    assert (kept == kept_rows(5000, 0.10, 20)).all()
    assert not (kept[0] == kept[1]).all()
    assert kept_rows(100, 0.0, 2).all()
    assert spread(np.array([1.0, 3.0, np.nan])) == pytest.approx(math.sqrt(2))
    assert math.isnan(spread(np.array([1.0])))


def test_overfitting_is_even_odds_for_luck_and_rare_for_skill():
    rng = np.random.default_rng(4)
    luck = [overfit_probability(rng.standard_normal((240, 20))).pbo_frac for _ in range(40)]
    assert np.mean(luck) == pytest.approx(0.5, abs=0.12)
    skilled = rng.standard_normal((240, 20))
    skilled[:, 7] += 0.6
    found = overfit_probability(skilled)
    assert found.pbo_frac < 0.05
    assert (found.n_splits, found.n_configurations) == (252, 20)
    assert math.isnan(overfit_probability(np.zeros((240, 1))).pbo_frac)
    assert math.isnan(overfit_probability(np.zeros((10, 5))).pbo_frac)
