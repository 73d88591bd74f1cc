"""Significance of a Sharpe ratio, given its sample, skew, fat tails, and the number of trials.

Belongs here: probabilistic and deflated Sharpe ratios and the track record they require. Does not belong here: counting
the trials (the ledger) and returns against a benchmark (portfolio_value).

All ratios here are per period, not annualised, unless the name says so.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from btassets.engine.conventions import SESSIONS_A_YEAR
from btassets.engine.statistics.distributions import normal_cdf, normal_quantile

DAYS_PER_YEAR = SESSIONS_A_YEAR
_EULER = 0.57721566490153286


@dataclass(frozen=True)
class ReturnMoments:
    """Moments of a return series.

    Attributes
    ----------
    n
        Returns.
    sharpe
        Mean over standard deviation per period, one degree of freedom lost; NaN without variance.
    skew, kurtosis
        Population moments; the kurtosis of a normal is 3.
    """

    n: int
    sharpe: float
    skew: float
    kurtosis: float

    @property
    def annual_sharpe(self) -> float:
        """Sharpe ratio of a daily series times sqrt(252)."""
        return self.sharpe * math.sqrt(DAYS_PER_YEAR)


def return_moments(returns: NDArray[np.float64]) -> ReturnMoments:
    """Moments of a series of returns, shape (n,), without NaN; NaN moments with fewer than three returns."""
    n = len(returns)
    if n < 3:
        return ReturnMoments(n, math.nan, math.nan, math.nan)
    centred = returns - returns.mean()
    variance = float(np.mean(centred * centred))
    if variance <= 1e-24 * max(1.0, float(np.max(np.abs(returns))) ** 2):
        return ReturnMoments(n, math.nan, math.nan, math.nan)
    z = centred / math.sqrt(variance)
    sharpe = float(returns.mean()) / math.sqrt(variance * n / (n - 1))
    return ReturnMoments(n, sharpe, float(np.mean(z**3)), float(np.mean(z**4)))


def _spread(moments: ReturnMoments) -> float:
    """Square of the Sharpe ratio's standard error, times n - 1."""
    sr = moments.sharpe
    return 1.0 - moments.skew * sr + (moments.kurtosis - 1.0) / 4.0 * sr * sr


def sharpe_error(moments: ReturnMoments) -> float:
    """Standard error of the Sharpe ratio per period, with skew and fat tails; NaN if undefined.

    Source: Mertens (2002), as used by Bailey and Lopez de Prado (2012).
    """
    spread = _spread(moments)
    return math.sqrt(spread / (moments.n - 1)) if spread > 0.0 and moments.n > 1 else math.nan


def probabilistic_sharpe(moments: ReturnMoments, threshold: float = 0.0) -> float:
    """Probability that the true Sharpe ratio exceeds `threshold` (per period); NaN if undefined.

    Source: Bailey and Lopez de Prado (2012), "The Sharpe ratio efficient frontier", J. of Risk 15(2).
    """
    spread = _spread(moments)
    if not spread > 0.0:
        return math.nan
    return normal_cdf((moments.sharpe - threshold) * math.sqrt(moments.n - 1) / math.sqrt(spread))


def min_track_record(moments: ReturnMoments, threshold: float = 0.0, level: float = 0.95) -> float:
    """Periods required for this Sharpe ratio to exceed `threshold` at `level`; infinite if it never does.

    Source: Bailey and Lopez de Prado (2012).
    """
    spread = _spread(moments)
    if not spread > 0.0:
        return math.nan
    excess = moments.sharpe - threshold
    if excess <= 0.0:
        return math.inf
    return 1.0 + spread * (normal_quantile(level) / excess) ** 2


def expected_max_sharpe(n_trials: int, sharpe_variance: float) -> float:
    """Expected maximum Sharpe ratio of `n_trials` independent trials without any skill.

    sqrt(V) ((1 - g) z(1 - 1/N) + g z(1 - 1/(N e))), g = 0.5772; 0 for a single trial.

    Parameters
    ----------
    n_trials
        Configurations tried on these data.
    sharpe_variance
        Variance V of the Sharpe ratios over the trials, in the unit wanted in the result, squared.

    >>> round(expected_max_sharpe(100, 0.5 / 250), 4)
    0.1132
    """
    if n_trials <= 1:
        return 0.0
    first = normal_quantile(1.0 - 1.0 / n_trials)
    second = normal_quantile(1.0 - 1.0 / (n_trials * math.e))
    return math.sqrt(sharpe_variance) * ((1.0 - _EULER) * first + _EULER * second)


def null_sharpe_variance(moments: ReturnMoments) -> float:
    """Variance of the Sharpe ratio of unskilled trials of this length: 1 / (n - 1)."""
    return 1.0 / (moments.n - 1) if moments.n > 1 else math.nan


def deflated_sharpe(moments: ReturnMoments, n_trials: int, sharpe_variance: float | None = None) -> float:
    """Probability that the true Sharpe ratio is above 0, after `n_trials` trials.

    The probabilistic Sharpe ratio against the expected maximum under luck alone.

    Parameters
    ----------
    moments
        Of the portfolio shown.
    n_trials
        Configurations tried on these data, including this one; from the ledger, never typed.
    sharpe_variance
        Variance of the trials' Sharpe ratios (per period); None: that of unskilled trials of this length.

    Notes
    -----
    Source: Bailey and Lopez de Prado (2014), "The deflated Sharpe ratio", J. of Portfolio Management 40(5). Their
    example (T 1250, annual Sharpe 2.5, 100 trials with variance 1/2, skew -3, kurtosis 10) gives 0.9004. N is the
    number of trials, never an eigenvalue count of "effective" trials, with which 11.8% of unskilled portfolios pass at
    5%.
    """
    variance = null_sharpe_variance(moments) if sharpe_variance is None else sharpe_variance
    return probabilistic_sharpe(moments, expected_max_sharpe(n_trials, variance))
