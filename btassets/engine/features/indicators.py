"""Indicators of one window of bars: ATR, RSI, DMI/ADX, EMA 20 and 50, CMF, mean volume.

Belongs here: compiled functions of bars s..i only, every recursion started at s, so that a row depends on at most 253
bars. Does not belong here: the use of the numbers in a trade (setups).

Sums run in time order, recursions multiply by constants instead of dividing (13/14 and 1/14 are the same two doubles
everywhere), nothing is contracted or reordered, so the bits are portable.
"""

from typing import NamedTuple

import numpy as np

from btassets.engine.compiling import RealMatrix, Reals, Whole, helper

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

TRUE_RANGE, GAIN, LOSS, PLUS_DM, MINUS_DM, MONEY_FLOW, SQUARED_CHANGE = range(7)
"""Rows of the result of `bar_terms`."""

N_TERMS = 7


class WindowState(NamedTuple):
    """State of one window at its last bar.

    Attributes
    ----------
    atr, ema_fast, ema_slow
        ATR(14), EMA(20), EMA(50), price.
    rsi, adx
        RSI(14), ADX(14), 0-100.
    balance
        Directional movement (+DM - -DM)/(+DM + -DM), [-1, 1]; 0 when neither moved.
    cmf
        CMF(20), [-1, 1].
    mean_volume
        Mean volume of the window, shares.
    """

    atr: float
    rsi: float
    balance: float
    adx: float
    ema_fast: float
    ema_slow: float
    cmf: float
    mean_volume: float


@helper
def bar_terms(high: Reals, low: Reals, close: Reals, volume: Reals) -> RealMatrix:
    """Per-bar terms of the indicators, float64 of shape (7, n_bars).

    Rows: `TRUE_RANGE`, `GAIN` and `LOSS` of the close, +DM, -DM, money flow volume, squared close
    change. Bar 0 has no previous close: its first five terms and the last are 0 and never read.
    """
    n = len(close)
    terms = np.zeros((N_TERMS, n))
    for t in range(n):
        spread = high[t] - low[t]
        if spread > 0.0:
            terms[MONEY_FLOW, t] = ((close[t] - low[t]) - (high[t] - close[t])) / spread * volume[t]
        if t == 0:
            continue
        previous = close[t - 1]
        terms[TRUE_RANGE, t] = max(spread, abs(high[t] - previous), abs(low[t] - previous))
        change = close[t] - previous
        if change > 0.0:
            terms[GAIN, t] = change
        else:
            terms[LOSS, t] = -change
        up = high[t] - high[t - 1]
        down = low[t - 1] - low[t]
        if up > 0.0 and up > down:
            terms[PLUS_DM, t] = up
        if down > 0.0 and down > up:
            terms[MINUS_DM, t] = down
        terms[SQUARED_CHANGE, t] = change * change
    return terms


@helper
def window_state(s: Whole, i: Whole, close: Reals, volume: Reals, terms: RealMatrix) -> WindowState:
    """State of the window s..i (at least 60 bars) at its last bar.

    Parameters
    ----------
    s, i
        First and last bar.
    close, volume
        Shape (n_bars,).
    terms
        From `bar_terms`.

    Notes
    -----
    Wilder (1978) in TA-Lib's arrangement; RSI is 50 without any change (TA-Lib: 0).
    """
    # One array of the window's bars, index 0 = bar s, so that the compiler sees no negative index.
    c = close[s : i + 1]
    v = volume[s : i + 1]
    tr = terms[TRUE_RANGE, s : i + 1]
    gains = terms[GAIN, s : i + 1]
    losses = terms[LOSS, s : i + 1]
    plus_dm = terms[PLUS_DM, s : i + 1]
    minus_dm = terms[MINUS_DM, s : i + 1]
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
    flows = terms[MONEY_FLOW, s : i + 1]
    for t in range(n - CMF_BARS, n):
        flow += flows[t]
        traded += v[t]
    cmf = flow / traded if traded > 0.0 else 0.0
    return WindowState(atr, rsi, balance, adx, fast, slow, cmf, volumes / n)
