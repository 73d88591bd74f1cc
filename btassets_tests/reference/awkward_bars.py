"""Random bars with everything that real ones do: ties, halts, holes, zero volume, flat stretches.

Belongs here: one seeded generator for the tests of the setup engine. Does not belong here: the
demo's synthetic market.
"""

import numpy as np

from btassets.engine.market import calendar
from btassets.engine.market.bars import Bars
from btassets.engine.replay.grading import AlignedBars
from btassets.engine.replay.replay_layout import AsofGrid, RawArrays
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.engine.replay.ticker import replay_ticker


def make_bars(seed, n=400, *, tick=0.01, start_price=50.0, volatility=0.02, holes=0.02, halt=True, awkward=True):
    """Bars on weekdays: prices on a grid of `tick` (ties), missing sessions, one halt, flat days."""
    rng = np.random.default_rng(seed)
    days = np.arange(17_000, 17_000 + 2 * n + 60)
    days = days[(days + 3) % 7 < 5]
    if awkward:
        days = days[rng.random(len(days)) >= holes]
    if halt and awkward:
        stop_day = days[int(rng.integers(n // 4, 3 * n // 4))]
        days = days[(days <= stop_day) | (days > stop_day + 45)]
    days = days[:n]
    log_close = np.cumsum(volatility * rng.standard_t(4, n) / np.sqrt(2.0)) + np.log(start_price)
    close = np.exp(log_close)
    open_ = close * np.exp(volatility * 0.6 * rng.standard_normal(n))
    spread = 1.0 + volatility * np.abs(rng.standard_normal((2, n)))
    high = np.maximum(open_, close) * spread[0]
    low = np.minimum(open_, close) / spread[1]
    prices = [np.maximum(tick, np.round(part / tick) * tick) for part in (open_, high, low, close)]
    volume = np.floor(np.exp(rng.normal(13.0, 0.7, n)))
    if awkward:
        volume[rng.random(n) < 0.01] = 0.0
        flat = int(rng.integers(0, n - 8))
        for part in prices:
            part[flat : flat + 8] = prices[3][flat]
    open_, high, low, close = prices
    high = np.maximum(high, np.maximum(open_, close))
    low = np.minimum(low, np.minimum(open_, close))
    return Bars(days.astype(np.int32), open_, high, low, close, volume)


def make_benchmark(seed, bars, missing=0.01):
    """(open, close) of a benchmark on the ticker's dates, some of them missing."""
    rng = np.random.default_rng(seed + 1_000_003)
    close = 300.0 * np.exp(np.cumsum(0.01 * rng.standard_normal(bars.n_bars)))
    open_ = close * np.exp(0.003 * rng.standard_normal(bars.n_bars))
    gone = rng.random(bars.n_bars) < missing
    close[gone] = np.nan
    open_[gone] = np.nan
    return open_, close


def make_job(seed, *, is_ended=False, lag=0, asof="all", rules=None, missing=0.01, **options):
    """Arguments of `replay_ticker` as a dict; T is `lag` weekdays after the last bar.

    The benchmark lacks a share `missing` of the bars: with 0 all eight signals have whole windows, as they do
    nearly everywhere in real bars.
    """
    bars = make_bars(seed, **options)
    bench_open, bench_close = make_benchmark(seed, bars, missing)
    sessions = np.arange(int(bars.dates[0]), int(bars.dates[-1]) + 2 * lag + 8)
    sessions = sessions[(sessions + 3) % 7 < 5].astype(np.int32)
    session_no = np.searchsorted(sessions, bars.dates).astype(np.int32)
    last_session_no = int(session_no[-1]) + lag
    last_session = int(sessions[last_session_no])
    weeks = calendar.completed_week_sessions(sessions, last_session, "data")
    index, flags = calendar.asof_grid(bars.dates, weeks, last_session)
    if asof == "all":
        every = np.zeros(bars.n_bars, dtype=np.uint8)
        every[index] = flags
        index, flags = np.arange(bars.n_bars, dtype=np.int32), every | calendar.IS_OWN_WEEK
    return {
        "bars": bars,
        "bench_open": bench_open,
        "bench_close": bench_close,
        "session_no": session_no,
        "raw_close": bars.close.copy(),
        "raw_dollar_volume": bars.close * bars.volume,
        "price_factor": np.ones(bars.n_bars),
        "asof_index": index,
        "asof_flags": flags,
        "last_session_no": last_session_no,
        "is_ended": is_ended,
        "rules": rules or ReplayRules(),
    }


def aligned(job):
    return AlignedBars(*(job[name] for name in ("bars", "bench_open", "bench_close", "session_no")))


def raw_of(job):
    return RawArrays(*(job[name] for name in ("raw_close", "raw_dollar_volume", "price_factor")))


def with_actions(job, every=97):
    """The job with bars that were adjusted for a split at every 97th bar, 2:1 or 1:2: printed prices differ."""
    steps = np.where(np.arange(job["bars"].n_bars) // every % 2, 2.0, 0.5)
    return {**job, "price_factor": steps, "raw_close": job["bars"].close / steps}


def replayed(job):
    """What the engine makes of a job."""
    grid = AsofGrid(job["asof_index"], job["asof_flags"])
    return replay_ticker(aligned(job), raw_of(job), grid, job["last_session_no"], job["is_ended"], job["rules"])
