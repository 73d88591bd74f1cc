"""The synthetic market: stability bit for bit, the martingale, the stylised facts, the planted edge."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from btassets.engine.market.adjustment import adjusted_bars
from btassets.errors import EXIT_USAGE
from btassets.sources.synthetic.demo import LAST_SESSION, weekday_sessions
from btassets.sources.synthetic.synthetic_factors import DEFAULT_EPOCH, MarketSpec
from btassets.sources.synthetic.synthetic_market import WARM_UP_SESSIONS, CalendarTooShortError, SyntheticMarket
from btassets_tests.support.market_factory import small_raw_market

SESSIONS = weekday_sessions(DEFAULT_EPOCH, LAST_SESSION)
FIELDS = ("dates", "open", "high", "low", "close", "volume", "dividend", "split")


def market(n_bars=300, seed=3, *, edge=0.006, has_lifecycle=True, sessions=SESSIONS):
    spec = MarketSpec(seed=seed, edge=edge, has_lifecycle=has_lifecycle)
    return SyntheticMarket(spec, sessions, int(SESSIONS[-n_bars]))


def same(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in FIELDS)


def cut(bars, first, last):
    """Bars with first <= date <= last."""
    rows = (bars.dates >= first) & (bars.dates <= last)
    return type(bars)(*(getattr(bars, name)[rows] for name in FIELDS))


# --- stability -----------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 250), st.integers(0, 300), st.data())
def test_tickers_later_days_and_earlier_starts_change_no_bar(seed, n_less, n_earlier, data):
    n_bars = 320
    numbers = np.array(data.draw(st.lists(st.integers(1, 9_999), min_size=2, max_size=20, unique=True)))
    whole = market(n_bars, seed)
    shorter = market(n_bars + n_earlier, seed, sessions=SESSIONS[: len(SESSIONS) - n_less])
    first, last = int(whole.shown_sessions[0]), int(shorter.shown_sessions[-1])
    picked = numbers[:2]
    for number, many in zip(picked, whole.bars(numbers)[:2], strict=True):
        alone = shorter.bars(np.array([number]))[0]
        assert same(cut(many, first, last), cut(alone, first, last))
    assert same(cut(whole.benchmark(), first, last), cut(shorter.benchmark(), first, last))


def test_sessions_before_the_epoch_are_ignored():
    longer = np.concatenate([weekday_sessions(DEFAULT_EPOCH - 500, DEFAULT_EPOCH - 1), SESSIONS])
    a, b = market(), market(sessions=longer)
    assert same(a.bars(np.array([5]))[0], b.bars(np.array([5]))[0])


# Every operation of the model is exact IEEE 754, so this digest holds on every machine. When the model
# changes on purpose: raise MODEL_VERSION and write the new digest here.
PINNED = "af2a778afc320f83"


def digest_of_bars():
    made = market(400, seed=7)
    digest = hashlib.blake2b(digest_size=8)
    for bars in [*made.bars(np.arange(1, 21)), made.benchmark()]:
        for name in FIELDS:
            values = getattr(bars, name)
            digest.update(values.astype("<i4" if name == "dates" else "<f8").tobytes())
    return digest.hexdigest()


def test_bars_are_pinned():
    assert digest_of_bars() == PINNED


def test_bars_are_the_same_on_an_older_processor():
    # numpy's own power, exp and log differ in the last bit between instruction sets.
    program = "from btassets_tests.sources.synthetic.test_synthetic_market import digest_of_bars as d; print(d())"
    newer = "X86_V3 X86_V4 AVX2 FMA3 AVX512F AVX512CD AVX512_SKX"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": newer},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == PINNED


def test_another_seed_is_another_market():
    a, b = market(seed=1).bars(np.array([1]))[0], market(seed=2).bars(np.array([1]))[0]
    assert not np.isin(a.close, b.close).any()


def test_calendar_that_starts_after_the_epoch_is_refused():
    with pytest.raises(CalendarTooShortError, match="from 2018-01-30") as caught:
        market(sessions=SESSIONS[20:])
    assert caught.value.exit_code == EXIT_USAGE
    with pytest.raises(CalendarTooShortError, match="nowhere"):
        SyntheticMarket(MarketSpec(), SESSIONS[:0])


def test_no_bar_is_shown_before_the_warm_up():
    made = SyntheticMarket(MarketSpec(), SESSIONS)
    assert made.shown_sessions[0] == SESSIONS[WARM_UP_SESSIONS]
    early = SyntheticMarket(MarketSpec(), SESSIONS, DEFAULT_EPOCH)
    assert np.array_equal(early.shown_sessions, made.shown_sessions)


# --- bars ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def null_market():
    return small_raw_market(80, 1260, seed=7)


@pytest.fixture(scope="module")
def living_market():
    return small_raw_market(200, 1260, seed=7, edge=0.006, has_lifecycle=True)


def total_returns(raw):
    """Night and day total returns of every bar but the first, from raw prices and actions alone."""
    before = (raw.close[:-1] - raw.dividend[1:] * raw.split[1:]) / raw.split[1:]
    return raw.open[1:] / before - 1.0, raw.close[1:] / raw.open[1:] - 1.0


def test_bars_are_well_formed(living_market):
    tickers, benchmark = living_market
    for raw in [*tickers.values(), benchmark]:
        assert raw.dates.dtype == np.int32
        assert (np.diff(raw.dates) > 0).all()
        assert np.isin(raw.dates, SESSIONS).all()
        assert (raw.low > 0).all()
        assert (raw.low <= np.minimum(raw.open, raw.close)).all()
        assert (raw.high >= np.maximum(raw.open, raw.close)).all()
        assert (raw.volume >= 1).all()
        assert np.array_equal(raw.volume, np.floor(raw.volume))
        assert all(np.isfinite(getattr(raw, name)).all() for name in FIELDS)
        assert all(getattr(raw, name).flags.c_contiguous for name in FIELDS)
        # Quality rules 7 and 8 must never block a ticker of the demo.
        assert np.abs(np.log(raw.close[1:] * raw.split[1:] / raw.close[:-1])).max() < np.log(3.0)
        jump = raw.open[1:] / raw.close[:-1] * raw.split[1:]
        assert (np.abs(jump / 0.5 - 1.0) > 0.02).all()


def test_adjusted_view_gives_the_total_returns(null_market):
    tickers, _ = null_market
    n_actions = 0
    for raw in tickers.values():
        night, day = total_returns(raw)
        view = adjusted_bars(raw, "raw", "total")
        assert np.abs((1 + night) * (1 + day) / (view.close[1:] / view.close[:-1]) - 1.0).max() < 1e-12
        assert np.abs((1 + night) / (view.open[1:] / view.close[:-1]) - 1.0).max() < 1e-12
        n_actions += int((raw.split != 1.0).sum())
        assert not ((raw.split != 1.0) & (raw.dividend > 0.0)).any()
        assert np.abs(raw.dividend * 100.0 - np.rint(raw.dividend * 100.0)).max() < 1e-9, "whole cents"
    assert n_actions >= 5


def test_splits_and_dividends_happen(living_market):
    tickers, _ = living_market
    ratios = np.concatenate([raw.split[raw.split != 1.0] for raw in tickers.values()])
    assert set(ratios) <= {0.1, 0.2, 2.0, 3.0, 4.0, 5.0, 10.0}
    assert (ratios > 1.0).sum() > 5
    assert (ratios < 1.0).sum() >= 1
    n_paid = np.array([(raw.dividend > 0.0).sum() for raw in tickers.values() if len(raw.dates) == 1260])
    assert 0.5 < (n_paid > 0).mean() < 0.7
    assert n_paid.max() in range(18, 22), "five years of quarters"


def test_tickers_list_late_and_end(living_market):
    tickers, benchmark = living_market
    first = np.array([raw.dates[0] for raw in tickers.values()])
    last = np.array([raw.dates[-1] for raw in tickers.values()])
    is_late, has_ended = first > benchmark.dates[0], last < LAST_SESSION - 10
    assert 0.04 < is_late.mean() < 0.16
    assert 0.05 < has_ended.mean() < 0.17
    jumps = []
    for raw, ended in zip(tickers.values(), has_ended, strict=True):
        night, _ = total_returns(raw)
        if ended:
            jumps.append(night[np.argmax(np.abs(night[-70:])) - 70])
    jumps = np.array(jumps)
    collapsed = np.abs(jumps + 0.65 * 0.25 / 0.35) < 1e-9
    assert (collapsed | (np.abs(jumps - 0.25) < 1e-9)).mean() > 0.9
    assert 0.1 < collapsed.mean() < 0.6


def test_lifecycle_changes_nothing_but_listings_and_endings():
    numbers = np.arange(1, 41)
    with_ends, without = market(1260).bars(numbers), market(1260, has_lifecycle=False).bars(numbers)
    n_equal = 0
    for a, b in zip(with_ends, without, strict=True):
        if len(a.dates) == len(b.dates):
            # A late listing before the first session shown sets another price level, not other returns.
            assert np.abs(np.subtract(total_returns(a), total_returns(b))).max() < 1e-12
            n_equal += np.array_equal(a.close, b.close)
    assert n_equal > 25


# --- martingale ----------------------------------------------------------------------------------


def t_value(daily):
    return daily.mean() / (daily.std(ddof=1) / np.sqrt(len(daily)))


def test_null_market_is_a_martingale():
    """Nights, days and whole sessions have mean 0; t-values over days, the market's part taken out."""
    spec = MarketSpec(seed=11, has_lifecycle=False)
    made = SyntheticMarket(spec, SESSIONS, int(SESSIONS[-1500]))
    tickers = [bars for k in range(0, 300, 60) for bars in made.bars(np.arange(k + 1, k + 61))]
    night, day = (np.array(part).T for part in zip(*map(total_returns, tickers), strict=True))
    market_night, market_day = total_returns(made.benchmark())
    session = (1 + night) * (1 + day) - 1
    assert abs(t_value(market_night)) < 3
    assert abs(t_value(market_day)) < 3
    for part, factor in (
        (night, market_night),
        (day, market_day),
        (session, market_night + market_day),
    ):
        own = part.mean(axis=1) - np.polyfit(factor, part.mean(axis=1), 1)[0] * factor
        assert abs(t_value(own)) < 3
        assert own.std() / np.sqrt(len(own)) < 1e-4, "a bias of 3 basis points a day would show"


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("distance_frac", [0.01, 0.02, 0.04])
def test_fills_at_a_touched_level_have_mean_zero(null_market, sign, distance_frac):
    """Leaving at a level within the bar is worth as much as leaving at the close: optional stopping."""
    tickers, _ = null_market
    gains = []
    for raw in tickers.values():
        level = raw.open * (1.0 + sign * distance_frac)
        touched = raw.high >= level if sign > 0 else raw.low <= level
        gains.append(np.where(touched, level - raw.close, 0.0) / raw.open)
    gains = np.array(gains).mean(axis=0)
    assert abs(t_value(gains)) < 3
    assert gains.std() / np.sqrt(len(gains)) < 1.5e-4


