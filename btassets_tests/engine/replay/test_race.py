"""The moving stop by hand, and its ATR against that of the setup engine; whole rows are in test_outcome.py."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btassets.engine.compiling import Reals, kernel, read_only
from btassets.engine.conventions import ExitPolicy
from btassets.engine.features.indicators import bar_terms, window_state
from btassets.engine.replay.race import atr_of_window, moves_stop, next_stop, typed_policy
from btassets_tests.reference.naive_engine import Bar
from btassets_tests.reference.naive_grading import naive_atr


@kernel
def _both_atr(first: int, i: int, high: Reals, low: Reals, close: Reals, volume: Reals) -> tuple[float, float]:
    terms = bar_terms(high, low, close, volume)
    return window_state(first, i, close, volume, terms).atr, atr_of_window(first, i, high, low, close)


@kernel
def _next(
    level: float, best: float, entry: float, planned_stop: float, atr: float, sign: float, policy: ExitPolicy
) -> float:
    return next_stop(level, best, entry, planned_stop, atr, sign, policy)


@kernel
def _atr(first: int, i: int, high: Reals, low: Reals, close: Reals) -> float:
    return atr_of_window(first, i, high, low, close)


@kernel
def _moves(policy: ExitPolicy) -> bool:
    return moves_stop(policy)


def walk(n, seed):
    rng = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, n)))
    spread = np.abs(rng.normal(0.0, 0.01, n)) * close
    return tuple(read_only(part) for part in (close + spread, close - spread, close, np.full(n, 1e6)))


@pytest.mark.parametrize(("first", "i"), [(0, 60), (0, 252), (7, 300), (100, 399)])
def test_the_atr_has_the_bits_of_the_setup_engine(first, i):
    theirs, ours = _both_atr(first, i, *walk(400, 3))
    assert ours == theirs > 0.0


@pytest.mark.parametrize("n", [2, 5, 14, 15, 16, 40])
def test_a_short_window_has_the_mean_of_its_true_ranges(n):
    high, low, close, volume = walk(60, 4)
    bars = [Bar(k, close[k], high[k], low[k], close[k], volume[k]) for k in range(10, 10 + n)]
    assert _atr(10, 9 + n, high, low, close) == pytest.approx(naive_atr(bars), rel=1e-12)
    assert math.isnan(_atr(10, 10, high, low, close))


PRICES = st.floats(1.0, 200.0)


@given(PRICES, PRICES, PRICES, PRICES, st.floats(0.01, 20.0), st.sampled_from((1.0, -1.0)), st.floats(0.0, 5.0))
def test_a_stop_never_moves_away_from_the_market(level, best, entry, planned, atr, sign, size):
    policy = typed_policy(ExitPolicy(trail_atr=size, breakeven_r=size))
    moved = _next(level, best, entry, planned, atr, sign, policy)
    assert sign * (moved - level) >= 0.0
    assert _next(level, best, entry, planned, math.nan, sign, typed_policy(ExitPolicy(trail_atr=size))) == level
    assert _next(level, best, entry, planned, atr, sign, typed_policy(ExitPolicy())) == level


def test_only_a_trailing_stop_and_break_even_move_it():
    assert not _moves(typed_policy(ExitPolicy(part_frac=0.5)))
    for policy in (ExitPolicy(trail_atr=1), ExitPolicy(breakeven_r=1)):
        assert _moves(typed_policy(policy))
        assert policy.moves_stop
    assert not ExitPolicy(part_frac=0.5).moves_stop
