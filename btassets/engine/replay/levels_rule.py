"""The built-in setup rule for one window of bars, as a rule that anyone may call or wrap.

Belongs here: the setups at the last bar of a window, as numbers. Does not belong here: the pass over all as-of bars of
a ticker (`kernel.py`), which computes the same setups faster: a test compares their bytes.
"""

import numpy as np
import numpy.typing as npt

from btassets.engine.compiling import OutRealMatrix, Reals, kernel, read_only
from btassets.engine.features.indicators import SQUARED_CHANGE, bar_terms, window_state
from btassets.engine.replay.kernel import action_rules, race_rules, side_of, zone_rules
from btassets.engine.replay.replay_rules import PARAMETER, ReplayRules, pivot_decay, rule_parameters
from btassets.engine.replay.setup_numbers import (
    CONFLICTS,
    MAX_TARGETS,
    N_NUMBERS,
    PROBABILITY,
    REWARD_TO_RISK,
    SCORE,
    STOP,
    TARGETS,
)
from btassets.engine.setups.levels import (
    DISTANCE,
    N_TARGET_ROWS,
    STRENGTH,
    TARGET_PRICE,
    Pivots,
    cluster_levels,
    find_pivots,
)
from btassets.engine.setups.scores import confidence, count_conflicts, momentum_score, technical_score, technical_votes
from btassets.engine.setups.targets import hit_probability, tilted_probability

_P_ARM = PARAMETER["pivot_arm"]
_P_TOLERANCE = PARAMETER["level_tolerance_atr"]


@kernel
def _levels_pass(
    high: Reals, low: Reals, close: Reals, volume: Reals, parameters: Reals, decay: Reals, out: OutRealMatrix
) -> None:
    """Setups at the last bar of a window into `out`, (2, N_NUMBERS): long, short."""
    i = len(close) - 1
    arm = int(parameters[_P_ARM])
    zones, race, actions = zone_rules(parameters), race_rules(parameters), action_rules(parameters)
    pivot_bar = np.empty(2 * len(close), np.int32)
    pivot_price = np.empty(2 * len(close))
    n_pivots = find_pivots(high, low, arm, pivot_bar, pivot_price)
    terms = bar_terms(high, low, close, volume)
    state = window_state(0, i, close, volume, terms)
    atr = state.atr
    if n_pivots == 0 or atr <= 0.0:
        return
    entry = close[i]
    technical = technical_score(technical_votes(entry, state))
    walked = momentum_score(close, terms[SQUARED_CHANGE])
    score = (technical + walked) / 2.0
    work = np.empty((3, 2 * len(close)))
    level = np.empty((2, 2 * len(close)))
    pivots = Pivots(pivot_bar[:n_pivots], pivot_price[:n_pivots])
    tolerance = parameters[_P_TOLERANCE] * atr
    n_levels = cluster_levels(i, pivots, volume, state.mean_volume, decay, tolerance, work, level)
    n_conflicts = count_conflicts(technical, walked, entry, state, actions)
    target = np.empty((N_TARGET_ROWS, max(3, zones.max_targets)))
    for k in range(2):
        sign = 1.0 if k == 0 else -1.0
        side = side_of((entry, atr, score), sign, level[:, :n_levels], zones, race, work, target)
        if side.n_targets == 0:
            continue
        out[k, STOP] = entry - race.stop_atr * atr if k == 0 else entry + race.stop_atr * atr
        out[k, SCORE] = confidence(score if k == 0 else 100.0 - score, n_conflicts)
        out[k, CONFLICTS] = min(n_conflicts + (1 if side.n_sr_targets < actions.min_sr_targets else 0), 2)
        for j in range(min(side.n_targets, MAX_TARGETS)):
            p = hit_probability(target[DISTANCE, j] / atr, race.stop_atr, race.horizon_days)
            out[k, TARGETS + j] = target[TARGET_PRICE, j]
            out[k, REWARD_TO_RISK + j] = target[DISTANCE, j] / (race.stop_atr * atr)
            out[k, PROBABILITY + j] = tilted_probability(p, sign, score, target[STRENGTH, j], race)


def load() -> None:
    """Compile the rule, or load it: a process of own code has to find it compiled."""
    _levels_pass.load()


def levels_at(
    high: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    close: npt.NDArray[np.float64],
    volume: npt.NDArray[np.float64],
    rules: ReplayRules,
) -> npt.NDArray[np.float64]:
    """Setups of the built-in rule at the last bar of a window, (2, N_NUMBERS): long, short; NaN without one.

    Parameters
    ----------
    high, low, close, volume
        The window, (n_bars,) each: at most `rules.window_bars` bars before the last one are read.
    rules
        Parameters; with fewer than `rules.min_lookback_bars` bars there is no setup.
    """
    out = np.full((2, N_NUMBERS), np.nan)
    if len(close) >= rules.min_lookback_bars:
        window = [read_only(part[-rules.window_bars - 1 :], np.float64) for part in (high, low, close, volume)]
        high, low, close, volume = window
        _levels_pass(high, low, close, volume, rule_parameters(rules), pivot_decay(rules), out)
    return out
