"""Evidence, valid at every check, on whether a live mean stays beyond a threshold.

Belongs here: evidence and interval of a sum of weekly surprises, and the verdict from them. Does not belong here:
what is measured and against what (`btassets.stages.journal`).

A week's surprise is the sum over its setups of `value - threshold`. Under `mean <= threshold` the partial sums S of
the surprises have no upward drift, and their variance grows by the backtest's long-run variance of a week, in which
the overlap of holds and the common move of setups are contained. The evidence

    e(S, V) = 2 sqrt(rho / (V + rho)) exp(S^2 / (2 (V + rho))) Phi(S / sqrt(V + rho))

is the mixture of the likelihood ratios exp(l S - l^2 V / 2) over a half-normal l > 0 (Robbins 1970); for a Gaussian
walk it exceeds 1 / alpha ever, under any rule of stopping, with probability alpha at most (Ville 1939).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
DECIDES = 1.0 / ALPHA
"""Evidence that decides."""

AS_TESTED, WORSE, TOO_EARLY = "as tested", "worse than tested", "too early"

_TUNED_WEEKS = 52.0
"""Weeks at which the boundary is narrowest; it holds at every other look, too."""

_TUNING = 8.0
"""Variance at the tuned look over rho: -2 log(alpha) + log(1 - 2 log(alpha)), rounded."""

_MAX_WEEKS = 5_200
_NORMAL_975 = 1.959963984540054


@dataclass(frozen=True)
class Claim:
    """The backtest's claim about a mean.

    Attributes
    ----------
    mean, threshold
        The mean, and the worse end of its 95% interval.
    se
        Standard error of the mean over `n_setups` setups of `n_weeks` weeks.
    t_quantile
        0.975 quantile with which the interval was made: more than 1.96 where the error itself is uncertain.
    """

    mean: float
    threshold: float
    se: float
    n_setups: int
    n_weeks: int
    t_quantile: float

    @property
    def setups_a_week(self) -> float:
        """Mean number of setups of a week."""
        return self.n_setups / self.n_weeks

    @property
    def week_variance(self) -> float:
        """Long-run variance of a week's summed surprise, widened by the uncertainty of the error."""
        return (self.se * self.n_setups * self.t_quantile / _NORMAL_975) ** 2 / self.n_weeks


@dataclass(frozen=True)
class Live:
    """Evidence of the live weeks.

    Attributes
    ----------
    mean, lo, hi
        Mean over setups and its interval at every check; NaN without a setup.
    e_worse, e_as_tested
        Largest evidence so far that the mean is beyond the threshold, to either side.
    verdict
        `worse than tested` from the first check at which `e_worse` decides on; else `as tested` likewise; else
        `too early`.
    more_setups
        Further setups until `as tested` should they earn the claimed mean; None: decided, or never.
    """

    mean: float
    lo: float
    hi: float
    e_worse: float
    e_as_tested: float
    verdict: str
    more_setups: int | None


def log_evidence(total: float, variance: float, rho: float) -> float:
    """Log of e(S, V); 0 before the first week."""
    width = variance + rho
    z = total / math.sqrt(width)
    return math.log(2.0) + 0.5 * math.log(rho / width) + 0.5 * z * z + _log_phi(z)


def _log_phi(z: float) -> float:
    """Log of the normal distribution function."""
    if z > -10.0:
        return math.log(0.5 * math.erfc(-z / math.sqrt(2.0)))
    return -0.5 * z * z - math.log(-z * math.sqrt(2.0 * math.pi)) + math.log1p(-1.0 / (z * z))


def variances(counts: NDArray[np.float64], claim: Claim) -> NDArray[np.float64]:
    """Variance of each week's summed surprise.

    Grows with the square of the number of setups above the backtest's mean number, as if they moved as one, and with
    the number itself below it, as if they were independent: more than the truth to either side.
    """
    share = counts / claim.setups_a_week
    return claim.week_variance * np.maximum(share, share * share)


def judge(sums: NDArray[np.float64], counts: NDArray[np.float64], claim: Claim, *, is_more_better: bool = True) -> Live:
    """Verdict over all looks so far, one after each week.

    Parameters
    ----------
    sums
        Sum of the values of each week's setups, in the order of the weeks, shape (n_weeks,).
    counts
        Number of them, each at least 1.
    claim
        What the backtest said; its `threshold` is the end that is worse.
    is_more_better
        False for a cost: worse is up.
    """
    sign = 1.0 if is_more_better else -1.0
    rho = claim.week_variance * _TUNED_WEEKS / _TUNING
    surprise = np.cumsum(sign * (sums - counts * claim.threshold))
    variance = np.cumsum(variances(counts, claim))
    looks = list(zip(surprise.tolist(), variance.tolist(), strict=True))
    worse = max((log_evidence(-s, v, rho) for s, v in looks), default=0.0)
    tested = max((log_evidence(s, v, rho) for s, v in looks), default=0.0)
    decides = math.log(DECIDES)
    verdict = WORSE if worse >= decides else AS_TESTED if tested >= decides else TOO_EARLY
    n = float(counts.sum())
    mean = float(sums.sum()) / n if n else math.nan
    half = _half_width(looks[-1][1], rho) / n if n else math.nan
    more = None
    if verdict == TOO_EARLY:
        more = _more_setups(looks[-1] if looks else (0.0, 0.0), sign * (claim.mean - claim.threshold), claim, rho)
    largest = [math.exp(min(value, 700.0)) for value in (worse, tested)]
    return Live(mean, mean - half, mean + half, largest[0], largest[1], verdict, more)


def _half_width(variance: float, rho: float) -> float:
    """Half width of the two-sided interval of the sum: the normal mixture with the same rho."""
    width = variance + rho
    return math.sqrt(width * (math.log(width / rho) - 2.0 * math.log(ALPHA)))


def _more_setups(now: tuple[float, float], edge: float, claim: Claim, rho: float) -> int | None:
    """Setups of further weeks like the backtest's, until the evidence decides for `as tested`."""
    for k in range(1, _MAX_WEEKS + 1):
        total, variance = now[0] + k * claim.setups_a_week * edge, now[1] + k * claim.week_variance
        if log_evidence(total, variance, rho) >= math.log(DECIDES):
            return math.ceil(k * claim.setups_a_week)
    return None
