"""Arrays of setups: no bar, bars after T, and any setups against the event-list grader; one row: test_outcome.py."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.conventions import ExitPolicy
from btassets.engine.days import NO_DAY
from btassets.engine.replay.candidate_columns import DROPS, EXIT_REASONS, GRADED_DATES, LABELS, OUTCOMES, graded_names
from btassets.engine.replay.grading import AlignedBars, GivenPrices, grade_setups
from btassets_tests.reference.awkward_bars import make_job
from btassets_tests.reference.naive_engine import Bar
from btassets_tests.reference.naive_grading import grade
from btassets_tests.support.graded_story import graded, story


def test_no_risk_and_no_bar():
    row = graded(story((99.0, 111.0, 99.0, 105.0)), stop=100.0)
    assert (row["outcome"], row["realized_r"], row["time_r_5"], row["risk_pct"]) == (
        "ambiguous",
        -1.0,
        0.0,
        0.0,
    )
    assert graded(story(), i=-1)["outcome"] is None
    assert graded(story(), target=float("nan"))["outcome"] == "expired"


def test_a_setup_without_a_target_leaves_by_stop_policy_or_time():
    aimless = {"target": float("nan"), "rr": float("nan")}
    far = story((100.0, 150.0, 99.0, 140.0), *[(104.0, 105.0, 103.0, 104.0)] * 40)
    row = graded(far, **aimless)
    assert (row["outcome"], row["exit_reason"], row["hold_days"], row["stop_day"]) == ("expired", "time", 30, -1)
    assert row["r_mtm"] == row["time_r_30"] == pytest.approx(0.8)
    assert (row["mfe_r"], row["mfe_day"]) == (10.0, 1)
    # Neither does the open beyond any price drop it, nor a part of it have a place to be sold.
    assert graded(story((900.0, 901.0, 899.0, 900.0)), **aimless)["drop_open"] is None
    assert graded(far, policy=ExitPolicy(part_frac=0.5), **aimless)["r_mtm"] == row["r_mtm"]
    stopped = graded(story((100.0, 101.0, 94.0, 96.0)), **aimless)
    assert (stopped["outcome"], stopped["r_mtm"], stopped["hold_days"]) == ("stop_hit", -1.0, 1)
    # The gain of day 1 moves the stop to the entry, which day 2 touches.
    even = story((100.0, 106.0, 99.0, 105.0), (104.0, 104.0, 99.0, 101.0))
    found = graded(even, policy=ExitPolicy(breakeven_r=1.0), **aimless)
    assert (found["outcome"], found["r_mtm"], found["hold_days"]) == ("stop_hit", 0.0, 2)


def test_bars_after_t_do_not_exist():
    bars = story((100.0, 111.0, 99.0, 105.0), n=45)
    assert graded(bars, last=29)["outcome"] is None
    assert graded(bars, last=30)["outcome"] == "target_hit"


HOLDS = st.sets(st.integers(1, 120), min_size=1, max_size=6).map(lambda days: tuple(sorted(days)))


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.just((30, (5, 10, 21, 30))), st.just((60, (3, 7, 45, 90))), st.tuples(st.integers(1, 120), HOLDS)),
    st.integers(0, 10**6),
    st.booleans(),
    st.integers(0, 3),
    st.lists(
        st.tuples(st.integers(0, 139), st.booleans(), st.floats(-0.3, 3), st.one_of(st.none(), st.floats(0.2, 5))),
        min_size=5,
    ),
)
def test_equal_to_the_event_list_grader(exits, seed, is_ended, lag, setups):
    _equals_the_event_list_grader(exits, seed, is_ended, lag, setups, ExitPolicy())


POLICIES = st.builds(
    ExitPolicy,
    trail_atr=st.sampled_from((0.0, 0.5, 1.0, 2.0, 4.0)),
    breakeven_r=st.sampled_from((0.0, 0.25, 0.5, 1.0, 2.0)),
    part_frac=st.sampled_from((1.0, 0.75, 0.5, 0.25)),
    window_bars=st.just(252),
)


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(st.just((30, (5, 10, 21, 30))), st.tuples(st.integers(1, 120), HOLDS)),
    st.integers(0, 10**6),
    st.booleans(),
    st.integers(0, 3),
    st.lists(
        st.tuples(st.integers(0, 139), st.booleans(), st.floats(0.05, 3), st.one_of(st.none(), st.floats(0.2, 5))),
        min_size=5,
    ),
    POLICIES,
)
def test_exit_policies_equal_the_event_list_grader(exits, seed, is_ended, lag, setups, policy):
    _equals_the_event_list_grader(exits, seed, is_ended, lag, setups, policy)


def _equals_the_event_list_grader(exits, seed, is_ended, lag, setups, policy):
    job = make_job(seed, n=140, tick=0.25, lag=12 if is_ended else lag)
    b = job["bars"]
    rows = zip(*(part.tolist() for part in (b.dates, b.open, b.high, b.low, b.close, b.volume)), strict=True)
    bars = [Bar(*row) for row in rows]
    start = bars[0].date
    weekdays = [start + k for k in range(800) if (start + k + 3) % 7 < 5][: job["last_session_no"] + 1]
    bench = {
        bar.date: (o, c)
        for bar, o, c in zip(bars, job["bench_open"].tolist(), job["bench_close"].tolist(), strict=True)
        if not math.isnan(c)
    }
    index = np.array([i for i, *_ in setups], dtype=np.int32)
    sign = np.array([1 if is_long else -1 for _, is_long, *_ in setups], dtype=np.int8)
    entry = b.close[index]
    # Mostly ordinary stops, some on the wrong side of the entry: the legacy profile takes them all.
    stop = entry - sign * np.array([risk for _, _, risk, _ in setups])
    # A setup without a reward has no target.
    target = entry + sign * np.array([np.nan if reward is None else reward for *_, reward in setups])
    usable = (np.abs(entry - stop) > 1e-9) & (stop > 0)
    rr = np.abs(target - entry) / np.maximum(np.abs(entry - stop), 1e-9)
    factor = 2.0 ** (np.arange(len(index)) % 3)  # levels in prices of their day: a power of 2 rounds nothing
    columns = grade_setups(
        AlignedBars(b, job["bench_open"], job["bench_close"], job["session_no"]),
        job["last_session_no"],
        GivenPrices(index, sign, entry / factor, stop / factor, target / factor, rr, factor),
        is_ended=is_ended,
        horizon_days=exits[0],
        hold_days=exits[1],
        policy=policy,
    )
    assert set(columns) == set(graded_names(exits[1]))
    for row in np.flatnonzero(usable).tolist():
        direction = "long" if sign[row] > 0 else "short"
        expected = grade(
            bars,
            int(index[row]),
            direction,
            entry[row].item(),
            stop[row].item(),
            None if math.isnan(target[row]) else target[row].item(),
            rr[row].item(),
            weekdays,
            bench,
            is_ended=is_ended,
            horizon=exits[0],
            holds=exits[1],
            **{name: getattr(policy, name) for name in ("trail_atr", "breakeven_r", "part_frac")},
        )
        for name, column in columns.items():
            value = column[row].item()
            if name in LABELS:
                value = LABELS[name][value] if value >= 0 else None
            elif (value == (NO_DAY if name in GRADED_DATES else -1) and isinstance(value, int)) or (
                isinstance(value, float) and math.isnan(value)
            ):
                value = None
            wanted = expected.get(name)
            if name == "fill_open" and wanted is not None:
                wanted /= factor[row].item()
            if policy != ExitPolicy() and isinstance(value, float) and wanted is not None:
                wanted = pytest.approx(wanted, rel=1e-9, abs=1e-9)
            assert value == wanted, (row, name, value, wanted)


def test_labels_are_the_documented_ones():
    assert OUTCOMES == ("target_hit", "stop_hit", "ambiguous", "expired")
    assert EXIT_REASONS == ("target", "stop", "time", "delisted")
    assert DROPS == ("no_next_bar", "gapped_stop", "gapped_target")
