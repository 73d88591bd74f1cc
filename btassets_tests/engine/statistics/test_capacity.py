"""Costs that use up an edge, and the capital that the volume carries."""

import math

import numpy as np
import pytest

from btassets.engine.statistics.capacity import break_even_cost_frac, capacity_usd


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
