"""Markets without a selection edge from three generators, as books that have run: the markets of the audit.

`own`: the demo's generator. `regimes`: other code, with betas from 0.3 to 2, a market in two regimes of
volatility, sectors, listings and ends. `flipped`: real bars of `BTASSETS_REAL_BARS`, a draw of their tickers,
with what beta does not explain sign-flipped by day (`engine.statistics.null_market`).

Belongs here: bars of a kind and seed, and the stages over them, in this process. Does not belong here: what
is counted (`bench.noise_audit`).
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.book.new_book import make_book, make_demo_book
from btassets.engine.market.bars import Bars
from btassets.engine.statistics.null_market import flipped_bars, session_signs
from btassets.graph.flow import STAGES
from btassets.plan import replay_in_process
from btassets.run.run_stage import run_stage
from btassets.sources.synthetic.demo import LAST_SESSION, weekday_sessions
from btassets_tests.support.book_factory import write_bars

KINDS = ("own", "regimes", "flipped")
VARIABLE = "BTASSETS_REAL_BARS"

NOT_AUDITED = ("model_tests", "calibration", "stat_calibration", "todays_setups", "backtest_report")
"""Stages that make no verdict."""

FEW_FILES: dict[str, Any] = {"storage.buckets": 2}
"""The default of 64 files a table is for thousands of tickers; opening them took two fifths of a market's time."""

Floats = npt.NDArray[np.float64]


