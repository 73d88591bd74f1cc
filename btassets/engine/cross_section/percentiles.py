"""Percentile ranks within a week, in the two conventions that a profile chooses between.

Belongs here: who ranks where in one week. Does not belong here: the values that are ranked
(features) and what a percentile decides (qualification).
"""

import numpy as np
from numpy.typing import NDArray

from btassets.engine.cross_section.ordering import group_starts

MIN_RESIDUAL_SHARE = 0.5  # below this share of a week's eligible tickers the raw rank serves all of them


def _ordered_groups(
    week: NDArray[np.int32], value: NDArray[np.float64], counts: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row numbers by (week, value, row) of the rows that count, and where each week starts among them."""
    rows = np.flatnonzero(counts & ~np.isnan(value))
    rows = rows[np.lexsort((value[rows], week[rows]))]
    return rows, group_starts(week[rows])


def row_percentile(week: NDArray[np.int32], value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentile 0-100 among the rows of a week, equal values split by row order (seed profile).

    Every row counts, so a ticker with two directions counts twice. A week with one value gives 100.

    Parameters
    ----------
    week
        Shape (n_rows,), any order of weeks.
    value
        Shape (n_rows,); NaN = not ranked, NaN in the result.

    Examples
    --------
    >>> row_percentile(np.zeros(3, np.int32), np.array([2.0, 1.0, 2.0])).tolist()
    [50.0, 0.0, 100.0]
    """
    rows, starts = _ordered_groups(week, value, np.ones(len(value), dtype=np.bool_))
    percentile = np.full(len(value), np.nan)
    size = np.diff(starts)
    position = np.arange(len(rows)) - np.repeat(starts[:-1], size)
    last = np.repeat(size - 1, size)
    # Divide first, then scale: the order of operations decides the last bit.
    percentile[rows] = np.where(last > 0, position / np.maximum(last, 1) * 100.0, 100.0)
    return percentile


def mean_rank_percentile(
    week: NDArray[np.int32], value: NDArray[np.float64], is_eligible: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Percentile 0-100 among the eligible tickers of a week, equal values share the mean rank.

    `100 * (mean rank - 1) / (n - 1)`; a single ranked ticker has no percentile (NaN).

    Parameters
    ----------
    week
        Shape (n_rows,), one row per ticker and week.
    value
        Shape (n_rows,); NaN = not ranked.
    is_eligible
        Shape (n_rows,); other rows are neither ranked nor counted.

    Examples
    --------
    >>> mean_rank_percentile(np.zeros(3, np.int32), np.array([2.0, 1.0, 2.0]), np.ones(3, bool)).tolist()
    [75.0, 0.0, 75.0]
    """
    rows, starts = _ordered_groups(week, value, is_eligible)
    percentile = np.full(len(value), np.nan)
    if len(rows) == 0:
        return percentile
    size = np.diff(starts)
    week_start = np.repeat(starts[:-1], size)
    sorted_value = value[rows]
    opens_tie = np.ones(len(rows), dtype=np.bool_)
    opens_tie[1:] = (sorted_value[1:] != sorted_value[:-1]) | (week_start[1:] != week_start[:-1])
    tie_starts = np.flatnonzero(opens_tie)
    tie_size = np.diff(np.append(tie_starts, len(rows)))
    first = np.repeat(tie_starts, tie_size) - week_start
    mean_rank_minus_1 = first + (np.repeat(tie_size, tie_size) - 1) / 2.0
    last = np.repeat(size - 1, size)
    ranked = last > 0
    percentile[rows[ranked]] = 100.0 * mean_rank_minus_1[ranked] / last[ranked]
    return percentile


def row_activation(
    raw_percentile: NDArray[np.float64], residual_percentile: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Residual percentile where a row has one, else its raw one (seed profile); may mix within a week."""
    return np.where(np.isnan(residual_percentile), raw_percentile, residual_percentile)


def week_activation(
    week: NDArray[np.int32],
    raw_percentile: NDArray[np.float64],
    residual_percentile: NDArray[np.float64],
    is_eligible: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """One scale per week: the residual percentile for all, or the raw one when too few have a residual.

    Raw serves a week in which fewer than half of the eligible rows have a residual percentile.

    Parameters
    ----------
    week, raw_percentile, residual_percentile, is_eligible
        Shape (n_rows,), one row per ticker and week; NaN = no percentile.
    """
    _, week_no = np.unique(week, return_inverse=True)
    n_weeks = int(week_no.max()) + 1 if len(week_no) else 0
    n_eligible = np.bincount(week_no[is_eligible], minlength=n_weeks)
    n_residual = np.bincount(week_no[is_eligible & ~np.isnan(residual_percentile)], minlength=n_weeks)
    uses_residual = n_residual >= MIN_RESIDUAL_SHARE * n_eligible
    uses_residual &= n_residual > 0
    return np.where(uses_residual[week_no], residual_percentile, raw_percentile)
