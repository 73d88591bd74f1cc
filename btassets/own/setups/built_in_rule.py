"""The built-in setup rule as a function of a window: `btassets.levels`, to filter or change its setups.

Belongs here: its setups as `Setup`. Does not belong here: the rule itself (`btassets.engine.replay.levels_rule`).
"""

from typing import Any

import numpy as np

from btassets.engine.replay.candidate_columns import DIRECTIONS
from btassets.engine.replay.levels_rule import levels_at
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.engine.replay.setup_numbers import (
    CONFLICTS,
    MAX_TARGETS,
    PROBABILITY,
    REWARD_TO_RISK,
    SCORE,
    STOP,
    TARGETS,
)
from btassets.own.setups.setup import Setup
from btassets.own.windows import Window


def levels(window: Window, **engine: Any) -> list[Setup]:
    """Setups of the built-in rule at the last bar of a window: none, a long, a short, or both.

    Declare the rule that calls it with `lookback=252, min_lookback=59` to see the bars that the built-in rule sees.

    Parameters
    ----------
    window
        Bars.
    engine
        Settings of the section `engine`, such as `atr_stop_multiple=2.0`; default: those of the standard profile.
    """
    numbers = levels_at(window.high, window.low, window.close, window.volume, ReplayRules(**engine))
    found: list[Setup] = []
    for direction, own in zip(DIRECTIONS, numbers, strict=True):
        if np.isnan(own[STOP]):
            continue
        n = int(np.count_nonzero(~np.isnan(own[TARGETS : TARGETS + MAX_TARGETS])))
        targets, rr, probability = (own[k : k + n].tolist() for k in (TARGETS, REWARD_TO_RISK, PROBABILITY))
        stop, score, conflicts = float(own[STOP]), float(own[SCORE]), int(own[CONFLICTS])
        found.append(Setup(direction, stop, targets, None, score, conflicts, probability, rr))
    return found