def real_bars_folder() -> Path | None:
    """Folder of the real bars; None where the variable is not set or the bars are not there."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder and (Path(folder) / "sp500_5y").is_dir() else None


def second_kind() -> str:
    """The kind beside `own`: real bars where they are, else the other generator."""
    return "flipped" if real_bars_folder() else "regimes"


def regime_market(seed: int, n_tickers: int = 80, n_bars: int = 1260) -> tuple[dict[str, Bars], Bars]:
    """Bars by ticker, and the market's own: every return has mean 0 given the past."""
    rng = np.random.default_rng([730, seed])
    days = weekday_sessions(LAST_SESSION - n_bars * 3 // 2, LAST_SESSION)[-n_bars:]
    is_wild = np.empty(n_bars, np.bool_)
    is_wild[0] = False
    turns = rng.random(n_bars)
    for t in range(1, n_bars):
        is_wild[t] = turns[t] < 0.98 if is_wild[t - 1] else turns[t] < 0.008
    market = np.where(is_wild, 0.022, 0.008) * _shocks(rng, (n_bars,))
    sectors = 0.006 * np.where(is_wild, 1.8, 1.0) * _shocks(rng, (8, n_bars))
    index = _bars(rng, days, market, 0.004)
    found = {}
    for k in range(n_tickers):
        level = 0.016 * np.exp(0.45 * rng.standard_normal())
        drift = np.cumsum(0.03 * rng.standard_normal(n_bars))
        own = level * np.exp(np.clip(drift - drift.mean(), -1.0, 1.0)) * _shocks(rng, (n_bars,))
        returns = rng.uniform(0.3, 2.0) * market + sectors[k % 8] + own
        first = int(rng.integers(1, n_bars - 100)) if rng.random() < 0.12 else 0
        stop = int(rng.integers(first + 80, n_bars)) if rng.random() < 0.15 else n_bars
        if stop < n_bars:  # a takeover or a collapse, of mean 0
            returns[stop - 1] += 0.25 if rng.random() < 0.6 else -0.375
        returns = np.clip(returns, -0.6, 0.6)
        bars = _bars(rng, days, returns, level)
        found[f"R{k:03d}"] = bars.between(first, stop)
    return found, index


def _shocks(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Student t with 5 degrees of freedom, of variance 1."""
    return np.clip(rng.standard_t(5, shape) / np.sqrt(5 / 3), -8.0, 8.0)


def _bars(rng: np.random.Generator, days: npt.NDArray[np.int32], returns: Floats, scale: float) -> Bars:
    n = len(days)
    night = 0.35 * returns + 0.3 * scale * rng.standard_normal(n)
    close = 40.0 * np.cumprod(1.0 + returns)
    before = np.concatenate((np.full(1, 40.0), close[:-1]))
    opened = before * np.clip(1.0 + night, 0.3, 2.0)
    high = np.maximum(opened, close) * (1.0 + 0.5 * scale * rng.exponential(size=n))
    low = np.minimum(opened, close) / (1.0 + 0.5 * scale * rng.exponential(size=n))
    return Bars(days, opened, high, low, close, rng.uniform(1e6, 3e6, n))


@cache
def _real(folder: Path) -> tuple[dict[str, Path], Bars]:
    paths = {path.stem: path for path in sorted((folder / "sp500_5y").glob("*.parquet"))}
    return paths, _read(folder / "SPY.parquet")


def _read(path: Path) -> Bars:
    table = pq.read_table(path)
    names = {name.lower(): name for name in table.column_names}
    day = table[names.get("date", "date")].cast("date32").cast("int32").to_numpy()
    columns = [table[names[name]].cast("float64").to_numpy() for name in ("open", "high", "low", "close", "volume")]
    return Bars(day, *columns)


def flipped_market(seed: int, n_tickers: int = 80) -> tuple[dict[str, Bars], Bars]:
    """Some of the real tickers, drawn by the seed, with their residuals sign-flipped by day."""
    folder = real_bars_folder()
    if folder is None:
        message = f"{VARIABLE} is not set, or has no sp500_5y"
        raise FileNotFoundError(message)
    paths, index = _real(folder)
    rng = np.random.default_rng([720, seed])
    signs = session_signs(1 + seed, index.n_bars)
    found = {}
    for name in sorted(rng.choice(sorted(paths), n_tickers, replace=False).tolist()):
        bars = _read(paths[name])
        at = np.searchsorted(index.dates, bars.dates)
        at = np.minimum(at, index.n_bars - 1)
        known = index.dates[at] == bars.dates
        bench_open, bench_close = (np.where(known, part[at], np.nan) for part in (index.open, index.close))
        found[name] = flipped_bars(bars, bench_open, bench_close, signs[at])
    return found, index


def market_book(
    folder: Path, kind: str, seed: int, *, n_tickers: int = 80, n_years: int = 5, preset: str = "null"
) -> Book:
    """A book over one market in `folder`, nothing run yet; only `own` has another length than 5 years."""
    if kind == "own":
        demo = {"demo.tickers": n_tickers, "demo.years": n_years, "demo.preset": preset, "demo.seed": seed}
        alone = {"universe.exclude": ["SYNIDX"], "benchmark": "SYNIDX"}
        return open_book(make_demo_book(folder / "book", FEW_FILES | demo | alone), environ={})
    bars, index = (regime_market if kind == "regimes" else flipped_market)(seed, n_tickers)
    for name, own in bars.items():
        write_bars(folder / "bars" / f"{name}.parquet", own)
    write_bars(folder / "INDEX.parquet", index)
    values: dict[str, Any] = FEW_FILES | {
        "source.kind": "files",
        "source.path": str(folder / "bars"),
        "source.basis": "total",
        "basis": "total",
        "benchmark": str(folder / "INDEX.parquet"),
        "calendar": "data",
    }
    return open_book(make_book(folder / "book", values), environ={})


def run_verdicts(book: Book, skipped: tuple[str, ...] = NOT_AUDITED) -> Iterator[str]:
    """Bring every stage that a verdict needs up to date, in this process; yields their names."""
    ingest(book, plan_ingest(book).stale)
    for name in STAGES:
        if name == "candidates":
            replay_in_process(book, n_threads=1, log=lambda _: None)
        elif name != "ohlcv_history" and name not in skipped:
            run_stage(name, book)
        yield name
