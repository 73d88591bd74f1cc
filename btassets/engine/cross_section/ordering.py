"""Stable sorting and week grouping shared by the cross-section and the portfolio.

Belongs here: orderings in which ties keep the row order (the tie order is part of the method). Does not belong here:
the ranked values and the meaning of a rank.
"""

import numpy as np
from numpy.typing import NDArray

from btassets.engine.compiling import Whole, helper

_RUN = 12  # below this length insertion sort is cheaper than merging


@helper
def sort_rows_ascending(
    keys: NDArray[np.float64],
    rows: NDArray[np.integer],
    n: Whole,
    key_buffer: NDArray[np.float64],
    row_buffer: NDArray[np.integer],
) -> None:
    """Sort `keys[:n]` ascending in place, carrying `rows[:n]`; ties keep their order.

    The buffers have at least `n` elements; keys hold no NaN. Merge sort over short insertion-sorted
    runs. A descending order with ties in row order is this sort over the negated keys.
    """
    for lo in range(0, n, _RUN):
        hi = min(lo + _RUN, n)
        for i in range(lo + 1, hi):
            key = keys[i]
            row = rows[i]
            j = i - 1
            while j >= lo and keys[j] > key:
                keys[j + 1] = keys[j]
                rows[j + 1] = rows[j]
                j -= 1
            keys[j + 1] = key
            rows[j + 1] = row
    width = _RUN
    while width < n:
        for lo in range(0, n, 2 * width):
            mid = min(lo + width, n)
            hi = min(lo + 2 * width, n)
            if mid >= hi or keys[mid - 1] <= keys[mid]:
                continue
            left = mid - lo
            for i in range(left):
                key_buffer[i] = keys[lo + i]
                row_buffer[i] = rows[lo + i]
            i = 0
            j = mid
            out = lo
            while i < left and j < hi:
                if key_buffer[i] <= keys[j]:
                    keys[out] = key_buffer[i]
                    rows[out] = row_buffer[i]
                    i += 1
                else:
                    keys[out] = keys[j]
                    rows[out] = rows[j]
                    j += 1
                out += 1
            while i < left:
                keys[out] = key_buffer[i]
                rows[out] = row_buffer[i]
                i += 1
                out += 1
        width *= 2


def group_starts(sorted_ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """Start of each group of equal neighbours, with the length appended, shape (n_groups + 1,).

    Parameters
    ----------
    sorted_ids
        Shape (n_rows,); equal ids are contiguous.

    Examples
    --------
    >>> group_starts(np.array([3, 3, 7], dtype=np.int32)).tolist()
    [0, 2, 3]
    """
    n = len(sorted_ids)
    if n == 0:
        return np.zeros(1, dtype=np.int64)
    edges = np.flatnonzero(sorted_ids[1:] != sorted_ids[:-1]) + 1
    return np.concatenate((np.zeros(1, np.int64), edges.astype(np.int64), np.array([n], np.int64)))
