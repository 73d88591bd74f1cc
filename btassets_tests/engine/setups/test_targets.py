"""Probabilities of targets: closed forms, the series term by term, a simulated walk."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.setups import targets
from btassets_tests.reference.naive_engine import direct_hit_probability


def plain(function):
    """The twin that Python can call: helpers are compiled without a wrapper."""
    return getattr(function, "py_func", function)


hit_probability = plain(targets.hit_probability)
ATR_DISTANCES = st.floats(0.2, 12.0)


@settings(max_examples=200, deadline=None)
@given(ATR_DISTANCES, ATR_DISTANCES, st.integers(1, 400))
def test_probability_equals_the_series_term_by_term(a, b, days):
    assert abs(hit_probability(a, b, days) - direct_hit_probability(a, b, days)) <= 4e-15


@settings(max_examples=100, deadline=None)
@given(st.floats(1.0, 9.0), st.floats(0.75, 3.0), st.integers(20, 200))
def test_probability_is_monotone(a, b, days):
    p = hit_probability(a, b, days)
    assert hit_probability(a * 1.1, b, days) <= p + 1e-12
    assert hit_probability(a, b * 1.1, days) >= p - 1e-12
    assert hit_probability(a, b, days * 2) >= p - 1e-12
    assert hit_probability(a, b, 10**6) == pytest.approx(b / (a + b), rel=1e-9)


def test_probability_equals_a_simulated_hit_rate():
    rng = np.random.default_rng(11)
    a, b, days, steps, n = 2.0, 1.5, 30, 40, 6000
    path = np.cumsum(rng.standard_normal((n, days * steps)) * targets.SIGMA_PER_ATR / math.sqrt(steps), axis=1)
    # A walk in steps overshoots: 0.5826 sigma sqrt(step) of continuity correction on both barriers.
    shift = 0.5826 * targets.SIGMA_PER_ATR / math.sqrt(steps)
    up, down = path >= a - shift, path <= -b + shift
    first_up = np.where(up.any(axis=1), up.argmax(axis=1), 10**9)
    first_down = np.where(down.any(axis=1), down.argmax(axis=1), 10**9)
    rate = (first_up < first_down).mean()
    assert rate == pytest.approx(hit_probability(a, b, days), abs=4 * math.sqrt(0.25 / n))


def test_tilts_move_the_logit_by_hand():
    tilted = plain(targets.tilted_probability)
    assert tilted(0.3, 1.0, 80.0, 70.0, targets.RaceRules(1.5, 30, 0.0, 0.0, 0.0)) == 0.3
    expected = 1 / (1 + math.exp(-(math.log(0.3 / 0.7) + 0.1 + 0.5 * 0.6 - 0.2 * 0.4)))
    assert tilted(0.3, 1.0, 80.0, 70.0, targets.RaceRules(1.5, 30, 0.1, 0.5, -0.2)) == pytest.approx(
        expected, rel=1e-15
    )
