"""Risk measures of a daily curve, their rolling values, and the distribution of its returns.

Belongs here: descriptive numbers of one curve and of a curve beside a benchmark. Does not belong here: their standard
errors (`engine.statistics`), equity and drawdown themselves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from btassets.engine.market.calendar import sessions_a_year

TAIL_FRAC = 0.05
MIN_RETURNS = 20
ROLLING_STEP = 5

Days = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReturnProfile:
    """Measures of one curve; NaN with too few returns or a denominator of 0.

    Attributes
    ----------
    volatility_pct
        Standard deviation of daily returns (ddof 1) times the root of the market's sessions a year (252 for five days
        a week), percent.
    sortino
        Mean daily return over the root mean square of the negative ones (target 0), times the same root.
    beta
        Covariance of daily returns with the benchmark's over their variance; NaN without a benchmark.
    skew, excess_kurtosis
        Third and fourth standardised moment of daily returns (population form), the latter minus 3.
    var_pct, es_pct
        Daily value at risk and expected shortfall at 5%, historical, percent, negative for a loss.
    best_day_pct, worst_day_pct, best_month_pct, worst_month_pct
        Percent; the first and the last month may be incomplete.
    positive_months_pct
        Share of months above 0, percent.
    """

    volatility_pct: float
    sortino: float
    beta: float
    skew: float
    excess_kurtosis: float
    var_pct: float
    es_pct: float
    best_day_pct: float
    worst_day_pct: float
    best_month_pct: float
    worst_month_pct: float
    positive_months_pct: float


@dataclass(frozen=True)
class Rolling:
    """Rolling measures at every fifth return of the curve from the first full window on; arrays of one length.

    `sharpe` and `beta` are NaN for a denominator of 0 or without a benchmark; `volatility_pct` is annualised.
    """

    dates: Days
    sharpe: Floats
    volatility_pct: Floats
    beta: Floats


def daily_returns(equity: Floats) -> Floats:
    """Simple returns between consecutive points, shape (n - 1,); NaN after a non-positive point."""
    before = np.where(equity[:-1] > 0, equity[:-1], np.nan)
    return equity[1:] / before - 1.0


def monthly_returns(dates: Days, equity: Floats) -> Floats:
    """Simple return of each calendar month from the end of the previous one; the first starts at the first point."""
    month = dates.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    last = np.append(np.flatnonzero(month[1:] != month[:-1]), len(month) - 1)
    return daily_returns(np.concatenate((equity[:1], equity[last])))


def return_profile(dates: Days, equity: Floats, benchmark: Floats | None = None) -> ReturnProfile:
    """Measures of a curve.

    Parameters
    ----------
    dates, equity
        Sessions (days since 1970-01-01, ascending) and equity on them, shape (n,).
    benchmark
        Equity held in the benchmark on the same sessions, NaN if missing.
    """
    returns = daily_returns(equity)
    returns = returns[np.isfinite(returns)]
    if len(returns) < MIN_RETURNS:
        return ReturnProfile(*([np.nan] * 12))
    months = monthly_returns(dates, equity)
    months = months[np.isfinite(months)]
    mean = float(returns.mean())
    centred = returns - mean
    deviation = float(np.sqrt((centred**2).mean()))
    downside = float(np.sqrt((np.minimum(returns, 0.0) ** 2).mean()))
    tail = float(np.quantile(returns, TAIL_FRAC))
    year = np.sqrt(sessions_a_year(dates))
    return ReturnProfile(
        volatility_pct=float(returns.std(ddof=1)) * year * 100.0,
        sortino=mean / downside * year if downside > 0 else np.nan,
        beta=np.nan if benchmark is None else _beta(daily_returns(equity), daily_returns(benchmark)),
        skew=float((centred**3).mean()) / deviation**3 if deviation > 0 else np.nan,
        excess_kurtosis=float((centred**4).mean()) / deviation**4 - 3.0 if deviation > 0 else np.nan,
        var_pct=tail * 100.0,
        es_pct=float(returns[returns <= tail].mean()) * 100.0,
        best_day_pct=float(returns.max()) * 100.0,
        worst_day_pct=float(returns.min()) * 100.0,
        best_month_pct=float(months.max()) * 100.0,
        worst_month_pct=float(months.min()) * 100.0,
        positive_months_pct=float((months > 0).mean()) * 100.0,
    )


def _beta(returns: Floats, benchmark: Floats) -> float:
    known = np.isfinite(returns) & np.isfinite(benchmark)
    if known.sum() < MIN_RETURNS:
        return np.nan
    own, other = returns[known], benchmark[known]
    variance = float(((other - other.mean()) ** 2).mean())
    return float(((own - own.mean()) * (other - other.mean())).mean()) / variance if variance > 0 else np.nan


def rolling_windows(dates: Days) -> tuple[int, int]:
    """Sessions of half a year and of a year on the market of `dates`."""
    year = sessions_a_year(dates)
    return year // 2, year


def rolling(dates: Days, equity: Floats, window: int, benchmark: Floats | None = None) -> Rolling:
    """Rolling Sharpe, volatility and beta over `window` daily returns; no row before the first full window."""
    returns = daily_returns(equity)
    other = np.full(len(returns), np.nan) if benchmark is None else daily_returns(benchmark)
    year = np.sqrt(sessions_a_year(dates))
    first = -(-window // ROLLING_STEP) * ROLLING_STEP
    ends = np.arange(first, len(returns) + 1, ROLLING_STEP)
    sharpe, volatility, beta = (np.full(len(ends), np.nan) for _ in range(3))
    for place, end in enumerate(ends.tolist()):
        own = returns[end - window : end]
        deviation = float(own.std(ddof=1))
        volatility[place] = deviation * year * 100.0
        if deviation > 0:
            sharpe[place] = float(own.mean()) / deviation * year
        beta[place] = _beta(own, other[end - window : end])
    return Rolling(dates[ends], sharpe, volatility, beta)


def histogram(values: Floats, step: float, limit: float) -> list[tuple[float | None, float | None, int]]:
    """Counts of `values` in bins of width `step` between -limit and limit, open at both ends.

    A value on an edge counts above it; None marks an open end.

    >>> histogram(np.array([-3.0, 0.0, 0.4, 9.0]), 1.0, 1.0)
    [(None, -1.0, 1), (-1.0, 0.0, 0), (0.0, 1.0, 2), (1.0, None, 1)]
    """
    n = round(limit / step)
    edges = [k * step for k in range(-n, n + 1)]
    known = values[np.isfinite(values)]
    counts = np.bincount(np.searchsorted(np.array(edges), known, side="right"), minlength=len(edges) + 1)
    return list(zip((None, *edges), (*edges, None), counts.tolist(), strict=True))
