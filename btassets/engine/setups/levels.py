"""Support and resistance: pivots, levels, and the zone representatives on each side of the close.

Belongs here: compiled geometry of past highs and lows. Does not belong here: the choice of a target (targets.py).
"""

from typing import NamedTuple

from btassets.engine.compiling import Int32s, OutInt32s, OutRealMatrix, OutReals, RealMatrix, Reals, Whole, helper

HALF_STRENGTH_WEIGHT = 2.0
"""Weight of two fresh touches at average volume: strength 50."""

PRICE, LEVEL_STRENGTH = range(2)
"""Rows of the levels written by `cluster_levels`: price, strength 0-100."""

TARGET_PRICE, DISTANCE, STRENGTH = range(3)
"""Rows of the targets written by `zone_targets` and `projected_targets`: two prices, strength 0-100."""

N_TARGET_ROWS = 3


class ZoneRules(NamedTuple):
    """Allowed range of targets, in ATR, and their number (`ReplayRules`)."""

    spacing_atr: float
    min_atr: float
    max_atr: float
    max_targets: int
    is_projected: bool
    first_atr: float
    second_atr: float
    third_atr: float


class Pivots(NamedTuple):
    """Pivots in time order, at one bar the high before the low: bar and price."""

    bar: Int32s
    price: Reals


@helper
def find_pivots(high: Reals, low: Reals, arm: Whole, pivot_bar: OutInt32s, pivot_price: OutReals) -> Whole:
    """Write every pivot of the series in time order, at one bar the high before the low.

    A pivot high is above the `arm` bars before it and not below the `arm` bars after it (a plateau
    counts once, at its first bar); a pivot low is the mirror image. It is known `arm` bars later.

    Returns
    -------
    int
        Number of pivots written to `pivot_bar` (int32) and `pivot_price` (float64), both of
        shape (2 * n_bars,).
    """
    count = 0
    for t in range(arm, len(high) - arm):
        is_high = True
        is_low = True
        for j in range(1, arm + 1):
            is_high = is_high and high[t] > high[t - j] and high[t] >= high[t + j]
            is_low = is_low and low[t] < low[t - j] and low[t] <= low[t + j]
            if not (is_high or is_low):
                break
        if is_high:
            pivot_bar[count] = t
            pivot_price[count] = high[t]
            count += 1
        if is_low:
            pivot_bar[count] = t
            pivot_price[count] = low[t]
            count += 1
    return count


@helper
def cluster_levels(
    i: Whole,
    pivots: Pivots,
    volume: Reals,
    mean_volume: float,
    decay: Reals,
    tolerance: float,
    work: OutRealMatrix,
    level: OutRealMatrix,
) -> Whole:
    """Join the window's pivots into levels.

    Parameters
    ----------
    i
        As-of bar.
    pivots
        Those of the window.
    volume, mean_volume
        Volume per bar of the ticker; mean volume of the window.
    decay
        Weight of a pivot by its age in bars.
    tolerance
        Price distance within which pivots form a level.
    work
        Scratch, float64 (3, >= n_pivots).
    level
        Out, float64 (2, >= n_pivots): price, strength (0-100).

    Returns
    -------
    int
        Number of levels.

    Notes
    -----
    The free pivot with the most weight within the tolerance leads (tie: the later one in the order of the pivots); all
    free pivots within its tolerance join. The result does not depend on a scan direction in price and no level is wider
    than twice the tolerance.
    """
    n = len(pivots.bar)
    price = work[0, :n]
    weight = work[1, :n]
    score = work[2, :n]
    for q in range(n):
        t = pivots.bar[q]
        factor = 1.0
        if mean_volume > 0.0:
            factor = min(2.0, max(0.5, volume[t] / mean_volume))
        weight[q] = decay[i - t] * factor
        price[q] = pivots.price[q]
        score[q] = 0.0
    # Pivot by pivot into all scores at once, so that each score still accumulates in time order.
    for q in range(n):
        center = price[q]
        w = weight[q]
        for j in range(n):
            score[j] += w if abs(center - price[j]) <= tolerance else 0.0
    leader = 0
    for q in range(1, n):
        if score[q] >= score[leader]:
            leader = q
    n_free = n
    n_levels = 0
    while n_free > 0:
        center = price[leader]
        joined = 0.0
        joined_price = 0.0
        kept = 0
        leader = 0
        best = -1.0
        for q in range(n_free):
            p = price[q]
            w = weight[q]
            if abs(p - center) <= tolerance:
                joined += w
                joined_price += w * p
            else:
                own = score[q]
                price[kept] = p
                weight[kept] = w
                score[kept] = own
                if own >= best:
                    best = own
                    leader = kept
                kept += 1
        n_free = kept
        level[PRICE, n_levels] = joined_price / joined
        level[LEVEL_STRENGTH, n_levels] = 100.0 * joined / (joined + HALF_STRENGTH_WEIGHT)
        n_levels += 1
    return n_levels


