"""Weekly rank ICs by hand and against the naive form, and the naive form against the golden factor tables."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.cross_section.rank_ic import weekly_rank_ic
from btassets_tests.reference import naive_ic

GOLDEN = Path(__file__).parents[2] / "golden"
HORIZON = 30


def test_by_hand():
    week = np.zeros(4, np.int32)
    signals = np.array([[1.0, 2.0, 2.0, 4.0], [1.0, 1.0, 1.0, 1.0], [np.nan, 3.0, 2.0, 1.0]])
    forward = np.array([[0.1, 0.2, 0.3, 0.4]])
    result = weekly_rank_ic(week, signals, forward, min_cross_section=3)
    assert result.ic[0, 0, 0] == pytest.approx(4.5 / np.sqrt(4.5 * 5.0), abs=1e-15)
    assert np.isnan(result.ic[1, 0, 0])
    assert result.ic[2, 0, 0] == -1.0
    assert result.size[:, 0, 0].tolist() == [4, 4, 3]
    assert np.isnan(result.spread).all()  # under ten pairs


def test_too_few_names_are_counted_but_not_scored():
    week = np.array([1, 1, 2], np.int32)
    result = weekly_rank_ic(week, np.ones((1, 3)), np.ones((1, 3)))
    assert result.size[0, 0].tolist() == [2, 1]
    assert np.isnan(result.ic).all()
    assert result.week.tolist() == [1, 2]


def test_no_rows():
    result = weekly_rank_ic(np.empty(0, np.int32), np.empty((2, 0)), np.empty((1, 0)))
    assert result.ic.shape == (2, 1, 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 45), st.sampled_from([1, 3, 1000]), st.floats(0, 0.5))
def test_equals_the_naive_form_bit_for_bit(seed, n, levels, missing):
    rng = np.random.default_rng(seed)
    week = np.sort(rng.integers(0, 3, n)).astype(np.int32)
    signals = rng.integers(0, levels + 1, (2, n)) / 7.0
    forward = rng.integers(-levels, levels + 1, (2, n)) / 13.0
    signals[rng.uniform(size=signals.shape) < missing] = np.nan
    forward[rng.uniform(size=forward.shape) < missing / 2] = np.nan
    result = weekly_rank_ic(week, signals, forward, min_cross_section=3)
    for w, key in enumerate(result.week):
        rows = np.flatnonzero(week == key)
        for s in range(2):
            for h in range(2):
                both = [k for k in rows if not np.isnan(signals[s, k]) and not np.isnan(forward[h, k])]
                xs, ys = signals[s, both].tolist(), forward[h, both].tolist()
                assert result.size[s, h, w] == len(both)
                ic = naive_ic.spearman(xs, ys) if len(both) >= 3 else None
                spread = naive_ic.quintile_spread(xs, ys) if len(both) >= 3 else None
                for got, want in ((result.ic[s, h, w], ic), (result.spread[s, h, w], spread)):
                    assert (np.isnan(got) and want is None) or got == want


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_monotone_transforms_and_mirrors(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, 30))
    week = np.zeros(30, np.int32)
    plain = weekly_rank_ic(week, np.stack([x, np.exp(x), -x]), np.stack([y, 3 * y - 1]))
    assert plain.ic[0, 0, 0] == plain.ic[1, 0, 0] == plain.ic[0, 1, 0] == -plain.ic[2, 0, 0]
    assert -1 <= plain.ic[0, 0, 0] <= 1


def test_a_week_of_exactly_the_least_size_counts():
    week = np.repeat(np.array([0, 1], np.int32), [20, 19])
    values = np.random.default_rng(3).standard_normal(39)
    weekly = weekly_rank_ic(week, values[None], -values[None])
    assert weekly.size[0, 0].tolist() == [20, 19]
    assert weekly.ic[0, 0, 0] == -1.0
    assert np.isnan(weekly.ic[0, 0, 1])


@pytest.fixture(scope="module")
def golden_weeks():
    """`{(year, week): [(signals, forward), ...]}` over the golden tickers in byte order."""
    spy = pq.ParquetFile(GOLDEN / "SPY.parquet").read()
    benchmark = dict(zip(spy.column("date").to_pylist(), spy.column("close").to_pylist(), strict=True))
    by_week = {}
    for file in sorted((GOLDEN / "bars").glob("*.parquet"), key=lambda p: p.stem.encode()):
        columns = pq.ParquetFile(file).read().to_pydict()
        bars = list(zip(*(columns[c] for c in ("date", "open", "high", "low", "close")), strict=True))
        for year, week, signals, forward in naive_ic.own_week_rows(bars, benchmark, HORIZON):
            by_week.setdefault((year, week), []).append((signals, forward))
    return by_week


@pytest.mark.parametrize("case", ["default", "tight", "ungated", "crowded"])
def test_the_naive_form_gives_the_golden_factor_tables(golden_weeks, case):
    expected = json.loads((GOLDEN / f"report_{case}.json").read_text())["signal_eval"]
    names = sorted({name for members in golden_weeks.values() for signals, _ in members for name in signals})
    assert naive_ic.factor_table(golden_weeks, names, HORIZON) == expected
