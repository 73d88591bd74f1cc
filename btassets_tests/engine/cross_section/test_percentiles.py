"""Percentiles: by hand, against the naive form, and the golden rows."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.cross_section.percentiles import (
    mean_rank_percentile,
    row_activation,
    row_percentile,
    week_activation,
)
from btassets_tests.reference import naive_ic

GOLDEN = Path(__file__).parents[2] / "golden"
NAN = np.nan


def _column(table, name):
    return table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)


@pytest.mark.parametrize("case", ["default", "tight", "ungated", "crowded"])
def test_golden_percentiles(case):
    rows = pq.ParquetFile(GOLDEN / f"expected_{case}.parquet").read()
    week = (_column(rows, "iso_year") * 100 + _column(rows, "iso_week")).astype(np.int32)
    raw = row_percentile(week, _column(rows, "momentum"))
    residual = row_percentile(week, _column(rows, "residual_momentum"))
    assert np.array_equal(raw, _column(rows, "momentum_percentile"), equal_nan=True)
    assert np.array_equal(residual, _column(rows, "residual_momentum_percentile"), equal_nan=True)
    expected = _column(rows, "activation_momentum_percentile")
    assert np.array_equal(row_activation(raw, residual), expected, equal_nan=True)


VALUES = st.lists(st.tuples(st.integers(0, 2), st.one_of(st.none(), st.integers(0, 3)), st.booleans()), max_size=25)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_equal_the_naive_forms(rows):
    weeks = [r[0] for r in rows]
    values = [None if r[1] is None else r[1] / 3 for r in rows]
    eligible = [r[2] for r in rows]
    week = np.array(weeks, np.int32)
    value = np.array([NAN if v is None else v for v in values], float)
    flags = np.array(eligible, bool)
    for got, want in (
        (row_percentile(week, value), naive_ic.row_percentiles(weeks, values)),
        (mean_rank_percentile(week, value, flags), naive_ic.mean_rank_percentiles(weeks, values, eligible)),
    ):
        assert [None if np.isnan(x) else x for x in got] == want


@settings(max_examples=40, deadline=None)
@given(VALUES, st.randoms(use_true_random=False))
def test_row_order_changes_no_mean_rank_percentile(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    week = np.array([r[0] for r in rows], np.int32)
    value = np.array([NAN if r[1] is None else r[1] for r in rows], float)
    flags = np.array([r[2] for r in rows], bool)
    plain = mean_rank_percentile(week, value, flags)
    shuffled = mean_rank_percentile(week[order], value[order], flags[order])
    assert np.array_equal(plain[order], shuffled, equal_nan=True)


def test_a_week_takes_one_scale():
    week = np.array([1, 1, 1, 2, 2, 2, 3], np.int32)
    raw = np.array([10.0, 20, 30, 10, 20, 30, NAN])
    residual = np.array([NAN, NAN, 90, NAN, 80, 90, NAN])
    eligible = np.ones(7, bool)
    got = week_activation(week, raw, residual, eligible)
    # one residual of three: raw for all; two of three: residual for all, also where it is missing
    assert np.array_equal(got, [10, 20, 30, NAN, 80, 90, NAN], equal_nan=True)
    assert row_activation(raw, residual)[:3].tolist() == [10, 20, 90]
    half = np.array([NAN, 1.0, NAN, 1.0, 1.0, 1.0, 1.0])
    assert week_activation(np.array([1, 1, 2, 2, 3, 3, 3], np.int32), raw, half, eligible)[1] == 1.0
    none = week_activation(week, raw, residual, np.zeros(7, bool))
    assert np.array_equal(none, raw, equal_nan=True)
    assert len(week_activation(week[:0], raw[:0], residual[:0], eligible[:0])) == 0
