"""Plateaus of a grid: the value of a cell averaged with its neighbours.

Belongs here: means and worst values over neighbourhoods. Does not belong here: the cells' results.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Neighbourhoods:
    """For each cell with a value, the cells at most one step away along every ordered axis, itself included.

    Attributes
    ----------
    mean, worst
        Mean and minimum; NaN if the cell itself has no value. Neighbours without a value do not count.
    n_cells
        Number of cells in the mean.
    is_whole
        No neighbour is missing: the cell is inside the grid, and all neighbouring cells have a value.
    """

    mean: NDArray[np.float64]
    worst: NDArray[np.float64]
    n_cells: NDArray[np.int64]
    is_whole: NDArray[np.bool_]


def neighbourhoods(values: NDArray[np.float64], is_ordered: Sequence[bool]) -> Neighbourhoods:
    """Neighbourhoods of a grid of any shape; every result has that shape.

    Parameters
    ----------
    values
        One per cell, higher is better; NaN = none.
    is_ordered
        Per axis: whether its steps have neighbours. Along the others (switches) a cell has none.

    Examples
    --------
    >>> neighbourhoods(np.array([1.0, 2.0, 6.0, np.nan]), [True]).mean.tolist()
    [1.5, 3.0, 4.0, nan]
    """
    steps = [(-1, 0, 1) if ordered and n > 1 else (0,) for ordered, n in zip(is_ordered, values.shape, strict=True)]
    total = np.zeros(values.shape)
    worst = np.full(values.shape, np.inf)
    count = np.zeros(values.shape, dtype=np.int64)
    n_steps = 0
    for offset in itertools.product(*steps):
        n_steps += 1
        here = tuple(slice(max(0, -o), n - max(0, o)) for o, n in zip(offset, values.shape, strict=True))
        there = tuple(slice(max(0, o), n - max(0, -o)) for o, n in zip(offset, values.shape, strict=True))
        beside = values[there]
        known = ~np.isnan(beside)
        total[here] += np.where(known, beside, 0.0)
        worst[here] = np.minimum(worst[here], np.where(known, beside, np.inf))
        count[here] += known
    has_value = ~np.isnan(values)
    return Neighbourhoods(
        mean=np.where(has_value, total / np.maximum(count, 1), np.nan),
        worst=np.where(has_value, worst, np.nan),
        n_cells=np.where(has_value, count, 0),
        is_whole=has_value & (count == n_steps),
    )
