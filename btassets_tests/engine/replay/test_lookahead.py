"""Truncation: setups stay the same without later bars, and a leak is found."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.replay.lookahead import truncation_mismatches
from btassets.engine.replay.ticker import TickerReplay
from btassets_tests.reference.awkward_bars import aligned, make_job, raw_of, replayed

SEEDS = st.integers(0, 10**6)


modest = settings(max_examples=15, deadline=None)


@modest
@given(SEEDS)
def test_truncation_changes_nothing(seed):
    job = make_job(seed, n=320)
    replay = replayed(job)
    sample = np.random.default_rng(seed).choice(320, 12, replace=False).astype(np.int32)
    assert truncation_mismatches(replay, aligned(job), raw_of(job), sample, job["rules"]) == []


def test_truncation_finds_a_value_that_knew_more():
    job = make_job(5, n=320, halt=False)
    replay = replayed(job)
    i = int(replay.candidate_index[-1])
    leaking = dict(replay.candidates)
    leaking["rr"] = leaking["rr"].copy()
    leaking["rr"][-1] += 1e-12
    fewer = {name: column[:-1] for name, column in replay.candidates.items()}
    sample = np.array([i], dtype=np.int32)
    leaky = dataclasses.replace(replay, candidates=leaking)
    (found,) = truncation_mismatches(leaky, aligned(job), raw_of(job), sample, job["rules"])
    assert (found.asof_date, found.column) == (int(job["bars"].dates[i]), "rr")
    short = TickerReplay(fewer, replay.signals, replay.candidate_index[:-1], replay.signal_index)
    (found,) = truncation_mismatches(short, aligned(job), raw_of(job), sample, job["rules"])
    assert (found.column, found.full, found.truncated) == ("direction", 1.0, 2.0)


def test_a_cell_that_is_missing_on_one_side_only_differs():
    job = make_job(11, n=300, halt=False)
    replay = replayed(job)
    i = int(replay.signal_index[-1])
    sample = np.array([i], dtype=np.int32)
    changed = {**replay.signals, "mom_12_1": replay.signals["mom_12_1"].copy()}
    changed["mom_12_1"][-1] = np.nan
    leaky = dataclasses.replace(replay, signals=changed)
    (found,) = truncation_mismatches(leaky, aligned(job), raw_of(job), sample, job["rules"])
    assert (found.column, found.asof_date) == ("mom_12_1", int(job["bars"].dates[i]))
    assert np.isnan(found.full)
    assert found.truncated == replay.signals["mom_12_1"][-1]


def test_graded_columns_and_as_of_bars_outside_the_sample_are_not_compared():
    job = make_job(5, n=320, halt=False)
    replay = replayed(job)
    last, before = int(replay.candidate_index[-1]), int(replay.candidate_index[0])
    changed = {name: column.copy() for name, column in replay.candidates.items()}
    changed["realized_r"][:] = 99.0
    changed["rr"][replay.candidate_index == before] += 1.0
    graded = dataclasses.replace(replay, candidates=changed)
    sample = np.array([last], dtype=np.int32)
    assert truncation_mismatches(graded, aligned(job), raw_of(job), sample, job["rules"]) == []
    found = truncation_mismatches(
        graded, aligned(job), raw_of(job), np.array([before, last], dtype=np.int32), job["rules"]
    )
    assert {mismatch.column for mismatch in found} == {"rr"}
    assert [mismatch.full - mismatch.truncated for mismatch in found] == pytest.approx([1.0] * len(found))
