"""The built-in signals written again as own signals: a file of `own/`, in plain Python, sums from left to right.

Belongs here: formulas of `docs/method/factor_signals.md` over a window. Does not belong here: any code of the engine.
"""

import math

import btassets as bt

YEAR, HALF_YEAR, QUARTER, MONTH = 252, 126, 63, 21
LEAST_PAIRS = 100


def past_return(w, lookback, skip):
    """Return from `lookback` to `skip` bars ago."""
    return w.close[-1 - skip] / w.close[-1 - lookback] - 1.0


@bt.signal(lookback=YEAR)
def own_mom_12_1(w):
    return past_return(w, YEAR, MONTH)


@bt.signal(lookback=HALF_YEAR)
def own_mom_6_1(w):
    return past_return(w, HALF_YEAR, MONTH)


@bt.signal(lookback=QUARTER)
def own_mom_3_1(w):
    return past_return(w, QUARTER, MONTH)


@bt.signal(lookback=MONTH, sign=-1)
def own_reversal_1m(w):
    return past_return(w, MONTH, 0)


@bt.signal(lookback=YEAR)
def own_mom_12_1_resid(w):
    close, bench = w.close.tolist(), w.bench_close.tolist()
    stock, market = [], []
    for t in range(1, YEAR - MONTH + 1):
        if bench[t - 1] > 0.0 and not math.isnan(bench[t]):
            stock.append(close[t] / close[t - 1] - 1.0)
            market.append(bench[t] / bench[t - 1] - 1.0)
    n = len(stock)
    if n < LEAST_PAIRS:
        return None
    stock_sum = market_sum = variation = covariation = residual = 0.0
    for one, other in zip(stock, market, strict=True):
        stock_sum += one
        market_sum += other
    stock_mean, market_mean = stock_sum / n, market_sum / n
    for one, other in zip(stock, market, strict=True):
        deviation = other - market_mean
        variation += deviation * deviation
        covariation += (one - stock_mean) * deviation
    if variation <= 0.0:
        return None
    beta = covariation / variation
    for one, other in zip(stock, market, strict=True):
        residual += one - beta * other
    return residual


@bt.signal(lookback=199)
def own_trend_200(w):
    level = 0.0
    for close in w.close.tolist():
        level += close
    return w.close[-1] / (level / 200) - 1.0


@bt.signal(lookback=YEAR - 1)
def own_high_52w(w):
    return w.close[-1] / w.high.max()


@bt.signal(lookback=HALF_YEAR, sign=-1)
def own_vol_6m(w):
    close = w.close.tolist()
    returns = [close[t] / close[t - 1] - 1.0 for t in range(1, len(close))]
    total = squares = 0.0
    for one in returns:
        total += one
    mean = total / HALF_YEAR
    for one in returns:
        squares += (one - mean) * (one - mean)
    return math.sqrt(squares / (HALF_YEAR - 1))