def test_no_edge_is_planted_in_the_null_market():
    made = market(400, edge=0.0)
    assert not made.expected_returns(np.arange(1, 9)).any()


# --- stylised facts ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [7, 1, 2, 3])
def test_stylised_facts(seed):
    tickers, _ = small_raw_market(80, 1260, seed=seed)
    parts = [total_returns(raw) for raw in tickers.values()]
    night = np.array([part[0] for part in parts])
    day = np.array([part[1] for part in parts])
    returns = (1 + night) * (1 + day) - 1
    volatility = returns.std(axis=1) * np.sqrt(252)
    assert 0.22 < volatility.mean() < 0.34
    standard = (returns - returns.mean(axis=1, keepdims=True)) / returns.std(axis=1, keepdims=True)
    assert 2.5 < (standard**4).mean() - 3.0 < 9.0
    pairs = np.corrcoef(returns)[np.triu_indices(80, 1)]
    assert 0.20 < pairs.mean() < 0.38
    ranges = []
    for raw in tickers.values():
        before = (raw.close[:-1] - raw.dividend[1:] * raw.split[1:]) / raw.split[1:]
        top, bottom = np.maximum(raw.high[1:], before), np.minimum(raw.low[1:], before)
        ranges.append(((top - bottom) / raw.close[1:]).mean())
    assert 0.018 < np.mean(ranges) < 0.032
    size = np.abs(returns)
    for lag, least in ((1, 0.04), (5, 0.04), (20, 0.015)):
        clustering = [np.corrcoef(one[lag:], one[:-lag])[0, 1] for one in size]
        assert np.mean(clustering) > least
    assert 0.25 < night.var() / (night.var() + day.var()) < 0.35
    value = [np.log(raw.volume * raw.close) for raw in tickers.values()]
    assert np.mean([np.corrcoef(one[1:], one[:-1])[0, 1] for one in value]) > 0.4
    assert np.mean([np.corrcoef(v[1:], s)[0, 1] for v, s in zip(value, size, strict=True)]) > 0.3