@helper
def zone_targets(
    entry: float,
    sign: float,
    atr: float,
    level: RealMatrix,
    rules: ZoneRules,
    work: OutRealMatrix,
    target: OutRealMatrix,
) -> Whole:
    """Zone representatives on one side of the close that are in range, nearest first.

    By strength descending (tie: the nearer) a level is kept if it is more than `rules.spacing_atr` ATR from every kept
    one. Kept levels at `rules.min_atr` to `rules.max_atr` ATR (both included) are targets, at most the nearest
    `rules.max_targets`. A level equal to the close is on neither side.

    Parameters
    ----------
    entry, sign, atr
        Close of the as-of bar, +1.0 for levels above it and -1.0 for those below, ATR.
    level
        Result of `cluster_levels`, cut to the number of levels.
    rules
        Spacing, range and number.
    work
        Scratch, float64 (2, >= n_levels).
    target
        Out, float64 (3, >= max_targets): price, distance from the entry [price], strength.

    Returns
    -------
    int
        Number of targets.
    """
    max_targets = rules.max_targets
    n = 0
    for k in range(level.shape[1]):
        if sign * (level[PRICE, k] - entry) > 0.0:
            work[PRICE, n] = level[PRICE, k]
            work[LEVEL_STRENGTH, n] = level[LEVEL_STRENGTH, k]
            n += 1
    spacing = rules.spacing_atr * atr
    n_targets = 0
    while n > 0:
        strongest = 0
        for k in range(1, n):
            if work[LEVEL_STRENGTH, k] > work[LEVEL_STRENGTH, strongest] or (
                work[LEVEL_STRENGTH, k] == work[LEVEL_STRENGTH, strongest]
                and abs(work[PRICE, k] - entry) < abs(work[PRICE, strongest] - entry)
            ):
                strongest = k
        price = work[PRICE, strongest]
        strength = work[LEVEL_STRENGTH, strongest]
        distance = abs(price - entry)
        if rules.min_atr <= distance / atr <= rules.max_atr:
            place = n_targets
            while place > 0 and target[DISTANCE, place - 1] > distance:
                if place < max_targets:
                    target[TARGET_PRICE, place] = target[TARGET_PRICE, place - 1]
                    target[DISTANCE, place] = target[DISTANCE, place - 1]
                    target[STRENGTH, place] = target[STRENGTH, place - 1]
                place -= 1
            if place < max_targets:
                target[TARGET_PRICE, place] = price
                target[DISTANCE, place] = distance
                target[STRENGTH, place] = strength
                n_targets = min(n_targets + 1, max_targets)
        kept = 0
        for k in range(n):
            if abs(work[PRICE, k] - price) > spacing:
                work[PRICE, kept] = work[PRICE, k]
                work[LEVEL_STRENGTH, kept] = work[LEVEL_STRENGTH, k]
                kept += 1
        n = kept
    return n_targets


@helper
def projected_targets(entry: float, sign: float, atr: float, rules: ZoneRules, target: OutRealMatrix) -> Whole:
    """Three targets at fixed multiples of ATR, strength 0; those at or below a price of 0 are left out.

    `target` as in `zone_targets`; returns how many were written.
    """
    n = 0
    for multiple in (rules.first_atr, rules.second_atr, rules.third_atr):
        price = entry + sign * (multiple * atr)
        if price > 0.0:
            target[TARGET_PRICE, n] = price
            target[DISTANCE, n] = multiple * atr
            target[STRENGTH, n] = 0.0
            n += 1
    return n
