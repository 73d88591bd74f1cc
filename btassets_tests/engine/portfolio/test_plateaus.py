"""Neighbourhoods of a grid equal those of a plain loop over all pairs of cells."""

import itertools

import numpy as np
import pytest

from btassets.engine.portfolio.plateaus import neighbourhoods


def naive(values: np.ndarray, is_ordered: list[bool]) -> list[tuple]:
    found = []
    places = list(itertools.product(*map(range, values.shape)))
    for here in places:
        beside = [
            p
            for p in places
            if all(abs(a - b) <= (1 if ordered else 0) for a, b, ordered in zip(here, p, is_ordered, strict=True))
        ]
        known = [float(values[p]) for p in beside if not np.isnan(values[p])]
        full = 1
        for ordered, n in zip(is_ordered, values.shape, strict=True):
            full *= 3 if ordered and n > 1 else 1
        if np.isnan(values[here]):
            found.append((None, None, 0, False))
        else:
            found.append((sum(known) / len(known), min(known), len(known), len(known) == full))
    return found


@pytest.mark.parametrize("shape", [(1,), (7,), (4, 3), (3, 4, 2), (1, 5), (2, 2, 2, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_neighbourhoods_equal_the_plain_loop(shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape)
    values[rng.uniform(size=shape) < 0.2] = np.nan
    is_ordered = [bool(x) for x in rng.uniform(size=len(shape)) < 0.6]
    got = neighbourhoods(values, is_ordered)
    for k, (mean, worst, n, is_whole) in enumerate(naive(values, is_ordered)):
        place = np.unravel_index(k, shape)
        assert (got.n_cells[place], got.is_whole[place]) == (n, is_whole)
        if mean is None:
            assert np.isnan(got.mean[place])
            assert np.isnan(got.worst[place])
        else:
            assert got.mean[place] == pytest.approx(mean, rel=1e-12)
            assert got.worst[place] == worst


def test_a_lonely_peak_loses_to_a_plateau() -> None:
    values = np.array([[1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0, 2.0, 0.0], [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]])
    found = neighbourhoods(values, [True, True])
    assert np.unravel_index(values.argmax(), values.shape) == (1, 4)
    assert np.unravel_index(found.mean.argmax(), values.shape) == (0, 0) or found.mean[1, 1] == found.mean.max()
    assert found.mean[1, 1] == 1.0
    assert found.mean[1, 4] < 0.3
