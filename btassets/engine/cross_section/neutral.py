"""Forward returns minus their group's mean, as in a sector-neutral factor study.

Belongs here: subtracting group means within a week. Does not belong here: correlations and fifths of the residuals
(`rank_ic`, `quantiles`), and the source of groups.
"""

import numpy as np
from numpy.typing import NDArray

NO_GROUP = -1


def group_neutral(
    week_no: NDArray[np.int64], group_no: NDArray[np.int64], forward_returns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Forward returns minus the mean of their group in the same week, shape (n_horizons, n_rows).

    Parameters
    ----------
    week_no
        Week of each row, 0 .. n_weeks - 1, shape (n_rows,).
    group_no
        Group of each row, 0 .. n_groups - 1, or `NO_GROUP`, shape (n_rows,).
    forward_returns
        Fractions, shape (n_horizons, n_rows); NaN = not known.

    Returns
    -------
    ndarray
        NaN if the return is unknown, if the row has no group, or if its group has no other known return in that week,
        since there is nothing to compare with.

    Examples
    --------
    >>> week, group = np.array([0, 0, 0]), np.array([0, 0, 1])
    >>> group_neutral(week, group, np.array([[0.03, 0.01, 0.09]])).round(6).tolist()
    [[0.01, -0.01, nan]]
    """
    n_groups = int(group_no.max(initial=NO_GROUP)) + 1
    place = week_no * n_groups + group_no
    neutral = np.full(forward_returns.shape, np.nan)
    for h, forward in enumerate(forward_returns):
        known = (group_no != NO_GROUP) & ~np.isnan(forward)
        count = np.bincount(place[known])
        total = np.bincount(place[known], weights=forward[known])
        n = count[place[known]]
        mean = total[place[known]] / n
        neutral[h, known] = np.where(n > 1, forward[known] - mean, np.nan)
    return neutral
