"""Indicators and signals against TA-Lib, numpy and hand cases on the same window."""

import numpy as np
import pytest

from btassets.engine.features.factors import factor_signals
from btassets.engine.features.indicators import bar_terms, window_state
from btassets.engine.setups.explain import explain_asof
from btassets.engine.signals import SIGNAL_NAMES
from btassets_tests.reference.awkward_bars import make_bars, make_benchmark, make_job, replayed

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


def test_signals_equal_an_independent_numpy_version():
    bars = make_bars(21, n=420, halt=False)
    bench = make_benchmark(21, bars)[1]
    index = np.arange(420, dtype=np.int32)
    found = factor_signals(bars, bench, index)
    c, h = bars.close, bars.high
    returns = c[1:] / c[:-1] - 1
    market = bench[1:] / bench[:-1] - 1
    for i in (20, 21, 62, 63, 125, 126, 198, 199, 250, 251, 252, 300, 419):
        expected = dict.fromkeys(SIGNAL_NAMES, np.nan)
        if i >= 21:
            expected["reversal_1m"] = c[i] / c[i - 21] - 1
        if i >= 63:
            expected["mom_3_1"] = c[i - 21] / c[i - 63] - 1
        if i >= 126:
            expected["mom_6_1"] = c[i - 21] / c[i - 126] - 1
            expected["vol_6m"] = returns[i - 126 : i].std(ddof=1)
        if i >= 199:
            expected["trend_200"] = c[i] / c[i - 199 : i + 1].mean() - 1
        if i >= 251:
            expected["high_52w"] = c[i] / h[i - 251 : i + 1].max()
        if i >= 252:
            expected["mom_12_1"] = c[i - 21] / c[i - 252] - 1
            y, x = returns[i - 252 : i - 21], market[i - 252 : i - 21]
            y, x = y[np.isfinite(x)], x[np.isfinite(x)]
            beta = np.cov(y, x)[0, 1] / x.var(ddof=1)
            expected["mom_12_1_resid"] = (y - beta * x).sum()
        for name, value in expected.items():
            np.testing.assert_allclose(found[name][i], value, rtol=1e-10, err_msg=f"{name} at {i}")


def test_residual_needs_a_hundred_pairs_and_a_benchmark_that_moves():
    bars = make_bars(3, n=260, halt=False, awkward=False)
    index = np.array([259], dtype=np.int32)
    first, stop = 259 - 252, 259 - 21  # bars whose returns count: first + 1 .. stop
    bench = np.full(260, np.nan)
    bench[first : first + 101] = 100.0 + np.arange(101) % 7
    assert np.isfinite(factor_signals(bars, bench, index)["mom_12_1_resid"][0])
    bench[first] = np.nan
    assert np.isnan(factor_signals(bars, bench, index)["mom_12_1_resid"][0])
    assert np.isnan(factor_signals(bars, np.full(260, 5.0), index)["mom_12_1_resid"][0])
    assert stop - first == 231


def test_no_signal_looks_across_a_gap():
    bars = make_bars(3, n=300, halt=False, awkward=False)
    dates = bars.dates.copy()
    dates[100:] += 40
    moved = type(bars)(dates, bars.open, bars.high, bars.low, bars.close, bars.volume)
    index = np.array([120, 121, 299], dtype=np.int32)
    bench = make_benchmark(3, bars)[1]
    assert np.isnan(factor_signals(moved, bench, index)["reversal_1m"]).tolist() == [True, False, False]
    assert np.isnan(factor_signals(moved, bench, index, gap_days=0)["mom_12_1"]).tolist() == [
        True,
        True,
        False,
    ]


def test_explanation_equals_the_replay():
    job = make_job(4, n=330)
    replay = replayed(job)
    told = explain_asof(job["bars"], replay.candidate_index)
    for name in ("technical", "momentum_score"):
        np.testing.assert_array_equal(told[name], replay.candidates[name])
    weights = {"trend": 0.30, "position": 0.15, "directional_movement": 0.20, "rsi": 0.20, "volume": 0.15}
    score = 50 + 50 * sum(weight * told[name] for name, weight in weights.items())
    np.testing.assert_allclose(score, told["technical"], rtol=1e-12)
    early = explain_asof(job["bars"], np.array([58], dtype=np.int32))
    assert all(np.isnan(column[0]) for column in early.values())


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
