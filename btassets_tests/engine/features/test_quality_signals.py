"""Trailing quality rules: each at its threshold by hand, and against plain Python on spoiled bars."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.conventions import FORWARD_RETURN_DAYS
from btassets.engine.market.bars import Bars
from btassets.engine.market.eligibility import INELIGIBLE_REASONS
from btassets_tests.reference.awkward_bars import make_job, replayed
from btassets_tests.reference.naive_engine import Bar, forward_return, ineligible_reason, window_of


def clean_job(n=400):
    return make_job(7, n=n, halt=False, awkward=False)


def last_reason(job):
    code = replayed(job).signals["ineligible_reason"][-1]
    return INELIGIBLE_REASONS[code] if code >= 0 else None


def with_bars(job, **changes):
    return {**job, "bars": dataclasses.replace(job["bars"], **changes)}


def spoiled(values, count, value):
    changed = values.copy()
    changed[-count:] = value
    return changed


def test_a_clean_ticker_is_eligible_from_its_253rd_bar():
    signals = replayed(clean_job()).signals
    reasons = signals["ineligible_reason"]
    assert (reasons[:252] == 0).all()
    assert (reasons[252:] == -1).all()
    np.testing.assert_array_equal(signals["eligible"], reasons == -1)


@pytest.mark.parametrize(("count", "expected"), [(6, None), (7, "zero_volume")])  # 6/126 = 4.8%, 7/126 = 5.6%
def test_zero_volume(count, expected):
    job = clean_job()
    assert last_reason(with_bars(job, volume=spoiled(job["bars"].volume, count, 0.0))) == expected


@pytest.mark.parametrize(("count", "expected"), [(12, None), (13, "flat_bars")])
def test_flat_bars(count, expected):
    job = clean_job()
    close = job["bars"].close
    flat = {name: np.concatenate([getattr(job["bars"], name)[:-count], close[-count:]]) for name in ("high", "low")}
    flat["open"] = np.concatenate([job["bars"].open[:-count], close[-count:]])
    assert last_reason(with_bars(job, **flat)) == expected


@pytest.mark.parametrize(("count", "expected"), [(29, None), (30, "constant_close")])
def test_constant_closes(count, expected):
    job = clean_job()
    job["raw_close"] = spoiled(job["raw_close"], count, 50.0)
    assert last_reason(job) == expected


@pytest.mark.parametrize(("count", "expected"), [(31, None), (32, "low_price")])
def test_low_price(count, expected):
    job = clean_job()
    job["raw_close"] = spoiled(job["raw_close"], count, np.linspace(0.5, 0.9, count))
    assert last_reason(job) == expected


@pytest.mark.parametrize(("count", "expected"), [(31, None), (32, "low_dollar_volume")])
def test_low_dollar_volume(count, expected):
    job = clean_job()
    job["raw_dollar_volume"] = spoiled(job["raw_dollar_volume"], count, 999_999.0)
    assert last_reason(job) == expected


@pytest.mark.parametrize(("n_missing", "expected"), [(12, None), (13, "missing_sessions")])
def test_missing_sessions(n_missing, expected):
    job = clean_job()
    keep = np.ones(400, dtype=bool)
    keep[300 : 300 + 2 * n_missing : 2] = False
    bars = job["bars"]
    fields = (bars.dates, bars.open, bars.high, bars.low, bars.close, bars.volume)
    job["bars"] = Bars(*(part[keep] for part in fields))
    for name in ("bench_open", "bench_close", "session_no", "raw_close", "raw_dollar_volume", "price_factor"):
        job[name] = job[name][keep]
    n = int(keep.sum())
    job["asof_index"] = np.arange(n, dtype=np.int32)
    job["asof_flags"] = job["asof_flags"][keep]
    assert last_reason(job) == expected


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([0, 30]))
def test_equal_to_plain_python(seed, is_ended, gap_days):
    rng = np.random.default_rng(seed)
    job = make_job(seed, n=420, is_ended=is_ended, lag=12 if is_ended else 0, holes=float(rng.choice([0.0, 0.09])))
    job["rules"] = dataclasses.replace(job["rules"], gap_days=gap_days)
    job["bars"].volume[rng.random(420) < rng.choice([0.0, 0.05])] = 0.0
    # Around the thresholds of Q17, so that medians fall on both sides and exactly half lie below.
    job["raw_close"] = np.round(rng.uniform(0.9, 1.1, 420) + rng.choice([-0.01, 0.05]), 2)
    job["raw_dollar_volume"] = rng.choice([999_999.0, 1_000_000.0, 2e6], 420)
    b = job["bars"]
    rows = zip(*(part.tolist() for part in (b.dates, b.open, b.high, b.low, b.close, b.volume)), strict=True)
    bars = [Bar(*row) for row in rows]
    signals = replayed(job).signals
    session_no = job["session_no"].tolist()
    raw_close, raw_dollar_volume = job["raw_close"].tolist(), job["raw_dollar_volume"].tolist()
    for i in range(0, 420, 3):
        n_window = len(window_of(bars[: i + 1], gap_days))
        reason = ineligible_reason(i, n_window, bars, session_no, raw_close, raw_dollar_volume)
        code = signals["ineligible_reason"][i]
        assert (INELIGIBLE_REASONS[code] if code >= 0 else None) == reason, i
        for days in FORWARD_RETURN_DAYS:
            expected, available = forward_return(bars, i, days, is_ended, gap_days)
            value = signals[f"fwd_return_{days}"][i].item()
            assert (None if math.isnan(value) else value) == expected, (i, days)
            assert signals["n_forward"][i] == min(63, available)
        assert signals["close"][i] == job["raw_close"][i]
