"""Percentile ranks of rows within a week, in the legacy profile's definition.

Belongs here: ranks within one week. Does not belong here: the ranked values (features), the use of a percentile
(qualification), and ranks of tickers (`dbt_like_sql/percentile_ranks.sql`).
"""

import numpy as np
from numpy.typing import NDArray

from btassets.engine.cross_section.ordering import group_starts


def row_percentile(week: NDArray[np.int32], value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentile 0-100 among the rows of a week, equal values split by row order (legacy profile).

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
    rows = np.flatnonzero(~np.isnan(value))
    rows = rows[np.lexsort((value[rows], week[rows]))]  # by week, value, row
    starts = group_starts(week[rows])
    percentile = np.full(len(value), np.nan)
    size = np.diff(starts)
    position = np.arange(len(rows)) - np.repeat(starts[:-1], size)
    last = np.repeat(size - 1, size)
    # Divide first, then scale: the order of operations affects the last bit.
    percentile[rows] = np.where(last > 0, position / np.maximum(last, 1) * 100.0, 100.0)
    return percentile


def row_activation(
    raw_percentile: NDArray[np.float64], residual_percentile: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Residual percentile where a row has one, else its raw one (legacy profile); may mix within a week."""
    return np.where(np.isnan(residual_percentile), raw_percentile, residual_percentile)


def ticker_percentile(date: NDArray[np.int32], value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentile 0-100 among the values of a date, ties at their mean rank (standard profile).

    A date with one value gives none.

    Parameters
    ----------
    date
        Shape (n_rows,), any order of dates.
    value
        Shape (n_rows,); NaN = not ranked, NaN in the result.

    Examples
    --------
    >>> ticker_percentile(np.zeros(3, np.int32), np.array([2.0, 1.0, 2.0])).tolist()
    [75.0, 0.0, 75.0]
    """
    rows = np.flatnonzero(~np.isnan(value))
    rows = rows[np.lexsort((value[rows], date[rows]))]
    found = np.full(len(value), np.nan)
    if not len(rows):
        return found
    starts = group_starts(date[rows])
    size = np.diff(starts)
    is_new = np.diff(value[rows], prepend=np.nan) != 0
    is_new[starts[:-1]] = True
    ties = np.append(np.flatnonzero(is_new), len(rows))
    middle = np.repeat((ties[:-1] + ties[1:] - 1) / 2, np.diff(ties)) - np.repeat(starts[:-1], size)
    n = np.repeat(size, size)
    # Scale first, then divide: the order of operations affects the last bit (`percentile_ranks.sql`).
    found[rows] = np.where(n > 1, 100 * middle / np.maximum(n - 1, 1), np.nan)
    return found
