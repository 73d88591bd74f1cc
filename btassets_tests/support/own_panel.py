"""Bars and rows for own signals without a book: three tickers, one of which splits, and sources written to a folder."""

from pathlib import Path

import numpy as np

from btassets.own.discover import OwnSource, find_sources
from btassets.own.evaluate import Limits, OwnSignal, Panel
from btassets.own.loading import declared_by
from btassets.own.windows import TickerArrays

N_BARS = 60
FIRST = 19_000
LIMITS = Limits(ticker_seconds=20.0, query_seconds=60.0)


def ticker_arrays(name: str, seed: int, n_bars: int = N_BARS, split_at: int | None = None) -> TickerArrays:
    """Bars of one ticker; a split of 2 for 1 at `split_at` halves the adjusted prices before it."""
    random = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, n_bars)))
    volume = random.integers(1_000, 2_000, n_bars).astype(np.float64)
    later = np.where(np.arange(n_bars) < (split_at or 0), 2.0, 1.0)
    columns = {
        "open": close * 0.99,
        "high": close * 1.01,
        "low": close * 0.98,
        "close": close,
        "volume": volume,
        "raw_close": close * later,
        "raw_volume": volume / later,
        "bench_close": 100.0 + np.arange(n_bars),
    }
    date = (FIRST + np.arange(n_bars)).astype(np.int32)
    return TickerArrays(name, date, columns, np.zeros(n_bars, np.int32))


def panel(n_tickers: int = 3, every: int = 5) -> Panel:
    """Rows at every fifth bar of every ticker; the second one splits at bar 40."""
    arrays = [ticker_arrays(f"T{k}", k, split_at=40 if k == 1 else None) for k in range(n_tickers)]
    bar = np.arange(every - 1, N_BARS, every, dtype=np.int32)
    ticker = np.repeat(np.arange(n_tickers, dtype=np.int32), len(bar))
    return Panel(arrays, ticker, np.tile(bar, n_tickers), np.tile(FIRST + bar, n_tickers), np.ones(len(ticker), bool))


def write_source(book: Path, name: str, text: str) -> OwnSource:
    """Write a file of `own/` and find it."""
    (book / "own").mkdir(parents=True, exist_ok=True)
    (book / "own" / name).write_text(text, encoding="utf-8")
    return next(source for source in find_sources(book) if source.name == f"own/{name}")


def write_signal(book: Path, text: str, name: str = "idea.py") -> OwnSignal:
    """The one signal of a new file."""
    found, problem = declared_by(write_source(book, name, text))
    assert not problem, problem
    assert len(found) == 1
    return found[0]


def window(body: str, head: str = "", lookback: int = 3) -> str:
    """Source of a window function `idea` with a body of one or more lines."""
    inner = "\n".join(f"    {line}" for line in body.splitlines())
    return f"import btassets as bt\n{head}\n@bt.signal(lookback={lookback})\ndef idea(w):\n{inner}\n"
