"""A second reading against the first: grown, re-based or corrected."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.market.overlap import OVERLAP_SESSIONS, Merged, _common, _missing, merge_overlap, overlap_start
from btassets.engine.market.raw_bars import RawBars

FIELDS = ("open", "high", "low", "close", "volume", "dividend", "split")


def bars(first: int = 0, n: int = 30, scale: float = 1.0, seed: int = 1) -> RawBars:
    rng = np.random.default_rng(seed)
    close = 50.0 + np.cumsum(rng.normal(0, 0.5, 400))
    spread = rng.uniform(0.1, 1.0, 400)
    rows = slice(first, first + n)
    return RawBars(
        dates=np.arange(400, dtype=np.int32)[rows] + 18_000,
        open=(scale * (close - spread / 2))[rows],
        high=(scale * (close + spread))[rows],
        low=(scale * (close - spread))[rows],
        close=(scale * close)[rows],
        volume=rng.integers(1_000, 9_000, 400).astype(float)[rows],
        dividend=np.zeros(n),
        split=np.ones(n),
    )


def changed(raw: RawBars, name: str, row: int, value: float) -> RawBars:
    values = getattr(raw, name).copy()
    values[row] = value
    return replace(raw, **{name: values})


def without(raw: RawBars, *rows: int) -> RawBars:
    return RawBars(*(np.delete(getattr(raw, name), rows) for name in ("dates", *FIELDS)))


def same(a: RawBars, b: RawBars) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True) for name in ("dates", *FIELDS))


def rounded(raw: RawBars) -> RawBars:
    return replace(raw, **{name: np.round(getattr(raw, name), 2) for name in FIELDS[:4]})


def told(merged: Merged) -> list[tuple[str, int, str]]:
    return [(r.kind, r.date - 18_000, r.field) for r in merged.revisions]


def test_equal_overlap_is_appended() -> None:
    merged = merge_overlap(bars(0, 30), bars(20, 15))
    assert merged.kind == "appended"
    assert same(merged.bars, bars(0, 35))
    assert merged.revisions == ()
    assert merge_overlap(bars(0, 30), bars(20, 10)).kind == "same"
    assert merge_overlap(bars(0, 30), bars(0, 0)).bars is not None


@pytest.mark.parametrize("ratio", [0.5, 0.25, 2.0, 0.997, 1.054])
@pytest.mark.parametrize("n_overlap", [2, 3, 10, 30])
def test_a_constant_ratio_is_a_new_basis(ratio: float, n_overlap: int) -> None:
    old, new = bars(0, 30), bars(30 - n_overlap, n_overlap + 1, ratio)
    merged = merge_overlap(old, new)
    assert merged.kind == "restated"
    assert same(merged.bars, new)
    assert [r.kind for r in merged.revisions] == ["restated"]
    # The same when both vendors' prices are rounded to cents.
    assert merge_overlap(rounded(old), rounded(new)).kind == "restated"


def test_a_new_basis_before_an_ex_date_in_the_overlap() -> None:
    new = bars(20, 12)
    ratio = np.where(np.arange(12) < 7, 0.98, 1.0)
    new = replace(new, **{name: getattr(new, name) * ratio for name in FIELDS[:4]})
    merged = merge_overlap(bars(0, 30), new)
    assert merged.kind == "restated"
    assert told(merged) == [("restated", 26, "close")]


@pytest.mark.parametrize("name", FIELDS)
def test_one_number_is_a_correction(name: str) -> None:
    value = getattr(bars(), name)[24] * 1.01 + 0.5
    merged = merge_overlap(bars(0, 30), changed(bars(20, 11), name, 4, value))
    assert merged.kind == "revised"
    assert [(r.field, r.old, r.new) for r in merged.revisions] == [(name, getattr(bars(), name)[24], value)]
    assert same(merged.bars, changed(bars(0, 31), name, 24, value))


def test_one_whole_bar_on_another_scale_is_a_correction() -> None:
    new = bars(20, 10)
    for name in FIELDS[:4]:
        new = changed(new, name, 0, getattr(new, name)[0] / 2)
    merged = merge_overlap(bars(0, 30), new)
    assert merged.kind == "revised"
    assert len(merged.revisions) == 4


def test_bars_that_came_and_went() -> None:
    merged = merge_overlap(without(bars(0, 30), 22), without(bars(20, 12), 5))
    assert told(merged) == [("added", 22, "close"), ("removed", 25, "close")]
    assert same(merged.bars, without(bars(0, 32), 25))
    # A short answer loses nothing at its ends.
    assert same(merge_overlap(bars(0, 30), bars(20, 5)).bars, bars(0, 30))


def test_no_common_date() -> None:
    assert merge_overlap(bars(0, 30), bars(40, 5)).kind == "disjoint"
    assert merge_overlap(bars(0, 0), bars(40, 5)).kind == "appended"


def test_many_dividends_in_a_whole_reading_are_one_restatement() -> None:
    steps = np.where(np.arange(30) < 10, 0.97, np.where(np.arange(30) < 25, 0.985, 1.0))
    new = bars(0, 31)
    new = replace(new, **{name: getattr(new, name) * np.append(steps, 1.0) for name in FIELDS[:4]})
    merged = merge_overlap(bars(0, 30), new)
    assert told(merged) == [("restated", 24, "close")]


def test_order_and_missing_numbers() -> None:
    new = bars(20, 12)
    shuffled = RawBars(*(getattr(new, name)[::-1] for name in ("dates", *FIELDS)))
    assert same(merge_overlap(bars(0, 30), shuffled).bars, bars(0, 32))
    hole = changed(bars(20, 12), "close", 3, math.nan)
    merged = merge_overlap(bars(0, 30), hole)
    assert [(r.field, math.isnan(r.new or 0.0)) for r in merged.revisions] == [("close", True)]


def test_where_the_overlap_starts() -> None:
    assert overlap_start(bars(0, 30).dates) == 18_000 + 30 - OVERLAP_SESSIONS
    assert overlap_start(bars(0, 4).dates) == 18_000


@settings(max_examples=60, deadline=None)
@given(
    n_old=st.integers(1, 40),
    start=st.integers(0, 45),
    n_new=st.integers(1, 40),
    gone=st.sets(st.integers(0, 39), max_size=3),
    ratio=st.sampled_from([1.0, 1.0, 0.5]),
)
def test_nothing_is_lost_and_every_difference_is_told(
    n_old: int, start: int, n_new: int, gone: set[int], ratio: float
) -> None:
    old = bars(0, n_old)
    new = bars(start, n_new, ratio)
    new = without(new, *(row for row in gone if row < n_new - 1))
    merged = merge_overlap(old, new)
    days = merged.bars.dates
    assert (np.diff(days) > 0).all()
    assert np.isin(new.dates, days).all()
    if merged.kind in ("same", "appended", "revised"):
        outside = (old.dates < new.dates[0]) | (old.dates > new.dates[-1])
        assert np.isin(old.dates[outside], days).all()
    if merged.kind == "same":
        assert same(merged.bars, old)
    if merged.kind in ("restated", "disjoint"):
        assert same(merged.bars, new)
    common = np.intersect1d(old.dates, new.dates)
    if ratio != 1.0 and len(common) >= 2:
        assert merged.kind == "restated"
    if merged.kind != "restated":
        n_removed = sum(r.kind == "removed" for r in merged.revisions)
        kept = days[(days >= old.dates[0]) & (days <= old.dates[-1])]
        n_added = sum(r.kind == "added" for r in merged.revisions)
        if merged.kind != "disjoint":
            assert len(kept) == len(old) - n_removed + n_added


DAYS = st.lists(st.integers(0, 30), max_size=25).map(lambda days: np.array(sorted(days), np.int32))


@given(DAYS, DAYS)
def test_common_and_missing_dates_are_those_of_numpys_set_functions(old, new):
    old = np.unique(old)
    _, at_old, at_new = np.intersect1d(old, new, return_indices=True)
    found = _common(old, new)
    assert [rows.tolist() for rows in found] == [at_old.tolist(), at_new.tolist()]
    for dates, of in ((old, new), (new, old)):
        assert _missing(dates, of).tolist() == np.setdiff1d(dates, of).tolist()
    assert len(_missing(old, new)) == (~np.isin(old, new)).sum()
