"""A setup rule: buy a close above the highest high of the last 20 bars, half a month of range below it as the stop."""

import numpy as np

import btassets as bt

CHANNEL_BARS, ATR_BARS = 20, 14


@bt.setup_rule(lookback=CHANNEL_BARS + ATR_BARS)
def breakout(w: "bt.Window") -> "bt.Setup | None":
    """Buy a close above the high of the last 20 bars."""
    close, highest = w.close[-1], w.high[-CHANNEL_BARS - 1 : -1].max()
    if close <= highest:
        return None
    ranges = np.maximum(w.high[1:], w.close[:-1]) - np.minimum(w.low[1:], w.close[:-1])
    atr = ranges[-ATR_BARS:].mean()
    if atr <= 0.0 or close <= 2.0 * atr:
        return None
    score = min(100.0, 55.0 + 45.0 * (close - highest) / atr)
    return bt.Setup("long", stop=close - 2.0 * atr, targets=[close + 3.0 * atr, close + 5.0 * atr], score=score)