def test_falls_of_the_market_raise_its_volatility_more_than_rises():
    after_fall, after_rise = [], []
    for seed in range(1, 21):
        _, benchmark = small_raw_market(1, 1260, seed=seed)
        standard = np.diff(np.log(benchmark.close))
        standard /= standard.std()
        after_fall.append(np.square(standard[1:][standard[:-1] < -1.0]))
        after_rise.append(np.square(standard[1:][standard[:-1] > 1.0]))
    assert np.concatenate(after_fall).mean() > 1.15 * np.concatenate(after_rise).mean()


# --- planted edge --------------------------------------------------------------------------------


def mean_ics(edge, seed, n_tickers, n_bars, horizon=30):
    """Mean weekly rank IC of raw and of residual 12-1 momentum against `horizon` sessions ahead."""
    tickers, benchmark = small_raw_market(n_tickers, n_bars, seed=seed, edge=edge)
    log_growth = [
        np.concatenate([[0.0], np.cumsum(np.log1p(n) + np.log1p(d))]) for n, d in map(total_returns, tickers.values())
    ]
    price = np.exp(np.array(log_growth).T)
    returns = price[1:] / price[:-1] - 1
    market_returns = benchmark.close[1:] / benchmark.close[:-1] - 1
    raw, residual = [], []
    for i in range(252, n_bars - horizon, 5):
        ahead = rankdata(price[i + horizon] / price[i])
        own, mkt = returns[i - 252 : i - 21], market_returns[i - 252 : i - 21]
        centred = mkt - mkt.mean()
        beta = centred @ (own - own.mean(axis=0)) / (centred @ centred)
        raw.append(np.corrcoef(rankdata(price[i - 21] / price[i - 252]), ahead)[0, 1])
        residual.append(np.corrcoef(rankdata(own.sum(axis=0) - beta * mkt.sum()), ahead)[0, 1])
    return np.array([np.mean(raw), np.mean(residual)])


