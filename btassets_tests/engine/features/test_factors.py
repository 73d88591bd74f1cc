"""Price signals against plain numpy and hand cases on the same window."""

import numpy as np

from btassets.engine.features.factors import factor_signals
from btassets.engine.signals import SIGNAL_NAMES
from btassets_tests.reference.awkward_bars import make_bars, make_benchmark


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
