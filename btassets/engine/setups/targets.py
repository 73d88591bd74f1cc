"""Probability of a target, and choice of a setup's primary target.

Belongs here: the two-barrier hitting probability and the choice by probability times reward. Does not belong here: the
levels behind the targets (levels.py) and outcomes (replay).
"""

import math
from typing import NamedTuple

import numpy as np

from btassets.engine.compiling import RealMatrix, Whole, helper
from btassets.engine.setups.levels import DISTANCE, STRENGTH

MIN_PROBABILITY = 1e-6
SIGMA_PER_ATR = 1.0 / math.sqrt(8.0 / math.pi)
"""Daily volatility in units of ATR: the expected range of a unit of Brownian motion is sqrt(8/pi)."""

SERIES_TERMS = 16
_HALF_PI_SIGMA_SQUARED = 0.5 * (math.pi * SIGMA_PER_ATR) ** 2


class RaceRules(NamedTuple):
    """Distance of the stop, horizon and calibration of a race between target and stop (`ReplayRules`)."""

    stop_atr: float
    horizon_days: int
    tilt_const: float
    tilt_score: float
    tilt_level: float


class Primary(NamedTuple):
    """The primary target.

    Attributes
    ----------
    place
        Its column in the targets.
    rr
        Distance over the distance of the stop.
    prob, best_prob
        Its probability and the largest of all targets, 0-1.
    """

    place: Whole
    rr: float
    prob: float
    best_prob: float


@helper
def hit_probability(reward_atr: float, risk_atr: float, horizon_days: Whole) -> float:
    """Probability in [1e-6, 1 - 1e-6] that a driftless walk gains `reward_atr` before it loses `risk_atr`.

    Within `horizon_days` days, volatility 0.627 ATR a day: the exit problem of Brownian motion
    between two barriers. The limit for a long horizon is risk / (risk + reward).
    """
    width = reward_atr + risk_atr
    angle = math.pi * risk_atr / width
    q = math.exp(-_HALF_PI_SIGMA_SQUARED * horizon_days / (width * width))
    # q^(n^2) and sin(n * angle) by recurrence: one exp, one sin and one cos in total.
    twice_cos = 2.0 * math.cos(angle)
    sine = math.sin(angle)
    sine_before = 0.0
    q_squared = q * q
    step = q_squared * q
    fading = q
    total = 0.0
    sign = -1.0
    for n in range(1, SERIES_TERMS + 1):
        total += sign / n * sine * fading
        sign = -sign
        sine, sine_before = twice_cos * sine - sine_before, sine
        fading *= step
        step *= q_squared
        if fading < 1e-18:
            break
    p = risk_atr / width + 2.0 / math.pi * total
    return min(1.0 - MIN_PROBABILITY, max(MIN_PROBABILITY, p))


@helper
def tilted_probability(p: float, sign: float, score: float, strength: float, rules: RaceRules) -> float:
    """Probability with the calibration's tilt on its logit; unchanged when every tilt is 0."""
    if rules.tilt_const == 0.0 and rules.tilt_score == 0.0 and rules.tilt_level == 0.0:
        return p
    logit = (
        math.log(p / (1.0 - p))
        + rules.tilt_const
        + rules.tilt_score * sign * (score - 50.0) / 50.0
        + rules.tilt_level * (strength - 50.0) / 50.0
    )
    return 1.0 / (1.0 + math.exp(-logit))


@helper
def choose_primary(
    target: RealMatrix, n_targets: Whole, sign: float, atr: float, score: float, rules: RaceRules
) -> Primary:
    """Primary target: the largest probability times reward (tie: the nearer).

    Parameters
    ----------
    target, n_targets
        Result of `zone_targets`, nearest first.
    sign, atr, score
        +1.0 long, -1.0 short; ATR; score 0-100.
    rules
        Stop, horizon and tilts.
    """
    primary = 0
    primary_rr = 0.0
    primary_p = 0.0
    best_p = 0.0
    largest = -np.inf
    risk = rules.stop_atr * atr
    for k in range(n_targets):
        distance = target[DISTANCE, k]
        p = hit_probability(distance / atr, rules.stop_atr, rules.horizon_days)
        p = tilted_probability(p, sign, score, target[STRENGTH, k], rules)
        rr = distance / risk
        best_p = max(best_p, p)
        if p * rr > largest:
            largest = p * rr
            primary = k
            primary_rr = rr
            primary_p = p
    return Primary(primary, primary_rr, primary_p, best_p)
