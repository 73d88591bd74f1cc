"""Indicators of one window of bars: ATR, RSI, DMI/ADX, EMA 20 and 50, CMF, mean volume.

Belongs here: compiled functions of bars s..i only, every recursion started at s, so that a row
depends on at most 253 bars. Does not belong here: what the numbers mean for a trade (setups).

Sums run in time order, recursions multiply by constants instead of dividing (13/14 and 1/14 are
the same two doubles everywhere), nothing is contracted or reordered: the bits are portable.
"""

import numpy as np

from btassets.engine.features.entry import inner

WILDER_BARS = 14
WILDER_KEEP = 13.0 / 14.0
WILDER_STEP = 1.0 / 14.0
EMA_FAST_BARS = 20
EMA_SLOW_BARS = 50
CMF_BARS = 20
_K_FAST = 2.0 / (EMA_FAST_BARS + 1.0)
_K_SLOW = 2.0 / (EMA_SLOW_BARS + 1.0)
_KEEP_FAST = 1.0 - _K_FAST
_KEEP_SLOW = 1.0 - _K_SLOW


@inner
def bar_terms(high, low, close, volume):
    """Per-bar terms of the indicators, float64 of shape (7, n_bars).

    Rows: true range, gain and loss of the close, +DM, -DM, money flow volume, squared close
    change. Bar 0 has no previous close: its first five terms and the last are 0 and never read.
    """
    n = len(close)
    terms = np.zeros((7, n))
    for t in range(n):
        spread = high[t] - low[t]
        if spread > 0.0:
            terms[5, t] = ((close[t] - low[t]) - (high[t] - close[t])) / spread * volume[t]
        if t == 0:
            continue
        previous = close[t - 1]
        terms[0, t] = max(spread, abs(high[t] - previous), abs(low[t] - previous))
        change = close[t] - previous
        if change > 0.0:
            terms[1, t] = change
        else:
            terms[2, t] = -change
        up = high[t] - high[t - 1]
        down = low[t - 1] - low[t]
        if up > 0.0 and up > down:
            terms[3, t] = up
        if down > 0.0 and down > up:
            terms[4, t] = down
        terms[6, t] = change * change
    return terms


@inner
def window_state(s, i, close, volume, terms):
    """State of the window s..i (at least 60 bars) at its last bar.

    Returns
    -------
    tuple of float
        ATR(14) [price], RSI(14) [0-100], balance of directional movement (+DM - -DM)/(+DM + -DM)
        [-1, 1; 0 when neither moved], ADX(14) [0-100], EMA(20), EMA(50) [price], CMF(20) [-1, 1],
        mean volume of the window [shares].

    Notes
    -----
    Wilder (1978) in TA-Lib's arrangement; RSI is 50 without any change (TA-Lib: 0).
    """
    # One array of the window's bars, index 0 = bar s: no negative index for the compiler to fear.
    c = close[s : i + 1]
    v = volume[s : i + 1]
    tr = terms[0, s : i + 1]
    gains = terms[1, s : i + 1]
    losses = terms[2, s : i + 1]
    plus_dm = terms[3, s : i + 1]
    minus_dm = terms[4, s : i + 1]
    n = len(c)

    atr = 0.0
    gain = 0.0
    loss = 0.0
    plus = 0.0
    minus = 0.0
    for t in range(1, WILDER_BARS):
        atr += tr[t]
        gain += gains[t]
        loss += losses[t]
        plus += plus_dm[t]
        minus += minus_dm[t]
    atr = (atr + tr[WILDER_BARS]) * WILDER_STEP
    gain = (gain + gains[WILDER_BARS]) * WILDER_STEP
    loss = (loss + losses[WILDER_BARS]) * WILDER_STEP
    plus = plus * WILDER_KEEP + plus_dm[WILDER_BARS]
    minus = minus * WILDER_KEEP + minus_dm[WILDER_BARS]
    moved = plus + minus
    adx = 100.0 * abs(plus - minus) / moved if moved > 0.0 else 0.0

    fast = 0.0
    volumes = 0.0
    for t in range(EMA_FAST_BARS):
        fast += c[t]
        volumes += v[t]
    slow = fast
    fast = fast / EMA_FAST_BARS
    for t in range(EMA_FAST_BARS, EMA_SLOW_BARS):
        slow += c[t]
        volumes += v[t]
        fast = fast * _KEEP_FAST + c[t] * _K_FAST
    slow = slow / EMA_SLOW_BARS

    for t in range(WILDER_BARS + 1, 2 * WILDER_BARS):
        atr = atr * WILDER_KEEP + tr[t] * WILDER_STEP
        gain = gain * WILDER_KEEP + gains[t] * WILDER_STEP
        loss = loss * WILDER_KEEP + losses[t] * WILDER_STEP
        plus = plus * WILDER_KEEP + plus_dm[t]
        minus = minus * WILDER_KEEP + minus_dm[t]
        moved = plus + minus
        if moved > 0.0:
            adx += 100.0 * abs(plus - minus) / moved
    adx = adx * WILDER_STEP
    for t in range(2 * WILDER_BARS, EMA_SLOW_BARS):
        atr = atr * WILDER_KEEP + tr[t] * WILDER_STEP
        gain = gain * WILDER_KEEP + gains[t] * WILDER_STEP
        loss = loss * WILDER_KEEP + losses[t] * WILDER_STEP
        plus = plus * WILDER_KEEP + plus_dm[t]
        minus = minus * WILDER_KEEP + minus_dm[t]
        moved = plus + minus
        if moved > 0.0:
            adx = adx * WILDER_KEEP + (100.0 * abs(plus - minus) / moved) * WILDER_STEP
    for t in range(EMA_SLOW_BARS, n):
        atr = atr * WILDER_KEEP + tr[t] * WILDER_STEP
        gain = gain * WILDER_KEEP + gains[t] * WILDER_STEP
        loss = loss * WILDER_KEEP + losses[t] * WILDER_STEP
        plus = plus * WILDER_KEEP + plus_dm[t]
        minus = minus * WILDER_KEEP + minus_dm[t]
        moved = plus + minus
        if moved > 0.0:
            adx = adx * WILDER_KEEP + (100.0 * abs(plus - minus) / moved) * WILDER_STEP
        fast = fast * _KEEP_FAST + c[t] * _K_FAST
        slow = slow * _KEEP_SLOW + c[t] * _K_SLOW
        volumes += v[t]

    rsi = 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 50.0
    balance = (plus - minus) / (plus + minus) if plus + minus > 0.0 else 0.0
    flow = 0.0
    traded = 0.0
    flows = terms[5, s : i + 1]
    for t in range(n - CMF_BARS, n):
        flow += flows[t]
        traded += v[t]
    cmf = flow / traded if traded > 0.0 else 0.0
    return atr, rsi, balance, adx, fast, slow, cmf, volumes / n
