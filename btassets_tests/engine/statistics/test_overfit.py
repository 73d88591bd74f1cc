"""Probability of overfitting: even odds for luck, rare for skill."""

import math

import numpy as np
import pytest

from btassets.engine.statistics.overfit import overfit_probability


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
