"""Exit policies beside target and hold: a stop that moves, and a part sold at the target; compiled.

Belongs here: the level of the stop on each day, the day of each event, and the ATR that measures a trailing stop. Does
not belong here: results in R (outcome.py), capital (`engine.portfolio`).

A level of day d follows from bars before d alone, so that it could have been an order in the market at its open.
"""

import numpy as np

from btassets.engine.compiling import Flag, Reals, Whole, helper
from btassets.engine.conventions import ExitPolicy
from btassets.engine.features.indicators import WILDER_BARS, WILDER_KEEP, WILDER_STEP


def typed_policy(policy: ExitPolicy) -> ExitPolicy:
    """The policy with the types that the compiled code was made for, whatever the numbers came as."""
    return ExitPolicy(
        float(policy.trail_atr), float(policy.breakeven_r), float(policy.part_frac), int(policy.window_bars)
    )


@helper
def moves_stop(policy: ExitPolicy) -> Flag:
    """Whether the stop leaves its planned level."""
    return policy.trail_atr > 0.0 or policy.breakeven_r > 0.0


@helper
def atr_of_window(first: Whole, i: Whole, high: Reals, low: Reals, close: Reals) -> float:
    """ATR(14) of bars first..i, the bits of `window_state`; a mean of what there is with fewer than 15 bars, then NaN.

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
