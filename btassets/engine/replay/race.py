"""The race of target against stop, compiled; the stop may move.

Belongs here: the level of the stop on each day, the day of each event, and the ATR that measures a trailing stop. Does
not belong here: results in R (outcome.py), capital (`engine.portfolio`).

A level of day d follows from bars before d alone, so that it could have been an order in the market at its open.
"""

from typing import NamedTuple

import numpy as np

from btassets.engine.compiling import Flag, Reals, Whole, helper
from btassets.engine.conventions import ExitPolicy
from btassets.engine.features.indicators import WILDER_BARS, WILDER_KEEP, WILDER_STEP
from btassets.engine.replay.candidate_columns import OUTCOMES

TARGET_HIT = OUTCOMES.index("target_hit")
STOP_HIT = OUTCOMES.index("stop_hit")
AMBIGUOUS = OUTCOMES.index("ambiguous")
EXPIRED = OUTCOMES.index("expired")


class SetupPrices(NamedTuple):
    """A setup to grade: direction, close of the as-of bar, levels, and the payout of a target hit at the close fill.

    `atr`, that of the as-of bar, is read by a trailing stop only.
    """

    is_long: bool
    entry: float
    stop: float
    target: float
    rr: float
    atr: float


@helper
def as_printed(setup: SetupPrices, close: float, factor: float) -> SetupPrices:
    """A setup in prices of its as-of day; `close`: the printed one, `factor`: adjusted over printed price."""
    return SetupPrices(setup.is_long, close, setup.stop / factor, setup.target / factor, setup.rr, setup.atr)


@helper
def as_adjusted(setup: SetupPrices, factor: float) -> SetupPrices:
    """A setup in prices of its as-of day, in those of the adjusted bars."""
    levels = (setup.entry * factor, setup.stop * factor, setup.target * factor)
    return SetupPrices(setup.is_long, levels[0], levels[1], levels[2], setup.rr, setup.atr)


def typed_policy(policy: ExitPolicy) -> ExitPolicy:
    """Cast the numbers of a policy to the types of the compiled signatures."""
    return ExitPolicy(
        float(policy.trail_atr), float(policy.breakeven_r), float(policy.part_frac), int(policy.window_bars)
    )


@helper
def moves_stop(policy: ExitPolicy) -> Flag:
    """Whether the stop leaves its planned level."""
    return policy.trail_atr > 0.0 or policy.breakeven_r > 0.0


@helper
def atr_of_window(first: Whole, i: Whole, high: Reals, low: Reals, close: Reals) -> float:
    """ATR(14) of bars first..i, the bits of `window_state`; with 2 to 14 bars the mean true range, with one bar NaN.

    Parameters
    ----------
    first, i
        First and last bar of the window; bar `first` has no true range of its own.
    high, low, close
        Shape (n_bars,).
    """
    n = i - first + 1
    if n < 2:
        return np.nan
    atr = 0.0
    for k in range(1, n):
        t = first + k
        previous = close[t - 1]
        true_range = max(high[t] - low[t], abs(high[t] - previous), abs(low[t] - previous))
        if k < WILDER_BARS:
            atr += true_range
        elif k == WILDER_BARS:
            atr = (atr + true_range) * WILDER_STEP
        else:
            atr = atr * WILDER_KEEP + true_range * WILDER_STEP
    return atr if n > WILDER_BARS else atr / (n - 1)


@helper
def next_stop(
    level: float, best: float, entry: float, planned_stop: float, atr: float, sign: float, policy: ExitPolicy
) -> float:
    """Stop of the next day; it never moves away from the market.

    Parameters
    ----------
    level
        Stop of this day.
    best
        Best price from the as-of close to this bar: highest of a long, lowest of a short.
    entry, planned_stop
        Levels of the setup; their distance is 1R.
    atr
        ATR of the as-of bar; NaN: the stop does not trail.
    sign
        1.0 for a long, -1.0 for a short.
    policy
        Both rules; the nearer level counts.
    """
    if policy.trail_atr > 0.0 and atr > 0.0:
        trailed = best - sign * policy.trail_atr * atr
        if sign * (trailed - level) > 0.0:
            level = trailed
    risk = abs(entry - planned_stop)
    if policy.breakeven_r > 0.0 and sign * (best - entry) >= policy.breakeven_r * risk and sign * (entry - level) > 0.0:
        level = entry
    return level


@helper
def walk_forward_bars(
    high: Reals,
    low: Reals,
    i: Whole,
    n_forward: Whole,
    n_raced: Whole,
    setup: SetupPrices,
    policy: ExitPolicy,
) -> tuple[Whole, Whole, Whole, float]:
    """How bars i+1..i+n_forward meet the two levels; touches are inclusive, and the race ends with bar i+n_raced.

    Returns
    -------
    tuple
        Outcome code; day of the outcome (`n_raced` if none); first day on which the stop was touched, also after the
        race (0: never); the stop's level on that day. Day 1 is bar i+1.
    """
    stop, target = setup.stop, setup.target
    is_moving = moves_stop(policy)
    sign = 1.0 if setup.is_long else -1.0
    best = setup.entry
    outcome = EXPIRED
    decided = n_raced
    for day in range(1, n_forward + 1):
        j = i + day
        if setup.is_long:
            is_stop = low[j] <= stop
            is_target = high[j] >= target
        else:
            is_stop = high[j] >= stop
            is_target = low[j] <= target
        if outcome == EXPIRED and day <= n_raced and (is_stop or is_target):
            decided = day
            if not is_stop:
                outcome = TARGET_HIT
            elif is_target:
                outcome = AMBIGUOUS
            else:
                outcome = STOP_HIT
        if is_stop:
            return outcome, decided, day, stop
        if is_moving:
            best = max(best, high[j]) if setup.is_long else min(best, low[j])
            stop = next_stop(stop, best, setup.entry, setup.stop, setup.atr, sign, policy)
    return outcome, decided, 0, stop
