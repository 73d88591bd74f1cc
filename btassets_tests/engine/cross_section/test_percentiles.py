"""Percentiles: by hand, against the naive form, and the golden rows."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.cross_section.percentiles import row_activation, row_percentile, ticker_percentile
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


VALUES = st.lists(st.tuples(st.integers(0, 2), st.one_of(st.none(), st.integers(0, 3))), max_size=25)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_equal_the_naive_form(rows):
    weeks = [r[0] for r in rows]
    values = [None if r[1] is None else r[1] / 3 for r in rows]
    got = row_percentile(np.array(weeks, np.int32), np.array([NAN if v is None else v for v in values], float))
    assert [None if np.isnan(x) else x for x in got] == naive_ic.row_percentiles(weeks, values)


def test_a_row_without_a_residual_takes_its_raw_percentile():
    raw, residual = np.array([10.0, 20.0, 30.0, NAN]), np.array([NAN, NAN, 90.0, NAN])
    assert np.array_equal(row_activation(raw, residual), [10.0, 20.0, 90.0, NAN], equal_nan=True)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_ranks_of_tickers_equal_the_naive_form(rows):
    dates, values = [r[0] for r in rows], [r[1] for r in rows]
    expected = naive_ic.mean_rank_percentiles(dates, values, [True] * len(rows))
    column = np.array([NAN if value is None else value for value in values], dtype=np.float64)
    found = ticker_percentile(np.array(dates, dtype=np.int32), column)
    assert [None if np.isnan(value) else value for value in found.tolist()] == expected


def test_ranks_of_tickers_by_hand():
    found = ticker_percentile(np.array([5, 4, 5, 5, 5, 4, 3], np.int32), np.array([1.0, 9, 3, 1, NAN, 8, 7]))
    assert found[[0, 1, 2, 3, 5]].tolist() == [25.0, 100.0, 100.0, 25.0, 0.0]
    assert np.isnan(found[[4, 6]]).all()  # no value, and alone at its date
    assert ticker_percentile(np.empty(0, np.int32), np.empty(0)).tolist() == []
