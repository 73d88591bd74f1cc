"""Weekly influence series: the contribution of each week to the error of a mean over setups.

Belongs here: an estimate and its series from values with a week, and the difference of two. Does not belong here: the
standard error of such a series (ewc) and claims (verdicts).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WEEK_DAYS = 7


@dataclass(frozen=True)
class Influence:
    """k estimates on one axis of periods, each with its influence series.

    Attributes
    ----------
    estimate
        Shape (k,); NaN if nothing was observed.
    psi
        Shape (n_periods, k). `psi[t, j]` is the influence of period t on estimate j, times the number of periods; it
        sums to 0 and is 0 in periods without an observation.
    first, last
        Shape (k,): first and last period with an observation, inclusive; (0, -1) without any.
    n_obs
        Shape (k,): observations (setups, weeks with an IC, days); for a difference that of the smaller side.
    variance
        Shape (k,): sample variance of the single observations; NaN if unknown.
    """

    estimate: NDArray[np.float64]
    psi: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    n_obs: NDArray[np.int64]
    variance: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.estimate)

    def take(self, columns: NDArray[np.int64] | list[int]) -> "Influence":
        """Some of the estimates, in the given order."""
        return Influence(
            self.estimate[columns],
            self.psi[:, columns],
            self.first[columns],
            self.last[columns],
            self.n_obs[columns],
            self.variance[columns],
        )


def week_numbers(mondays: NDArray[np.int32]) -> tuple[NDArray[np.int64], int]:
    """Position of each week on an unbroken weekly axis, and the axis' length.

    Weeks without a row have a position too, because they are elapsed time.

    Parameters
    ----------
    mondays
        Monday of each row's week, int32 days since 1970-01-01, shape (n_rows,), any order.

    Examples
    --------
    >>> numbers, n_weeks = week_numbers(np.array([4, 25, 4], dtype=np.int32))
    >>> numbers.tolist(), n_weeks
    ([0, 3, 0], 4)
    """
    if len(mondays) == 0:
        return np.zeros(0, dtype=np.int64), 0
    numbers = (mondays.astype(np.int64) - int(mondays.min())) // _WEEK_DAYS
    return numbers, int(numbers.max()) + 1


def ratio_influence(
    numerator: NDArray[np.float64],
    denominator: NDArray[np.float64],
    squares: NDArray[np.float64] | None = None,
) -> Influence:
    """Ratio means sum(numerator) / sum(denominator) and their influence series.

    psi_t = (num_t - theta den_t) / mean(den), the mean over the periods from the first to the last
    observation. Source: the delta method for a ratio of sums over clusters.

    Parameters
    ----------
    numerator, denominator
        Sums and counts per period, shape (n_periods, k); a period with denominator 0 is empty.
    squares
        Sums of squares, for the variance of single observations.
    """
    present = denominator > 0
    any_present = present.any(axis=0)
    n_periods = len(denominator)
    first = np.where(any_present, present.argmax(axis=0) if n_periods else 0, 0)
    last = np.where(any_present, n_periods - 1 - (present[::-1].argmax(axis=0) if n_periods else 0), -1)
    n = denominator.sum(axis=0)
    safe = np.where(any_present, n, 1.0)
    estimate = np.where(any_present, numerator.sum(axis=0) / safe, np.nan)
    span = last - first + 1
    theta = np.where(any_present, estimate, 0.0)
    psi = (numerator - theta * denominator) * (span / safe)
    variance = np.full(estimate.shape, np.nan)
    if squares is not None:
        spread = np.maximum(squares.sum(axis=0) - n * theta * theta, 0.0)
        variance = np.where(n > 1, spread / np.maximum(n - 1.0, 1.0), np.nan)
    return Influence(estimate, psi, first, last, n.astype(np.int64), variance)


def setup_influence(
    week_no: NDArray[np.int64],
    values: NDArray[np.float64],
    n_weeks: int,
    masks: NDArray[np.bool_] | None = None,
) -> Influence:
    """Means over setups, clustered by the week of their as-of date.

    Parameters
    ----------
    week_no
        Position of each setup's week, shape (n_setups,).
    values
        Shape (n_setups,) or (n_setups, k); NaN = not observed.
    n_weeks
        Length of the axis.
    masks
        Which setups count, shape (n_setups,) or (n_setups, k); None = all. One column of values or masks is used for
        all columns of the other.
    """
    values = values[:, np.newaxis] if values.ndim == 1 else values
    counts = ~np.isnan(values)
    if masks is not None:
        counts = counts & (masks[:, np.newaxis] if masks.ndim == 1 else masks)
    k = counts.shape[1]
    sums = np.zeros((3, n_weeks, k))
    for j in range(k):
        rows = np.flatnonzero(counts[:, j])
        week = week_no[rows]
        value = values[rows, j if values.shape[1] > 1 else 0]
        sums[0, :, j] = np.bincount(week, weights=value, minlength=n_weeks)
        sums[1, :, j] = np.bincount(week, minlength=n_weeks)
        sums[2, :, j] = np.bincount(week, weights=value * value, minlength=n_weeks)
    return ratio_influence(sums[0], sums[1], sums[2])


def group_influence(
    week_no: NDArray[np.int64],
    values: NDArray[np.float64],
    n_weeks: int,
    group: NDArray[np.int64],
    n_groups: int,
) -> Influence:
    """Means of disjoint groups of setups (years, regimes, bins), clustered by week.

    Parameters
    ----------
    week_no, values
        Shape (n_setups,); NaN = not observed.
    n_weeks
        Length of the axis.
    group
        Group of each setup, 0 to n_groups - 1; negative = in none.
    n_groups
        Columns of the result.
    """
    rows = np.flatnonzero((group >= 0) & ~np.isnan(values))
    cell = week_no[rows] * n_groups + group[rows]
    value = values[rows]
    sums = [
        np.bincount(cell, weights=weights, minlength=n_weeks * n_groups).astype(np.float64)
        for weights in (value, None, value * value)
    ]
    return ratio_influence(*(part.reshape(n_weeks, n_groups) for part in sums))


def trimmed_influence(
    week_no: NDArray[np.int64], values: NDArray[np.float64], n_weeks: int, frac: float = 0.05
) -> Influence:
    """Mean without the best `frac` of all setups, rounded up to whole setups; k = 1.

    The influence of a setup is that of min(value, first value dropped), scaled by the share kept, because the edge of
    the trim also depends on the sample. Source: Huber, "Robust statistics", section 3.3.

    Parameters
    ----------
    week_no, values
        Shape (n_setups,); NaN = not observed.
    n_weeks
        Length of the axis.
    frac
        Share dropped at the top, 0-1.
    """
    known = np.sort(values[~np.isnan(values)])
    n_kept = len(known) - math.ceil(frac * len(known))
    edge = known[n_kept] if 0 < n_kept < len(known) else np.inf
    found = setup_influence(week_no, np.minimum(values, edge), n_weeks)
    if n_kept <= 0:
        return Influence(
            np.full(1, np.nan),
            0.0 * found.psi,
            np.zeros(1, np.int64),
            np.full(1, -1),
            found.n_obs,
            found.variance,
        )
    scale = len(known) / n_kept
    estimate = np.array([known[:n_kept].mean()])
    return Influence(estimate, found.psi * scale, found.first, found.last, found.n_obs, np.full(1, np.nan))


def series_influence(series: NDArray[np.float64]) -> Influence:
    """Means of series with gaps, such as weekly information coefficients.

    Parameters
    ----------
    series
        Shape (n_periods,) or (n_periods, k); NaN = no observation in that period.
    """
    series = series[:, np.newaxis] if series.ndim == 1 else series
    present = ~np.isnan(series)
    values = np.where(present, series, 0.0)
    return ratio_influence(values, present.astype(np.float64), values * values)


def difference(left: Influence, right: Influence) -> Influence:
    """Estimates `left - right`, paired through the difference of the influence series.

    The groups may be the same setups under two rules, nested, or disjoint. Their axes are the same. One column of
    `right` is used for all columns of `left`. The variance of single observations is unknown: an effective sample size
    is undefined for two overlapping groups.
    """
    missing = (left.last < left.first) | (right.last < right.first)
    first = np.where(missing, 0, np.minimum(left.first, right.first))
    last = np.where(missing, -1, np.maximum(left.last, right.last))
    estimate = left.estimate - right.estimate
    n_obs = np.minimum(left.n_obs, right.n_obs)
    # Each side's series is scaled to its own span of periods; the difference uses the joint span.
    psi = _on_span(left, first, last) - _on_span(right, first, last)
    return Influence(estimate, psi, first, last, n_obs, np.full(estimate.shape, np.nan))


def _on_span(part: Influence, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
    own = np.maximum(part.last - part.first + 1, 1)
    return part.psi * ((last - first + 1) / own)


def benchmark_adjusted_r(
    net_r: NDArray[np.float64],
    bench_return: NDArray[np.float64],
    risk_pct: NDArray[np.float64],
    is_long: NDArray[np.bool_],
    beta: NDArray[np.float64] | float = 1.0,
) -> NDArray[np.float64]:
    """R multiples without beta x the benchmark's move over the same bars, shape (n_setups,).

    `net_r - beta * bench_return / risk_pct` for a long, plus for a short.

    Parameters
    ----------
    net_r
        R after costs.
    bench_return
        Benchmark return over the bars held, a fraction, known only afterwards; NaN = not known, NaN in the result.
    risk_pct
        Planned 1R as a fraction of the fill price (0.05 = 5%).
    is_long
        Direction.
    beta
        Each setup's own, known at its as-of date (`beta.trailing_beta`); 1 subtracts the plain move.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        move = beta * bench_return / risk_pct
    return np.where(risk_pct > 0, net_r - np.where(is_long, move, -move), np.nan)
