"""The demo source: the seam, names, the fixed last session, extension, and independence of its caches."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from btassets.engine.market.quality import screen_bars
from btassets.errors import SettingError
from btassets.sources.base import BarSource, BlockedTickerError
from btassets.sources.synthetic.demo import (
    BENCHMARK,
    LAST_SESSION,
    PRESETS,
    DemoSource,
    calendar_span,
    demo_epoch,
    ticker_name,
    weekday_sessions,
)
from btassets.sources.synthetic.synthetic_market import CalendarTooShortError
from btassets_tests.support.market_factory import small_market, small_sessions, small_source

FIELDS = ("dates", "open", "high", "low", "close", "volume", "dividend", "split")


def same(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in FIELDS)


def demo(n_tickers=10, n_sessions=300, extend=0, **kwargs):
    sessions = small_sessions(n_sessions, extend)
    return DemoSource(sessions, n_tickers=n_tickers, n_sessions=n_sessions, extend=extend, **kwargs)


def test_it_is_a_bar_source():
    source = demo()
    assert isinstance(source, BarSource)
    assert (source.name, source.basis) == ("demo", "raw")
    tickers = source.tickers()
    assert tickers == sorted(tickers)
    assert BENCHMARK in tickers
    assert "SYN0001" in tickers


def test_names_of_more_than_9999_tickers():
    assert ticker_name(10_000) == "SYN10000"
    source = demo(n_tickers=10_001, n_sessions=20, has_lifecycle=False)
    tickers = source.tickers()
    assert len(tickers) == 10_002
    assert tickers == sorted(tickers)
    assert same(source.fetch("SYN10001"), demo(10_500, 20, has_lifecycle=False).fetch("SYN10001"))


def test_default_demo_ends_on_the_fixed_session():
    source = demo(n_tickers=60, n_sessions=1260)
    benchmark = source.fetch(BENCHMARK)
    assert str(np.datetime64(int(benchmark.dates[-1]), "D")) == "2025-12-31"
    assert len(benchmark) == 1260
    tickers = [ticker for ticker in source.tickers() if ticker != BENCHMARK]
    assert 50 < len(tickers) <= 60
    lengths = [len(source.fetch(ticker)) for ticker in tickers]
    assert min(lengths) >= 1
    assert max(lengths) == 1260


def test_presets_set_the_planted_edge():
    assert PRESETS == {"demo": 0.006, "null": 0.0, "edge": 0.012}
    assert demo(preset="edge").spec.edge == 0.012
    assert demo(preset="edge", edge=0.001).spec.edge == 0.001


def test_extension_appends_and_changes_no_earlier_bar():
    short, long = demo(80), demo(80, extend=25)
    n_longer = 0
    for ticker in short.tickers():
        a, b = short.fetch(ticker), long.fetch(ticker)
        kept = b.dates <= LAST_SESSION
        assert same(a, type(b)(*(getattr(b, name)[kept] for name in FIELDS)))
        n_longer += len(b) > len(a)
        assert (short.stamp(ticker) != long.stamp(ticker)) == (len(b) > len(a))
    assert n_longer > 60
    assert len(long.fetch(BENCHMARK)) == 325


def test_stamp_tells_markets_apart_without_computing_bars():
    stamps = {
        demo(seed=seed, preset=preset, n_sessions=n).stamp("SYN0001")
        for seed in (1, 2)
        for preset in PRESETS
        for n in (300, 301)
    }
    assert len(stamps) == 12
    assert demo().stamp("SYN0001") == demo(n_tickers=99).stamp("SYN0001")
    assert not demo().stamp("AAPL")
    assert demo().stamp(BENCHMARK)


def test_bars_do_not_depend_on_order_threads_pickling_or_number_of_tickers():
    names = [ticker_name(number) for number in range(1, 301)]
    a, b = demo(300, 120, has_lifecycle=False), demo(700, 120, has_lifecycle=False)
    b.fetch("SYN0001")
    b = pickle.loads(pickle.dumps(b))
    with ThreadPoolExecutor(4) as pool:
        backwards = dict(zip(names[::-1], pool.map(b.fetch, names[::-1]), strict=True))
    assert all(same(a.fetch(name), backwards[name]) for name in names[::7])


def test_unknown_ticker_is_refused_by_name():
    for name in ("AAPL", "SYN0011", "SYN0000", "SYN1"):
        with pytest.raises(BlockedTickerError, match="not a ticker of this demo"):
            demo().fetch(name)


@pytest.mark.parametrize(
    "wrong",
    [{"preset": "dream"}, {"n_tickers": 0}, {"n_sessions": 0}, {"n_years": 0.001}, {"extend": -1}],
    ids=str,
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(SettingError):
        DemoSource(weekday_sessions(*calendar_span(300)), **wrong)


def test_short_calendars_are_refused():
    enough = small_sessions(300)
    for sessions, extend in ((enough[40:], 0), (enough[:-40], 0), (enough, 1), (enough[:0], 0)):
        with pytest.raises(CalendarTooShortError):
            DemoSource(sessions, n_sessions=300, extend=extend)


@pytest.mark.parametrize("n_sessions", [1, 252, 1512, 1513, 4032, 4033, 60 * 252])
def test_every_length_finds_its_epoch(n_sessions):
    source = DemoSource(small_sessions(n_sessions), n_tickers=2, n_sessions=n_sessions, has_lifecycle=False)
    benchmark = source.fetch(BENCHMARK)
    assert len(benchmark) == n_sessions
    assert benchmark.dates[-1] == LAST_SESSION
    assert len(source.fetch("SYN0001")) == n_sessions
    assert demo_epoch(n_sessions) <= benchmark.dates[0]


@pytest.mark.parametrize("extend", [1, 2, 21, 252, 2520])
def test_calendar_span_is_long_enough_for_any_exchange(extend):
    first, last = calendar_span(300, extend)
    # No exchange is closed on more than one weekday in 20 over a year, nor 20 days in a row.
    assert len(weekday_sessions(LAST_SESSION + 1, last)) * 0.95 - 10 >= extend
    assert first == demo_epoch(300)


def test_small_market_is_what_tests_expect():
    bars, benchmark = small_market(n_tickers=5, n_bars=260, seed=9)
    assert list(bars) == [ticker_name(number) for number in range(1, 6)]
    assert all(one.n_bars == 260 for one in bars.values())
    assert np.array_equal(bars["SYN0003"].dates, benchmark.dates)
    assert small_source(5, 260, 9) is small_source(5, 260, 9)


def test_without_sessions_it_is_on_new_york_ones():
    source = DemoSource(preset="demo", n_tickers=3, n_years=1.0, extend=3)
    dates = source.fetch(BENCHMARK).dates
    assert len(dates) == 252 + 3
    assert [str(day) for day in dates[-4:].astype("datetime64[D]")] == [
        "2025-12-31", "2026-01-02", "2026-01-05", "2026-01-06",
    ]  # fmt: skip
    given = DemoSource(source.market.sessions, "demo", n_tickers=3, n_sessions=252, extend=3)
    assert same(given.fetch("SYN0002"), source.fetch("SYN0002"))
    assert given.stamp("SYN0002") == source.stamp("SYN0002")


def test_quality_rules_accept_the_whole_demo():
    source = demo(n_tickers=300, n_sessions=1260)
    blocked = []
    for ticker in source.tickers():
        screened = screen_bars(ticker, source.fetch(ticker), sessions=small_sessions(1260), last_session=LAST_SESSION)
        if screened.is_blocked:
            blocked.append(ticker)
    assert not blocked
