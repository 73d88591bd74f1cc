"""Regimes: labels from the past only."""

import numpy as np

from btassets.engine.statistics.regimes import labels_at, trend_codes, volatility_codes


def test_trend_and_volatility_know_the_past_only():
    rng = np.random.default_rng(3)
    closes = 100 * np.exp(np.cumsum(rng.standard_normal(900) * 0.01))
    trend, volatility = trend_codes(closes), volatility_codes(closes)
    assert (trend[:199] == -1).all()
    assert (trend[199:] >= 0).all()
    assert trend[500] == (closes[500] >= closes[301:501].mean())
    first = 63 + 189
    assert (volatility[:first] == -1).all()
    assert (volatility[first:] >= 0).all()
    returns = closes[1:] / closes[:-1] - 1
    history = [returns[i : i + 63].std(ddof=1) for i in range(700 - 62)]  # up to session 700
    assert volatility[700] == (history[-1] > np.median(history[:-1]))
    changed = closes.copy()
    changed[600:] *= 3
    assert (trend_codes(changed)[:600] == trend[:600]).all()
    assert (volatility_codes(changed)[:600] == volatility[:600]).all()
    for short in (np.zeros(0), closes[:30]):
        assert (trend_codes(short) == -1).all()
        assert (volatility_codes(short) == -1).all()


def test_labels_take_the_last_session_at_or_before():
    codes = np.array([0, 1, 0], dtype=np.int8)
    dates = np.array([10, 12, 15], dtype=np.int32)
    asof = np.array([9, 10, 14, 99], dtype=np.int32)
    assert labels_at(asof, dates, codes).tolist() == [-1, 0, 1, 0]
    assert labels_at(asof, dates[:0], codes[:0]).tolist() == [-1] * 4
