"""Small synthetic markets for everybody's tests: bars with a known truth, no calendar library, no file.

>>> bars, benchmark = small_market(n_tickers=3, n_bars=300, seed=1)
>>> list(bars), bars["SYN0001"].n_bars, benchmark.n_bars
(['SYN0001', 'SYN0002', 'SYN0003'], 300, 300)
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from btassets.engine.market.adjustment import adjusted_bars
from btassets.engine.market.bars import Bars
from btassets.engine.market.raw_bars import RawBars
from btassets.sources.synthetic.demo import BENCHMARK, DemoSource, calendar_span, weekday_sessions


def small_sessions(n_bars: int, extend: int = 0) -> npt.NDArray[np.int32]:
    """Weekdays, int32: all that a market of `n_bars` needs; the last is 2025-12-31 when `extend` is 0."""
    return weekday_sessions(*calendar_span(n_bars, extend))


@lru_cache(maxsize=32)
def small_source(
    n_tickers: int = 8,
    n_bars: int = 520,
    seed: int = 1,
    *,
    edge: float = 0.0,
    extend: int = 0,
    has_lifecycle: bool = False,
) -> DemoSource:
    """Demo source on weekdays; shared between tests, so change nothing in what it gives."""
    return DemoSource(
        small_sessions(n_bars, extend),
        "null",
        n_tickers=n_tickers,
        n_sessions=n_bars,
        seed=seed,
        edge=edge,
        extend=extend,
        has_lifecycle=has_lifecycle,
    )


def small_raw_market(
    n_tickers: int = 8,
    n_bars: int = 520,
    seed: int = 1,
    *,
    edge: float = 0.0,
    extend: int = 0,
    has_lifecycle: bool = False,
) -> tuple[dict[str, RawBars], RawBars]:
    """Raw bars with splits and dividends by ticker, and the benchmark's."""
    source = small_source(n_tickers, n_bars, seed, edge=edge, extend=extend, has_lifecycle=has_lifecycle)
    tickers = [ticker for ticker in source.tickers() if ticker != BENCHMARK]
    return {ticker: source.fetch(ticker) for ticker in tickers}, source.fetch(BENCHMARK)


def small_market(
    n_tickers: int = 8,
    n_bars: int = 520,
    seed: int = 1,
    *,
    edge: float = 0.0,
    extend: int = 0,
    has_lifecycle: bool = False,
) -> tuple[dict[str, Bars], Bars]:
    """Adjusted bars (total return) by ticker, and the benchmark's.

    Without a lifecycle every ticker has exactly `n_bars` (+ `extend`) bars; with it some list late and some
    end, as in the demo. Tickers, later bars and an earlier start change nothing that was there (in raw
    bars bit for bit).
    """
    raw, benchmark = small_raw_market(n_tickers, n_bars, seed, edge=edge, extend=extend, has_lifecycle=has_lifecycle)
    adjusted = {ticker: adjusted_bars(bars, "raw", "total") for ticker, bars in raw.items()}
    return adjusted, adjusted_bars(benchmark, "raw", "total")
