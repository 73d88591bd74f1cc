"""The built-in rule at one window has the bytes of the pass over all as-of bars."""

import numpy as np

from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import IS_WEEK
from btassets.engine.replay.grading import AlignedBars
from btassets.engine.replay.levels_rule import levels_at
from btassets.engine.replay.replay_layout import AsofGrid, RawArrays
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.engine.replay.rule_rows import given_candidates
from btassets.engine.replay.ticker import replay_ticker

N = 420
SHARED = ("asof_date", "direction", "entry", "stop", "target", "rr", "confidence", "primary_prob", "best_prob", "ev",
          "risk_level", "n_bars", "momentum", "residual_momentum", "adv20_usd", "outcome", "realized_r",
          "outcome_open", "realized_r_open", "time_r_21", "mae_r", "label_end_date")  # fmt: skip


def test_the_same_rows_over_a_gap_and_other_settings() -> None:
    random = np.random.default_rng(11)
    steps = np.ones(N, np.int32)
    steps[250] = 40
    close = 20.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, N)))
    bars = Bars(np.cumsum(steps, dtype=np.int32) + 15_000, close, close * 1.02, close * 0.97, close,
                random.uniform(1e5, 2e5, N))  # fmt: skip
    bench = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.01, N)))
    aligned = AlignedBars(bars, bench, bench, np.arange(N, dtype=np.int32))
    raw = RawArrays.of(close, bars.volume, np.ones(len(close)))
    at = np.arange(60, N, 3, dtype=np.int32)
    grid = AsofGrid(at, np.full(len(at), IS_WEEK, np.uint8))
    rules = ReplayRules(atr_stop_multiple=2.0, tilt_score=0.3, tilt_level=0.2)
    ours = replay_ticker(aligned, raw, grid, N - 1, False, rules).candidates
    windows = [slice(max(0 if row < 250 else 250, row - 252), row + 1) for row in at.tolist()]
    numbers = np.array([levels_at(*(part[w] for part in (bars.high, bars.low, close, bars.volume)), rules)
                        for w in windows])  # fmt: skip
    theirs = given_candidates(aligned, raw, grid, numbers, N - 1, rules, is_ended=False)
    assert len(ours["entry"]) > 100
    for name in SHARED:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
