"""What must hold for any bars: no lookahead, bounded memory, invariances, mirror."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.market.bars import Bars
from btassets.engine.replay.candidate_columns import ACTIONS, SETUP_COLUMNS, SIGNAL_SETUP_COLUMNS
from btassets.engine.replay.kernel import replay_pass
from btassets_tests.reference.awkward_bars import make_job, replayed, with_actions

SEEDS = st.integers(0, 10**6)
modest = settings(max_examples=15, deadline=None)
PRICES = ("entry", "stop", "target")
SCALE_FREE = (
    "rr",
    "confidence",
    "primary_prob",
    "best_prob",
    "ev",
    "technical",
    "momentum_score",
    "level_strength",
)
CODES = (
    "direction",
    "action",
    "risk_level",
    "n_sr_targets",
    "is_projected",
    "n_bars",
    "outcome",
    "exit_reason",
)
R_MULTIPLES = ("realized_r", "r_mtm", "time_r_5", "time_r_10", "time_r_21", "time_r_30")
PRICE_ARRAYS = ("open", "high", "low", "close")


def with_prices(job, change):
    bars = job["bars"]
    return {
        **job,
        "bars": dataclasses.replace(bars, **{name: change(getattr(bars, name)) for name in PRICE_ARRAYS}),
        "raw_close": change(job["raw_close"]),
    }


def same(left, right, names):
    for name in names:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


def close_to(left, right, names, rtol=1e-9, atol=1e-9):
    for name in names:
        np.testing.assert_allclose(left[name], right[name], rtol=rtol, atol=atol, err_msg=name)


@modest
@given(SEEDS, st.integers(60, 299))
def test_junk_in_the_future_changes_no_setup(seed, i):
    job = make_job(seed, n=330)
    junk = np.random.default_rng(seed).uniform(0.5, 2.0, 330)
    junk[: i + 1] = 1.0
    changed = with_prices(job, lambda prices: prices * junk)
    changed["bars"] = dataclasses.replace(changed["bars"], volume=job["bars"].volume * junk)
    for name in ("bench_open", "bench_close", "raw_dollar_volume"):
        changed[name] = job[name] * junk
    before, after = replayed(job), replayed(changed)
    for table, index, names in (
        ("candidates", "candidate_index", SETUP_COLUMNS),
        ("signals", "signal_index", SIGNAL_SETUP_COLUMNS),
    ):
        rows = [getattr(r, index) <= i for r in (before, after)]
        for name in names:
            np.testing.assert_array_equal(
                getattr(before, table)[name][rows[0]], getattr(after, table)[name][rows[1]], err_msg=name
            )


@modest
@given(SEEDS, st.integers(1, 100))
def test_bars_before_the_window_change_nothing(seed, n_dropped):
    job = make_job(seed, n=380, halt=False)
    bars = job["bars"]
    later = {
        **job,
        "bars": bars.between(n_dropped, bars.n_bars),
        **{
            name: job[name][n_dropped:]
            for name in ("bench_open", "bench_close", "session_no", "raw_close", "raw_dollar_volume", "price_factor")
        },
        "asof_index": job["asof_index"][: bars.n_bars - n_dropped],
        "asof_flags": job["asof_flags"][n_dropped:],
    }
    long_history, short_history = replayed(job), replayed(later)
    first_full = n_dropped + 252
    for table, index in (("candidates", "candidate_index"), ("signals", "signal_index")):
        ours = getattr(long_history, index) >= first_full
        theirs = getattr(short_history, index) >= 252
        for name, column in getattr(long_history, table).items():
            np.testing.assert_array_equal(column[ours], getattr(short_history, table)[name][theirs], err_msg=name)


@modest
@given(SEEDS)
def test_any_subset_of_asof_bars_gives_the_same_rows(seed):
    job = make_job(seed, n=330)
    keep = np.random.default_rng(seed).random(330) < 0.3
    part = {**job, "asof_index": job["asof_index"][keep], "asof_flags": job["asof_flags"][keep]}
    everything, some = replayed(job), replayed(part)
    for table, index in (("candidates", "candidate_index"), ("signals", "signal_index")):
        rows = keep[getattr(everything, index)]
        for name, column in getattr(everything, table).items():
            np.testing.assert_array_equal(column[rows], getattr(some, table)[name], err_msg=name)


@modest
@given(SEEDS, st.sampled_from([0.125, 2.0, 1024.0]))
def test_doubling_prices_or_volume_is_exact(seed, factor):
    job = make_job(seed, n=300)
    base = replayed(job).candidates
    scaled = replayed(with_prices(job, lambda prices: prices * factor)).candidates
    same(base, scaled, (*SCALE_FREE, *CODES, *R_MULTIPLES, "momentum", "residual_momentum", "risk_pct"))
    for name in PRICES:
        np.testing.assert_array_equal(base[name] * factor, scaled[name])
    louder = {**job, "bars": dataclasses.replace(job["bars"], volume=job["bars"].volume * factor)}
    same(base, replayed(louder).candidates, (*PRICES, *SCALE_FREE, *CODES))


@modest
@given(SEEDS)
def test_levels_are_in_prices_of_the_as_of_day(seed):
    job = make_job(seed, n=300)
    split = with_actions(job)
    base, printed = replayed(job), replayed(split)
    factor = split["price_factor"][base.candidate_index]
    for name in (*PRICES, "fill_open"):
        np.testing.assert_array_equal(printed.candidates[name], base.candidates[name] / factor, err_msg=name)
    np.testing.assert_array_equal(printed.candidates["price_factor"], factor)
    others = [name for name in base.candidates if name not in (*PRICES, "fill_open", "price_factor")]
    same(base.candidates, printed.candidates, others)
    close = base.signals["close"] / split["price_factor"][base.signal_index]
    np.testing.assert_array_equal(printed.signals["close"], close)


@modest
@given(SEEDS, st.floats(0.01, 50.0), st.floats(0.0, 500.0))
def test_affine_prices_change_no_score_or_outcome(seed, slope, offset):
    # Continuous prices: an exact touch may fall on the other side of a rounding.
    job = make_job(seed, n=300, tick=1e-9, awkward=False)
    base = replayed(job).candidates
    moved = replayed(with_prices(job, lambda prices: offset + slope * prices)).candidates
    keep = base["entry"] > 0
    assert len(moved["entry"]) >= keep.sum()  # an offset can only revive longs whose stop was <= 0
    same(base, moved, CODES)
    close_to(base, moved, (*SCALE_FREE, *R_MULTIPLES), rtol=1e-8, atol=1e-8)


@modest
@given(SEEDS)
def test_mirrored_prices_swap_long_and_short(seed):
    job = make_job(seed, n=300, tick=1e-9, awkward=False)
    bars = job["bars"]
    top = 2.5 * float(bars.high.max())
    mirrored = {
        **job,
        "bars": Bars(bars.dates, top - bars.open, top - bars.low, top - bars.high, top - bars.close, bars.volume),
        "raw_close": top - bars.close,
    }
    base, other = replayed(job).candidates, replayed(mirrored).candidates
    assert len(base["rr"]) == len(other["rr"])
    assert len(base["rr"]) % 2 == 0
    swap = np.arange(len(base["rr"])).reshape(-1, 2)[:, ::-1].ravel()
    np.testing.assert_array_equal(base["direction"], 1 - other["direction"][swap])
    same_names = ("rr", "confidence", "primary_prob", "best_prob", "ev", "level_strength", *R_MULTIPLES)
    for name in same_names:
        np.testing.assert_allclose(base[name], other[name][swap], rtol=1e-8, atol=1e-8, err_msg=name)
    for name in ("technical", "momentum_score"):
        np.testing.assert_allclose(base[name], 100.0 - other[name][swap], rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(base["action"], len(ACTIONS) - 1 - other["action"][swap])
    for name in ("n_sr_targets", "risk_level", "outcome", "hold_days", "stop_day"):
        np.testing.assert_array_equal(base[name], other[name][swap], err_msg=name)


@modest
@given(SEEDS)
def test_ranges_and_order(seed):
    job = make_job(seed, n=330, tick=0.25)
    replay = replayed(job)
    c = replay.candidates
    sign = np.where(c["direction"] == 0, 1.0, -1.0)
    assert (sign * (c["entry"] - c["stop"]) > 0).all()
    assert (sign * (c["target"] - c["entry"]) > 0).all()
    assert ((c["rr"] >= 1 / 1.5 - 1e-12) & (c["rr"] <= 6 + 1e-12)).all()
    for name in ("confidence", "technical", "momentum_score", "primary_prob", "best_prob", "level_strength"):
        assert ((c[name] >= 0) & (c[name] <= 100)).all(), name
    assert (c["best_prob"] >= c["primary_prob"]).all()
    order = replay.candidate_index * 2 + c["direction"]
    assert (np.diff(order) > 0).all()
    assert (np.diff(replay.signal_index) > 0).all()
    hit = c["outcome"] == 0
    np.testing.assert_array_equal(c["realized_r"][hit], c["rr"][hit])
    # What is not graded carries nothing but its setup.
    live = c["outcome"] == -1
    for name in ("realized_r", "r_mtm", "time_r_5", "bench_ret_target", "realized_r_open"):
        assert np.isnan(c[name][live]).all()
    dropped = c["drop_open"] >= 0
    assert np.isnan(c["fill_open"][dropped]).all()
    assert (c["outcome_open"][dropped] == -1).all()


def test_threads_replay_at_the_same_time_and_agree():
    jobs = [make_job(seed, n=300) for seed in range(8)]
    alone = [replayed(job).candidates["ev"] for job in jobs]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda job: replayed(job).candidates["ev"], jobs))
    for one, two in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, two)


def test_short_and_degenerate_series():
    assert len(replayed(make_job(1, n=40, halt=False)).candidate_index) == 0
    job = make_job(1, n=300, halt=False, awkward=False)
    flat = replayed(with_prices(job, lambda prices: np.full_like(prices, 10.0)))
    assert len(flat.candidate_index) == 0
    assert len(flat.signal_index) == 300
    assert flat.signals["vol_6m"][-1] == 0.0
    silent = {**job, "bars": dataclasses.replace(job["bars"], volume=np.zeros(300))}
    assert len(replayed(silent).candidate_index) > 300
    lonely = {**job, "bench_close": np.full(300, np.nan), "bench_open": np.full(300, np.nan)}
    replay = replayed(lonely)
    assert np.isnan(replay.candidates["residual_momentum"]).all()
    assert np.isfinite(replay.candidates["momentum"]).sum() > 50
    assert np.isnan(replay.candidates["bench_ret_30"]).all()
    empty = {**job, "asof_index": job["asof_index"][:0], "asof_flags": job["asof_flags"][:0]}
    assert len(replayed(empty).signal_index) == 0


def test_a_stop_at_or_below_zero_is_no_long():
    job = make_job(2, n=200, halt=False, awkward=False, volatility=0.4, start_price=1.0, tick=1e-6)
    c = replayed(job).candidates
    lonely_shorts = ~np.isin(c["asof_date"][c["direction"] == 1], c["asof_date"][c["direction"] == 0])
    assert lonely_shorts.sum() > 10
    assert (c["stop"] > 0).all()
    assert (c["target"] > 0).all()
    actions = c["action"][c["direction"] == 1][lonely_shorts]
    assert (actions >= ACTIONS.index("NEUTRAL")).all()


def test_one_signature_takes_read_only_arrays_and_refuses_other_types():
    job = make_job(1, n=120, halt=False)
    expected = replayed(job).candidates["ev"]
    frozen = {name: value for name, value in job.items() if isinstance(value, np.ndarray)}
    for value in frozen.values():
        value.setflags(write=False)
    for name in (*PRICE_ARRAYS, "dates", "volume"):
        getattr(job["bars"], name).setflags(write=False)
    np.testing.assert_array_equal(replayed(job).candidates["ev"], expected)
    assert len(getattr(replay_pass, "signatures", [0])) == 1
    if hasattr(replay_pass, "signatures"):
        with pytest.raises(TypeError):
            replayed({**job, "raw_close": job["raw_close"].astype(np.float32)})
