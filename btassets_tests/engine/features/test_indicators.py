"""Indicators against TA-Lib, numpy and hand cases on the same window."""

import numpy as np
import pytest

from btassets.engine.features.indicators import bar_terms, window_state
from btassets_tests.reference.awkward_bars import make_bars

# The plain twins: inner functions have no wrapper for Python.
terms_of = getattr(bar_terms, "py_func", bar_terms)
state_of = getattr(window_state, "py_func", window_state)
NAMES = ("atr", "rsi", "balance", "adx", "ema_fast", "ema_slow", "cmf", "mean_volume")


def state(bars, s, i):
    terms = terms_of(bars.high, bars.low, bars.close, bars.volume)
    return dict(zip(NAMES, state_of(s, i, bars.close, bars.volume, terms), strict=True))


@pytest.mark.parametrize(("seed", "m"), [(1, 253), (2, 253), (3, 60), (4, 61), (5, 100)])
def test_equal_to_talib_on_the_same_window(seed, m):
    import talib

    bars = make_bars(seed, n=300, halt=False, awkward=False)
    i = 290
    s = i - m + 1
    found = state(bars, s, i)
    high, low, close = (np.ascontiguousarray(part[s : i + 1]) for part in (bars.high, bars.low, bars.close))
    plus, minus = talib.PLUS_DI(high, low, close, 14)[-1], talib.MINUS_DI(high, low, close, 14)[-1]
    expected = {
        "atr": talib.ATR(high, low, close, 14)[-1],
        "rsi": talib.RSI(close, 14)[-1],
        "adx": talib.ADX(high, low, close, 14)[-1],
        "ema_fast": talib.EMA(close, 20)[-1],
        "ema_slow": talib.EMA(close, 50)[-1],
        "balance": (plus - minus) / (plus + minus),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-12), name


def test_chaikin_money_flow_by_hand():
    bars = make_bars(9, n=80, halt=False)
    location = np.divide(
        (bars.close - bars.low) - (bars.high - bars.close),
        bars.high - bars.low,
        out=np.zeros(80),
        where=bars.high > bars.low,
    )
    expected = (location * bars.volume)[-20:].sum() / bars.volume[-20:].sum()
    assert state(bars, 0, 79)["cmf"] == pytest.approx(expected, rel=1e-12)
    assert state(bars, 0, 79)["mean_volume"] == pytest.approx(bars.volume.mean(), rel=1e-12)


def test_rsi_of_a_series_that_never_moves_is_neutral():
    bars = make_bars(1, n=70, halt=False, awkward=False)
    still = type(bars)(bars.dates, *[np.full(70, 5.0)] * 4, bars.volume)
    found = state(still, 0, 69)
    assert (found["atr"], found["rsi"], found["adx"], found["balance"], found["cmf"]) == (
        0.0,
        50.0,
        0.0,
        0.0,
        0.0,
    )