def test_planted_edge_adds_its_ic():
    # The same shocks with and without the edge: their difference is nearly free of noise.
    none, demo, edge = (
        np.mean([mean_ics(size, seed, 200, 760) for seed in (1, 2, 3)], axis=0) for size in (0.0, 0.006, 0.012)
    )
    assert (np.abs(demo - none - 0.030) < 0.005).all()
    assert (np.abs(edge - none - 0.061) < 0.007).all()


@pytest.mark.slow
@pytest.mark.parametrize(("edge", "low", "high"), [(0.0, -0.012, 0.012), (0.006, 0.018, 0.042), (0.012, 0.045, 0.080)])
def test_mean_ic_over_many_markets(edge, low, high):
    found = np.mean([mean_ics(edge, seed, 80, 1260)[1] for seed in range(1, 31)])
    assert low < found < high


def test_expected_returns_are_what_the_bars_contain():
    numbers = np.arange(1, 31)
    with_edge = market(600, edge=0.012, has_lifecycle=False)
    without = market(600, edge=0.0, has_lifecycle=False)
    planted = with_edge.expected_returns(numbers)
    assert planted.shape == (600, 30)
    assert 1e-5 < planted.std() < 1e-3
    for j, (a, b) in enumerate(zip(with_edge.bars(numbers), without.bars(numbers), strict=True)):
        difference = np.add(*total_returns(a)) - np.add(*total_returns(b))
        assert np.abs(difference - planted[1:, j]).max() < 1e-12
