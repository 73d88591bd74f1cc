"""Support and resistance: pivots, levels, and the zone representatives on each side of the close.

Belongs here: compiled geometry of past highs and lows. Does not belong here: which level is worth
a trade (targets.py).
"""

from btassets.engine.features.entry import inner

HALF_STRENGTH_WEIGHT = 2.0
"""Weight of two fresh touches at average volume: strength 50."""


@inner
def find_pivots(high, low, arm, pivot_bar, pivot_price):
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


@inner
def cluster_levels(i, pivot_bar, pivot_price, volume, mean_volume, decay, tolerance, work, level):
    """Join the window's pivots into levels.

    Parameters
    ----------
    i
        As-of bar.
    pivot_bar, pivot_price
        The pivots of the window, time order.
    volume, mean_volume
        Volume per bar of the ticker; mean volume of the window.
    decay
        Weight of a pivot by its age in bars.
    tolerance
        Price distance within which pivots belong together.
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
    The free pivot with the most weight within the tolerance leads (tie: the later one in the
    order of `pivot_bar`), all free pivots within the tolerance of it join. The result does not
    depend on a scan direction in price and no level is wider than twice the tolerance.
    """
    n = len(pivot_bar)
    price = work[0, :n]
    weight = work[1, :n]
    score = work[2, :n]
    for q in range(n):
        t = pivot_bar[q]
        factor = 1.0
        if mean_volume > 0.0:
            factor = min(2.0, max(0.5, volume[t] / mean_volume))
        weight[q] = decay[i - t] * factor
        price[q] = pivot_price[q]
        score[q] = 0.0
    # Pivot by pivot into all scores at once: each score still grows in time order.
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
        level[0, n_levels] = joined_price / joined
        level[1, n_levels] = 100.0 * joined / (joined + HALF_STRENGTH_WEIGHT)
        n_levels += 1
    return n_levels


@inner
def zone_targets(entry, sign, atr, level, n_levels, spacing_atr, min_atr, max_atr, max_targets, work, target):
    """Levels on one side of the close that represent their zone and lie in reach, nearest first.

    By strength descending (tie: the nearer) a level is kept when it is more than `spacing_atr` ATR
    from every kept one. Of the kept ones those at `min_atr` to `max_atr` ATR (both included) are
    targets, the nearest `max_targets` of them. A level equal to the close is on neither side.

    Parameters
    ----------
    entry, sign, atr
        Close of the as-of bar, +1.0 for levels above it and -1.0 for those below, ATR.
    level, n_levels
        What `cluster_levels` wrote.
    work
        Scratch, float64 (2, >= n_levels).
    target
        Out, float64 (3, >= max_targets): price, distance from the entry [price], strength.

    Returns
    -------
    int
        Number of targets.
    """
    n = 0
    for k in range(n_levels):
        if sign * (level[0, k] - entry) > 0.0:
            work[0, n] = level[0, k]
            work[1, n] = level[1, k]
            n += 1
    spacing = spacing_atr * atr
    n_targets = 0
    while n > 0:
        strongest = 0
        for k in range(1, n):
            if work[1, k] > work[1, strongest] or (
                work[1, k] == work[1, strongest] and abs(work[0, k] - entry) < abs(work[0, strongest] - entry)
            ):
                strongest = k
        price = work[0, strongest]
        strength = work[1, strongest]
        distance = abs(price - entry)
        if min_atr <= distance / atr <= max_atr:
            place = n_targets
            while place > 0 and target[1, place - 1] > distance:
                if place < max_targets:
                    target[0, place] = target[0, place - 1]
                    target[1, place] = target[1, place - 1]
                    target[2, place] = target[2, place - 1]
                place -= 1
            if place < max_targets:
                target[0, place] = price
                target[1, place] = distance
                target[2, place] = strength
                n_targets = min(n_targets + 1, max_targets)
        kept = 0
        for k in range(n):
            if abs(work[0, k] - price) > spacing:
                work[0, kept] = work[0, k]
                work[1, kept] = work[1, k]
                kept += 1
        n = kept
    return n_targets


@inner
def projected_targets(entry, sign, atr, first_atr, second_atr, third_atr, target):
    """Three targets at fixed multiples of ATR, strength 0; those at or below a price of 0 are left out.

    `target` as in `zone_targets`; returns how many were written.
    """
    n = 0
    for multiple in (first_atr, second_atr, third_atr):
        price = entry + sign * (multiple * atr)
        if price > 0.0:
            target[0, n] = price
            target[1, n] = multiple * atr
            target[2, n] = 0.0
            n += 1
    return n
