"""Reasons of a shown setup: votes, scores, common conflicts, and every target with its class.

Belongs here: computing these again from the bars of one ticker. Does not belong here: which setups are shown
(`todays_setups.py`), the levels behind the targets (`engine.setups.levels`).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import segment_starts
from btassets.engine.replay.levels_rule import levels_at
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.engine.replay.setup_numbers import MAX_TARGETS, PROBABILITY, REWARD_TO_RISK, TARGETS
from btassets.engine.setups.explain import explain_asof
from btassets.engine.setups.target_classes import classification


def votes_and_scores(bars: Bars, rules: ReplayRules) -> dict[str, float | None]:
    """Votes, scores and common conflicts at the last bar (`explain_asof`); None: too few bars."""
    columns = explain_asof(bars, np.array([bars.n_bars - 1], np.int32), gap_days=rules.gap_days)
    values = {name: float(column[0]) for name, column in columns.items()}
    return {name: None if np.isnan(value) else value for name, value in values.items()}


def every_target(bars: Bars, setup: Mapping[str, Any], rules: ReplayRules) -> list[dict[str, Any]]:
    """Targets of a setup of the built-in rule at the last bar; those of the replay, bit for bit.

    Parameters
    ----------
    bars
        One ticker up to the as-of bar.
    setup
        Its row: `direction`, `target` of the primary, and `price_factor`, by which adjusted prices become those of the
        as-of day.
    rules
        From `replay_inputs.target_rules`.
    """
    start = int(segment_starts(bars.dates, rules.gap_days)[-1])
    high, low, close, volume = (part[start:] for part in (bars.high, bars.low, bars.close, bars.volume))
    numbers = levels_at(high, low, close, volume, rules)[0 if setup["direction"] == "long" else 1]
    prices = numbers[TARGETS : TARGETS + MAX_TARGETS] / setup["price_factor"]
    return [
        _target(
            k + 1,
            float(prices[k]),
            float(numbers[REWARD_TO_RISK + k]),
            100.0 * float(numbers[PROBABILITY + k]),
            is_primary=bool(prices[k] == setup["target"]),
        )
        for k in range(int(np.count_nonzero(~np.isnan(prices))))
    ]


def only_target(setup: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The primary alone, for a setup of an own rule, whose other targets are not stored; empty without one."""
    if setup["target"] is None or setup["primary_prob"] is None:
        return []
    return [_target(1, setup["target"], setup["rr"], setup["primary_prob"], is_primary=True)]


def _target(place: int, price: float, rr: float, probability_pct: float, *, is_primary: bool) -> dict[str, Any]:
    return {
        "place": place,
        "price": price,
        "rr": rr,
        "probability_pct": probability_pct,
        "classification": classification(probability_pct),
        "is_primary": is_primary,
    }
