"""The single estimator of uncertainty: equal-weighted cosine errors of a mean over overlapping periods.

Belongs here: standard errors, intervals, p-values and minimum detectable effects from influence series. It is used for
means over setups, paired differences, information coefficients, alphas and calibration gaps alike. Does not belong
here: the series themselves (influence, portfolio) and families of comparisons (families).

Source: Lazarus, Lewis, Stock, Watson (2018), "HAR inference: recommendations for practice", J. of
Business & Economic Statistics 36(4). With T periods and nu cosine transforms of the series,

    L_j = sqrt(2 / T) sum_t psi_t cos(pi j (t - 1/2) / T),   j = 1 .. nu
    se = sqrt(mean_j L_j^2 / T),   estimate / se ~ Student t with nu degrees of freedom.

The cosines sum to zero over t, so a constant in the series drops out.

nu degrees of freedom require periods of equal variance. Setups come in bunches, and a few weeks then dominate the L_j,
which are no longer nu independent draws of one variance. Means of overlapping labels therefore use the degrees of
freedom that match the variance of mean_j L_j^2 (`effective_dof`).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from btassets.engine.statistics.distributions import student_t_quantile, two_sided_p
from btassets.engine.statistics.influence import Influence

BARS_PER_WEEK = 5
MIN_OBSERVATIONS = 30
"""Minimum number of setups (weeks, days) behind an interval, of a difference on its smaller side: around the mean of a
single setup nothing varies, so that its error would be that of the other side alone."""

LEAST_WEEKS = 60
"""Minimum number of weeks for an interval; with overlap m it is 8 m."""

DAILY = 0
"""Overlap of daily returns: none, and no second term in the degrees of freedom."""

WEEKLY = -1
"""Overlap of a weekly series of next-week returns: none, and no memory without an edge. Not 1: setups with labels of a
week come in bunches."""

_LEAST_DOF = 3
_VARIANCE_WINDOW = 5
_LEVEL = 0.975
_POWER = 0.80
_DEGENERATE = 1e-12  # a standard error below this share of the estimate is rounding noise


def weeks_of_overlap(horizon_days: int) -> int:
    """Weeks m over which forward windows of `horizon_days` sessions overlap: ceil(horizon / 5).

    >>> weeks_of_overlap(30), weeks_of_overlap(5), weeks_of_overlap(21)
    (6, 1, 5)
    """
    return -(-horizon_days // BARS_PER_WEEK)


def degrees_of_freedom(n_periods: int, overlap: int) -> int:
    """Cosine transforms nu = max(3, min(floor(0.4 T^(2/3)), floor(T / (4 m)))); `DAILY`: no second term.

    `WEEKLY`: floor(T / 4). Without an edge next-week correlations have no memory, so the first term, which allows for
    any, only costs power (decision 0032); the cosines still reach down to eight weeks.

    >>> degrees_of_freedom(196, 6), degrees_of_freedom(196, WEEKLY), degrees_of_freedom(1260, DAILY)
    (8, 49, 46)
    """
    if overlap == WEEKLY:
        return max(_LEAST_DOF, n_periods // 4)
    # In whole numbers nu <= 0.4 T^(2/3) means 125 nu^3 <= 8 T^2; the power alone misses T = 1000 by a bit.
    nu = round(0.4 * n_periods ** (2.0 / 3.0))
    nu -= 125 * nu**3 > 8 * n_periods**2
    if overlap != DAILY:
        nu = min(nu, n_periods // (4 * overlap))
    return max(_LEAST_DOF, nu)


def least_periods(overlap: int) -> int:
    """Minimum number of periods for an interval: max(60, 8 m) weeks, or 60 weeks of days."""
    return LEAST_WEEKS * BARS_PER_WEEK if overlap == DAILY else max(LEAST_WEEKS, 8 * overlap)


@lru_cache(maxsize=64)
def _cosines(n_periods: int, nu: int) -> NDArray[np.float64]:
    angle = math.pi / n_periods * (np.arange(n_periods) + 0.5)
    basis = math.sqrt(2.0 / n_periods) * np.cos(np.arange(1, nu + 1)[:, np.newaxis] * angle)
    basis.setflags(write=False)
    return basis


def loadings(psi: NDArray[np.float64], nu: int) -> NDArray[np.float64]:
    """Cosine transforms L of k series, shape (nu, k).

    Parameters
    ----------
    psi
        Shape (n_periods, k), exactly the periods from first to last observation.
    nu
        Number of transforms.
    """
    return _cosines(len(psi), nu) @ psi


def effective_dof(psi: NDArray[np.float64], nu: int, overlap: int) -> NDArray[np.int64]:
    """Degrees of freedom of k standard errors over periods of unlike variance, shape (k,), from 3 to nu.

    With s_t^2 the variance of period t, the loadings have the covariance C_ij = sum_t c_i(t) c_j(t) s_t^2, and a mean
    of nu squares has (tr C)^2 / tr(C^2) degrees of freedom: nu when all variances are equal. s_t^2 is the sum of
    squares of sums over `overlap` periods, within the 5 m + 1 periods around t: over fewer, its own noise looks like
    uneven variance.

    Parameters
    ----------
    psi
        Shape (n_periods, k), exactly the periods from first to last observation.
    nu
        Cosine transforms.
    overlap
        Weeks m over which labels overlap; below 2 the result is nu.

    Notes
    -----
    Source: Satterthwaite (1946), Biometrics Bulletin 2, as Bell and McCaffrey (2002) apply it to clusters.
    """
    n_periods, k = psi.shape
    if overlap < 2 or n_periods < 2 * overlap:
        return np.full(k, nu, dtype=np.int64)
    summed = _moving_sums(psi, overlap)
    variance = _moving_sums(summed * summed, _VARIANCE_WINDOW * overlap + 1)
    basis = _cosines(n_periods, nu)
    covariance = np.einsum("it,tk,jt->kij", basis, variance, basis, optimize=True)
    trace = np.trace(covariance, axis1=1, axis2=2)
    squares = np.sum(covariance * covariance, axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        matched = np.where(squares > 0.0, trace * trace / squares, float(nu))
    return np.clip(np.rint(matched), _LEAST_DOF, nu).astype(np.int64)


def _moving_sums(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Sums over the `width` periods around each one, fewer at the ends, shape as `values`."""
    n_periods = len(values)
    total = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)))
    at = np.arange(n_periods)
    first = np.maximum(at - width // 2, 0)
    stop = np.minimum(at - width // 2 + width, n_periods)
    return total[stop] - total[first]


@dataclass(frozen=True)
class Estimates:
    """k estimates with their uncertainty; every array has shape (k,).

    Attributes
    ----------
    estimate
        In the unit of the observations; NaN if nothing was observed.
    se
        Standard error; NaN if the history is too short, or if nothing varies.
    dof
        Degrees of freedom: nu, or fewer where periods have unlike variance.
    t, p
        Estimate over its error against 0, and its two-sided p-value. An exact 0 without any variation (a floor that
        stops no setup) has t 0 and p 1.
    ci_lo, ci_hi
        95% interval.
    n_periods
        Weeks (or days) from the first to the last observation, including empty ones.
    n_obs
        Observations.
    n_eff
        Number of independent observations with the same error: variance / se^2.
    mde80
        Smallest true effect detectable with 80% power.
    is_too_short
        Fewer periods than `least_periods`: no error is given.
    """

    estimate: NDArray[np.float64]
    se: NDArray[np.float64]
    dof: NDArray[np.int64]
    t: NDArray[np.float64]
    p: NDArray[np.float64]
    ci_lo: NDArray[np.float64]
    ci_hi: NDArray[np.float64]
    n_periods: NDArray[np.int64]
    n_obs: NDArray[np.int64]
    n_eff: NDArray[np.float64]
    mde80: NDArray[np.float64]
    is_too_short: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.estimate)

    def bound(self, level: float) -> NDArray[np.float64]:
        """Half width of a one-sided bound: t_nu(level) se, shape (k,)."""
        return quantiles(level, self.dof) * self.se

    def row(self, j: int = 0) -> dict[str, Any]:
        """Estimate j as the columns shared by all statistics tables; None for NaN."""

        def number(value: float) -> float | None:
            return float(value) if math.isfinite(value) else None

        return {
            "estimate": number(self.estimate[j]),
            "se": number(self.se[j]),
            "dof": int(self.dof[j]) if math.isfinite(self.se[j]) else None,
            "ci_lo": number(self.ci_lo[j]),
            "ci_hi": number(self.ci_hi[j]),
            "n_setups": int(self.n_obs[j]),
            "n_weeks": int(self.n_periods[j]),
            "n_eff": number(self.n_eff[j]),
            "p_raw": number(self.p[j]),
            "mde80": number(self.mde80[j]),
        }


def quantiles(level: float, dof: NDArray[np.int64]) -> NDArray[np.float64]:
    """Student t quantiles at one level for an array of degrees of freedom, shape (k,)."""
    return np.array([student_t_quantile(level, n) for n in dof.tolist()], dtype=np.float64)


def standard_errors(
    influence: Influence, overlap: int | NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Standard errors and effective degrees of freedom of k estimates, each over its own span of periods.

    Without a minimum length.

    Parameters
    ----------
    influence
        The k series on one axis.
    overlap
        Weeks m over which labels overlap (`weeks_of_overlap`), or `DAILY`; one, or shape (k,).
    """
    k = len(influence)
    se = np.full(k, np.nan)
    dof = np.full(k, _LEAST_DOF, dtype=np.int64)
    overlaps = np.broadcast_to(np.asarray(overlap, dtype=np.int64), (k,))
    groups: dict[tuple[int, int, int], list[int]] = {}
    spans = zip(influence.first.tolist(), influence.last.tolist(), overlaps.tolist(), strict=True)
    for j, span in enumerate(spans):
        groups.setdefault(span, []).append(j)
    for (first, last, m), columns in groups.items():
        n_periods = last - first + 1
        if n_periods < 2:
            continue
        nu = degrees_of_freedom(n_periods, m)
        psi = influence.psi[first : last + 1, columns]
        transformed = loadings(psi, nu)
        se[columns] = np.sqrt(np.mean(transformed * transformed, axis=0) / n_periods)
        dof[columns] = effective_dof(psi, nu, m)
    return se, dof


def estimate(influence: Influence, overlap: int | NDArray[np.int64]) -> Estimates:
    """Estimates with standard error, interval, p-value and detectable effect.

    Parameters
    ----------
    influence
        Estimates and their series.
    overlap
        Weeks m over which labels overlap, or `DAILY`; one, or shape (k,).
    """
    k = len(influence)
    overlaps = np.broadcast_to(np.asarray(overlap, dtype=np.int64), (k,))
    se, dof = standard_errors(influence, overlaps)
    value = influence.estimate
    n_periods = influence.last - influence.first + 1
    least = np.array([least_periods(m) for m in overlaps.tolist()], dtype=np.int64)
    is_too_short = (n_periods < least) | (influence.n_obs < MIN_OBSERVATIONS)
    se = np.where(is_too_short, np.nan, se)
    varies = se > _DEGENERATE * np.abs(value)
    # Without variation 0 is exact (identical groups); any other estimate has no known error.
    is_exact_zero = ~is_too_short & (value == 0.0) & (se == 0.0)
    se = np.where(varies | is_exact_zero, se, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(is_exact_zero, 0.0, value / se)
        n_eff = np.where(varies, influence.variance / (se * se), np.nan)
    half = quantiles(_LEVEL, dof) * se
    return Estimates(
        estimate=value,
        se=se,
        dof=dof,
        t=t,
        p=two_sided_p(t, dof.astype(np.float64)),
        ci_lo=value - half,
        ci_hi=value + half,
        n_periods=n_periods,
        n_obs=influence.n_obs,
        n_eff=n_eff,
        mde80=half + quantiles(_POWER, dof) * se,
        is_too_short=is_too_short,
    )
