"""Stable order and groups, against Python's own sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btassets.engine.compiling import Int64s, OutReals, Reals, kernel
from btassets.engine.cross_section.ordering import group_starts, sort_rows_ascending


@kernel
def order_of(keys: Reals, out: OutReals) -> Int64s:
    """Row numbers in the order of their keys; `out` receives the sorted keys."""
    n = keys.shape[0]
    rows = np.arange(n)
    out[:] = keys
    sort_rows_ascending(out, rows, n, np.empty(n), np.empty(n, np.int64))
    return rows


def sorted_rows(keys):
    out = np.empty(len(keys))
    rows = order_of(np.array(keys, float), out)
    return rows.tolist(), out.tolist()


@given(st.lists(st.sampled_from([-np.inf, -1.5, -0.0, 0.0, 0.1, 2.0, 2.5, np.inf]), max_size=120))
def test_ties_keep_the_order_of_their_rows(keys):
    rows, ordered = sorted_rows(keys)
    assert rows == sorted(range(len(keys)), key=keys.__getitem__)
    assert ordered == [keys[k] for k in rows]


# Lengths around the runs of 12 and their merges: an odd run is left over, or the last pair has one side.
@pytest.mark.parametrize("n", [0, 1, 11, 12, 13, 24, 25, 36, 48, 49, 97, 1000])
@pytest.mark.parametrize("kind", ["random", "descending", "ascending"])
def test_any_length_is_sorted(n, kind):
    keys = np.random.default_rng(n).integers(0, max(n // 3, 1), n).astype(float)
    keys = {"random": keys, "descending": -np.sort(-keys), "ascending": np.sort(keys)}[kind].tolist()
    assert sorted_rows(keys)[0] == sorted(range(n), key=keys.__getitem__)


def test_only_the_first_n_are_sorted():
    @kernel
    def sort_some(keys: OutReals, n: int) -> None:
        sort_rows_ascending(keys, np.arange(keys.shape[0]), n, np.empty(n), np.empty(n, np.int64))

    keys = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    sort_some(keys, 3)
    assert keys.tolist() == [3.0, 4.0, 5.0, 2.0, 1.0]


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), max_size=12))
def test_group_starts_are_where_the_id_changes(groups):
    merged = [(ident, n) for k, (ident, n) in enumerate(groups) if k == 0 or groups[k - 1][0] != ident]
    ids = np.repeat([ident for ident, _ in merged], [n for _, n in merged]).astype(np.int32)
    starts = group_starts(ids)
    assert starts.dtype == np.int64
    assert starts.tolist() == [0, *np.cumsum([n for _, n in merged]).astype(int).tolist()]
