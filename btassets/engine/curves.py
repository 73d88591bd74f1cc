"""Figures of a daily equity curve: drawdown, Sharpe ratio, annual rate, returns of years and months.

Belongs here: each formula and its guards, once. Does not belong here: errors of these figures (statistics)
and rounding (report).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from btassets.engine.compiling import Int64s, RealMatrix, Reals, kernel
from btassets.engine.conventions import SESSIONS_A_YEAR

DAYS_A_YEAR = 365.25
MIN_YEARS = 0.25
"""Length up to which no annual rate is given."""

MIN_RETURNS = 3
"""Minimum number of daily returns for a Sharpe ratio."""

_ROOT_OF_YEAR = np.sqrt(float(SESSIONS_A_YEAR))


@kernel
def curve_risk(equity: RealMatrix, first_walked: Int64s, two: float) -> tuple[Reals, Reals]:
    """Largest drawdown (a fraction) and annualised Sharpe (NaN: undefined) of each equity row.

    Drawdown: fall from the highest point so far, 0 while that is not positive. Sharpe: daily returns from positive
    points, one degree of freedom lost, times sqrt(252), no risk-free rate.

    Parameters
    ----------
    equity
        Shape (n_books, n_walked).
    first_walked
        Shape (n_books,): start of each curve; -1: no curve.
    two
        The exponent 2.0 is an argument so that the square uses the C library's pow as in plain Python:
    the compiler's x * x differs from it in one of 1,200 cases, in the last bit.
    """
    n_books, n_walked = equity.shape
    drawdown = np.zeros(n_books)
    sharpe = np.full(n_books, np.nan)
    returns = np.empty(n_walked)
    for k in range(n_books):
        if first_walked[k] < 0:
            continue
        peak = -np.inf
        worst = 0.0
        n = 0
        total = 0.0
        for w in range(first_walked[k], n_walked):
            value = equity[k, w]
            peak = max(peak, value)
            if peak > 0.0:
                worst = max(worst, (peak - value) / peak)
            if w > first_walked[k] and equity[k, w - 1] > 0.0:
                returns[n] = value / equity[k, w - 1] - 1.0
                total += returns[n]
                n += 1
        drawdown[k] = worst
        if n >= MIN_RETURNS:
            mean = total / n
            squares = 0.0
            for i in range(n):
                squares += (returns[i] - mean) ** two
            variance = squares / (n - 1)
            if variance > 0.0:
                sharpe[k] = mean / np.sqrt(variance) * _ROOT_OF_YEAR
    return drawdown, sharpe


def sharpe_of_market(sharpe: npt.NDArray[np.float64], sessions_a_year: int) -> npt.NDArray[np.float64]:
    """Sharpe ratios of `curve_risk` for a market with that many sessions a year; unchanged at 252.

    >>> sharpe_of_market(np.array([1.0, np.nan]), 252 * 4).tolist()
    [2.0, nan]
    """
    return sharpe * np.sqrt(sessions_a_year / SESSIONS_A_YEAR)


def drawdown_frac(equity: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Fall from the highest point so far at each point, a fraction, positive; 0 while the peak is not positive.

    >>> drawdown_frac(np.array([100.0, 80.0, 120.0])).tolist()
    [0.0, 0.2, 0.0]
    """
    peak = np.maximum.accumulate(equity)
    return np.where(peak > 0, (peak - equity) / np.where(peak > 0, peak, 1.0), 0.0)


def annual_rate_pct(final: float, start: float, days: int) -> float | None:
    """Compound rate per year in percent over calendar `days`.

    None up to a quarter of a year, from a non-positive start, or after a total loss.
    """
    years = days / DAYS_A_YEAR
    if years <= MIN_YEARS or final <= 0 or start <= 0:
        return None
    return ((final / start) ** (1.0 / years) - 1.0) * 100.0


def period_returns(
    period: npt.NDArray[np.int64], equity: npt.NDArray[np.float64]
) -> Iterator[tuple[int, float | None]]:
    """Each period with its return in percent, from the last point of the previous one; the first from the first point.

    Parameters
    ----------
    period
        Shape (n_points,), ascending: year or month of each point.
    equity
        Shape (n_points,); a return from a non-positive point is None.
    """
    last = np.append(np.flatnonzero(period[1:] != period[:-1]), len(period) - 1)
    base = float(equity[0])
    for at in last.tolist():
        value = float(equity[at])
        yield int(period[at]), (value / base - 1.0) * 100.0 if base > 0 else None
        base = value
