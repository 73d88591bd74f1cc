"""The price signals of the cross-section (seed lines 512-601), compiled.

Belongs here: point-in-time numbers of one ticker at as-of bars, from bars of the window only. Does not belong here:
ranks across tickers, forward returns (replay), indicators for setups.

Every signal is a fraction (0.10 = 10%), NaN without enough history. Sums run left to right.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from btassets.engine.compiling import Int32s, OutReals, RealMatrix, Reals, Whole, helper, kernel
from btassets.engine.conventions import SESSIONS_A_YEAR
from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import segment_starts
from btassets.engine.signals import SIGNAL_NAMES

_PAST_RETURNS = np.array([[126, 21], [63, 21], [21, 0]], dtype=np.int64)  # mom_6_1, mom_3_1, reversal_1m
YEAR_BARS = SESSIONS_A_YEAR
HALF_YEAR_BARS = 126
MONTH_BARS = 21
TREND_BARS = 200
_MOMENTUM_DAYS = YEAR_BARS - MONTH_BARS
MIN_PAIRS = 100
"""Minimum number of pairs of stock and benchmark returns for a residual."""


_MOM_12_1 = SIGNAL_NAMES.index("mom_12_1")
_RESIDUAL = SIGNAL_NAMES.index("mom_12_1_resid")
_FIRST_PAST_RETURN = SIGNAL_NAMES.index("mom_6_1")
_TREND = SIGNAL_NAMES.index("trend_200")
_HIGH = SIGNAL_NAMES.index("high_52w")
_VOLATILITY = SIGNAL_NAMES.index("vol_6m")


class FactorTerms(NamedTuple):
    """Per-ticker arrays behind the signals.

    Attributes
    ----------
    close
        Shape (n_bars,).
    returns, bench_returns
        Shape (n_bars,): close-to-close return of each bar and the benchmark's over the same two dates, NaN if either
        benchmark date is missing.
    n_pairs
        Shape (n_bars + 1,): number of bars 1..t with both, entry t + 1 counting bar t.
    year_high
        Shape (n_bars,): highest high of the 252 bars that end at each bar.
    """

    close: Reals
    returns: Reals
    bench_returns: Reals
    n_pairs: Int32s
    year_high: Reals


@helper
def factor_terms(high: Reals, close: Reals, bench_close: Reals) -> FactorTerms:
    """The arrays of one ticker, all of the length of `close`."""
    n = len(close)
    returns = np.full(n, np.nan)
    bench_returns = np.full(n, np.nan)
    n_pairs = np.zeros(n + 1, np.int32)
    year_high = np.empty(n)
    queue = np.empty(n, np.int32)  # bars of a decreasing sequence of highs: the first is the highest
    first = 0
    last = 0
    for t in range(n):
        n_pairs[t + 1] = n_pairs[t]
        if t > 0:
            returns[t] = close[t] / close[t - 1] - 1.0
            if bench_close[t - 1] > 0.0 and not np.isnan(bench_close[t]):
                bench_returns[t] = bench_close[t] / bench_close[t - 1] - 1.0
                n_pairs[t + 1] += 1
        while last > first and high[queue[last - 1]] <= high[t]:
            last -= 1
        queue[last] = t
        last += 1
        if queue[first] <= t - YEAR_BARS:
            first += 1
        year_high[t] = high[queue[first]]
    return FactorTerms(close, returns, bench_returns, n_pairs, year_high)


@helper
def momentum(i: Whole, s: Whole, close: Reals) -> float:
    """`mom_12_1`: return from 252 to 21 bars ago; NaN if that is before the window."""
    if i - YEAR_BARS < s:
        return np.nan
    return close[i - MONTH_BARS] / close[i - YEAR_BARS] - 1.0


@helper
def residual_momentum(i: Whole, s: Whole, terms: FactorTerms) -> float:
    """12-1 momentum less the benchmark's part: sum of (stock - beta * benchmark) daily returns.

    Over the 231 days of `mom_12_1`, days without a benchmark return left out; NaN with fewer than 100 pairs or a
    constant benchmark. No intercept is removed, because with one the residuals would sum to zero.
    """
    if i - YEAR_BARS < s:
        return np.nan
    first = i - YEAR_BARS + 1
    stop = i - MONTH_BARS + 1
    n = terms.n_pairs[stop] - terms.n_pairs[first]
    if n < MIN_PAIRS:
        return np.nan
    stock = terms.returns[first:stop]
    market = terms.bench_returns[first:stop]
    stock_sum = 0.0
    market_sum = 0.0
    variation = 0.0
    covariation = 0.0
    residual = 0.0
    for k in range(len(stock)):
        if not np.isnan(market[k]):
            stock_sum += stock[k]
            market_sum += market[k]
    stock_mean = stock_sum / n
    market_mean = market_sum / n
    for k in range(len(stock)):
        if not np.isnan(market[k]):
            deviation = market[k] - market_mean
            variation += deviation * deviation
            covariation += (stock[k] - stock_mean) * deviation
    if variation <= 0.0:
        return np.nan
    beta = covariation / variation
    for k in range(len(stock)):
        if not np.isnan(market[k]):
            residual += stock[k] - beta * market[k]
    return residual


@helper
def trend_and_volatility(i: Whole, s: Whole, close: Reals, returns: Reals) -> tuple[float, float]:
    """(`trend_200`, `vol_6m`): close against its mean of 200 bars; deviation (ddof 1) of 126 returns."""
    trend = np.nan
    volatility = np.nan
    if i - HALF_YEAR_BARS >= s:
        recent = returns[i - HALF_YEAR_BARS + 1 : i + 1]
        total = 0.0
        squares = 0.0
        for k in range(HALF_YEAR_BARS):
            total += recent[k]
        mean = total / HALF_YEAR_BARS
        for k in range(HALF_YEAR_BARS):
            squares += (recent[k] - mean) * (recent[k] - mean)
        volatility = np.sqrt(squares / (HALF_YEAR_BARS - 1))
    if i - TREND_BARS + 1 >= s:
        closes = close[i - TREND_BARS + 1 : i + 1]
        level = 0.0
        for k in range(TREND_BARS):
            level += closes[k]
        trend = close[i] / (level / TREND_BARS) - 1.0
    return trend, volatility


@helper
def summed_signals(i: Whole, s: Whole, terms: FactorTerms) -> tuple[float, float, float]:
    """(`mom_12_1_resid`, `trend_200`, `vol_6m`): the expensive signals, as sums over many bars.

    If nothing is missing, the usual case, the three sums run interleaved: each adds in its own order, and none waits
    for another.
    """
    first = i - YEAR_BARS + 1
    stop = i - MONTH_BARS + 1
    if i - YEAR_BARS < s or terms.n_pairs[stop] - terms.n_pairs[first] < _MOMENTUM_DAYS:
        trend, volatility = trend_and_volatility(i, s, terms.close, terms.returns)
        return residual_momentum(i, s, terms), trend, volatility
    close = terms.close
    stock = terms.returns[first:stop]
    market = terms.bench_returns[first:stop]
    recent = terms.returns[i - HALF_YEAR_BARS + 1 : i + 1]
    closes = close[i - TREND_BARS + 1 : i + 1]
    stock_sum = 0.0
    market_sum = 0.0
    total = 0.0
    level = 0.0
    for k in range(HALF_YEAR_BARS):
        stock_sum += stock[k]
        market_sum += market[k]
        total += recent[k]
        level += closes[k]
    for k in range(HALF_YEAR_BARS, _MOMENTUM_DAYS):
        stock_sum += stock[k]
        market_sum += market[k]
    stock_mean = stock_sum / _MOMENTUM_DAYS
    market_mean = market_sum / _MOMENTUM_DAYS
    mean = total / HALF_YEAR_BARS
    variation = 0.0
    covariation = 0.0
    squares = 0.0
    for k in range(HALF_YEAR_BARS):
        deviation = market[k] - market_mean
        variation += deviation * deviation
        covariation += (stock[k] - stock_mean) * deviation
        squares += (recent[k] - mean) * (recent[k] - mean)
    for k in range(HALF_YEAR_BARS, _MOMENTUM_DAYS):
        deviation = market[k] - market_mean
        variation += deviation * deviation
        covariation += (stock[k] - stock_mean) * deviation
    beta = covariation / variation if variation > 0.0 else np.nan
    residual = 0.0
    for k in range(TREND_BARS - HALF_YEAR_BARS):
        residual += stock[k] - beta * market[k]
        level += closes[HALF_YEAR_BARS + k]
    for k in range(TREND_BARS - HALF_YEAR_BARS, _MOMENTUM_DAYS):
        residual += stock[k] - beta * market[k]
    return residual, close[i] / (level / TREND_BARS) - 1.0, np.sqrt(squares / (HALF_YEAR_BARS - 1))


@helper
def write_factors(i: Whole, s: Whole, terms: FactorTerms, out: OutReals) -> None:
    """Write every signal at bar i, window from bar s, into `out` (n_signals,) in the order of `SIGNALS`."""
    close = terms.close
    out[_MOM_12_1] = momentum(i, s, close)
    for k in range(len(_PAST_RETURNS)):
        lookback, skip = _PAST_RETURNS[k, 0], _PAST_RETURNS[k, 1]
        past = close[i - skip] / close[i - lookback] - 1.0 if i - lookback >= s else np.nan
        out[_FIRST_PAST_RETURN + k] = past
    out[_RESIDUAL], out[_TREND], out[_VOLATILITY] = summed_signals(i, s, terms)
    out[_HIGH] = close[i] / terms.year_high[i] if i - YEAR_BARS + 1 >= s else np.nan


@kernel
def _factor_pass(
    high: Reals, close: Reals, bench_close: Reals, segment_start: Int32s, asof_index: Int32s, window_bars: int
) -> RealMatrix:
    """Signals at each as-of bar, shape (n_signals, n_asof)."""
    terms = factor_terms(high, close, bench_close)
    signals = np.empty((len(SIGNAL_NAMES), len(asof_index)))
    for row in range(len(asof_index)):
        i = np.int64(asof_index[row])
        s = max(np.int64(segment_start[i]), i - window_bars)
        write_factors(i, s, terms, signals[:, row])
    return signals


def factor_signals(
    bars: Bars,
    bench_close: npt.NDArray[np.float64],
    asof_index: npt.NDArray[np.int32],
    *,
    gap_days: int = 30,
    window_bars: int = YEAR_BARS,
) -> dict[str, npt.NDArray[np.float64]]:
    """Every signal at each as-of bar: name -> float64 (n_asof,), NaN if not available.

    Parameters
    ----------
    bars
        One ticker.
    bench_close
        Shape (n_bars,): benchmark close on the ticker's own dates, NaN if it has none.
    asof_index
        Bar indices, any order; reads only bars up to and including each index.
    gap_days
        Signals do not span a gap of more calendar days; 0 is off (the legacy profile).
    window_bars
        Bars before the as-of bar that may be read.
    """
    signals = _factor_pass(
        np.ascontiguousarray(bars.high),
        np.ascontiguousarray(bars.close),
        np.ascontiguousarray(bench_close, dtype=np.float64),
        segment_starts(bars.dates, gap_days),
        np.ascontiguousarray(asof_index, dtype=np.int32),
        window_bars,
    )
    return dict(zip(SIGNAL_NAMES, signals, strict=True))
