"""Rows for the setups of any rule: the choice of the primary target against a naive form."""

import math

import numpy as np
import pytest

from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import IS_WEEK
from btassets.engine.replay.grading import AlignedBars, GivenPrices, grade_setups
from btassets.engine.replay.replay_layout import AsofGrid, RawArrays
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.engine.replay.rule_rows import given_candidates
from btassets.engine.replay.setup_numbers import N_NUMBERS, PROBABILITY, SCORE, STOP, TARGETS
from btassets_tests.reference.naive_engine import direct_hit_probability

N = 400
RULES = ReplayRules()


def market(seed: int) -> tuple[AlignedBars, RawArrays]:
    random = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, N)))
    bars = Bars(np.arange(15_000, 15_000 + N, dtype=np.int32), close, close * 1.01, close * 0.99, close,
                np.full(N, 1e5))  # fmt: skip
    bench = np.full(N, 100.0)
    return AlignedBars(bars, bench, bench, np.arange(N, dtype=np.int32)), RawArrays(close, close * 1e5, np.ones(N))


def numbers_of(close: np.ndarray, at: list[int], seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    out = np.full((len(at), 2, N_NUMBERS), np.nan)
    for k, bar in enumerate(at):
        for side in range(2):
            if random.random() < 0.3:
                continue
            sign = 1.0 if side == 0 else -1.0
            own = out[k, side]
            own[STOP] = close[bar] * (1.0 - sign * random.uniform(0.02, 0.1))
            own[SCORE] = random.uniform(0.0, 100.0)
            own[2] = random.integers(0, 3)
            n = random.integers(0, 6)  # 0: it has no target
            own[TARGETS : TARGETS + n] = close[bar] * (1.0 + sign * np.sort(random.uniform(0.01, 0.3, n)))
            if random.random() < 0.5:
                own[PROBABILITY : PROBABILITY + n] = random.uniform(0.01, 0.99, n)
    return out


@pytest.mark.parametrize("seed", range(3))
def test_rows_against_a_naive_choice_and_the_grading_of_given_setups(seed: int) -> None:
    aligned, raw = market(seed)
    close = aligned.bars.close
    at = list(range(5, N, 7))
    numbers = numbers_of(close, at, seed)
    grid = AsofGrid(np.array(at, np.int32), np.full(len(at), IS_WEEK, np.uint8))
    found = given_candidates(aligned, raw, grid, numbers, N - 1, RULES, is_ended=False)
    expected = []
    for k, bar in enumerate(at):
        for side in range(2):
            own = numbers[k, side]
            if not np.isnan(own[STOP]):
                expected.append((bar, side, *naive_primary(aligned, bar, own)))
    assert found["asof_date"].tolist() == [15_000 + row[0] for row in expected]
    assert found["direction"].tolist() == [row[1] for row in expected]
    np.testing.assert_array_equal(found["target"], [row[2] for row in expected])
    assert 0 < np.isnan(found["target"]).sum() < len(expected) / 2
    np.testing.assert_array_equal(np.isnan(found["target"]), np.isnan(found["ev"]))
    np.testing.assert_allclose(found["rr"], [row[3] for row in expected], rtol=1e-12)
    np.testing.assert_allclose(found["primary_prob"], [100.0 * row[4] for row in expected], rtol=1e-9)
    np.testing.assert_allclose(found["best_prob"], [100.0 * row[5] for row in expected], rtol=1e-9)
    prices = GivenPrices(
        *(np.searchsorted(aligned.bars.dates, found["asof_date"]), np.where(found["direction"] == 0, 1, -1)),
        *(found[name] for name in ("entry", "stop", "target", "rr", "price_factor")),
    )
    graded = grade_setups(aligned, N - 1, prices, is_ended=False)
    for name, values in graded.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def naive_primary(aligned: AlignedBars, bar: int, own: np.ndarray) -> tuple[float, float, float, float]:
    """Target, reward-to-risk and probability of the primary one, and the largest probability."""
    bars = aligned.bars
    entry, risk = bars.close[bar], abs(bars.close[bar] - own[STOP])
    ranges = [max(bars.high[t] - bars.low[t], abs(bars.high[t] - bars.close[t - 1]),
                  abs(bars.low[t] - bars.close[t - 1])) for t in range(max(0, bar - 252) + 1, bar + 1)]  # fmt: skip
    atr = math.nan
    if ranges:
        atr = sum(ranges[:14]) / len(ranges[:14])
        for value in ranges[14:]:
            atr = (13.0 * atr + value) / 14.0
    rows = []
    for j in range(5):
        target = own[TARGETS + j]
        if np.isnan(target):
            break
        p = own[PROBABILITY + j]
        distance = abs(target - entry)
        if np.isnan(p) and atr > 0.0:
            p = direct_hit_probability(distance / atr, risk / atr, RULES.horizon_days)
        rows.append((target, distance / risk, p))
    if not rows:
        return math.nan, math.nan, math.nan, math.nan
    best = rows[0]
    for row in rows[1:]:
        if row[1] * row[2] > best[1] * best[2]:
            best = row
    return (*best, max((row[2] for row in rows), default=math.nan))
