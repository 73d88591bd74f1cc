"""Rows of an earlier replay that are kept: the lake after many evenings equals one made at once, byte for byte."""

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.engine.market.raw_bars import RawBars
from btassets.plan import replay_in_process
from btassets.run.run_stage import run_stage
from btassets.stages.replay import candidates
from btassets_tests.support.book_factory import make_book
from btassets_tests.support.evenings import needed_for
from btassets_tests.support.market_factory import small_raw_market

N_BARS, N_EVENINGS = 420, 10
TABLES = ("candidates", "signals", "factor_signals", "percentile_ranks", "graded_setups", "sessions")
FIELDS = ("dates", "open", "high", "low", "close", "volume", "dividend", "split")


def cut(bars: RawBars, n: int) -> RawBars:
    return RawBars(*(getattr(bars, name)[:n].copy() for name in FIELDS))


def write(path: Path, bars: RawBars) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: pa.array(getattr(bars, name)) for name in FIELDS[1:]}
    pq.write_table(pa.table({"date": pa.array(bars.dates, pa.date32()), **columns}), path)


class Market:
    """Raw files that grow by a session an evening, with one event each."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.rng = folder, np.random.default_rng(seed)
        bars, self.benchmark = small_raw_market(7, N_BARS, seed=1 + seed, extend=N_EVENINGS)
        self.bars = dict(bars)
        self.late: set[str] = set()
        self.listed, self.gone = dict.fromkeys(bars, 0), dict[str, int]()
        self.listed[sorted(bars)[-1]] = 4  # a new listing: its file appears on the fourth evening

    def evening(self, k: int) -> str:
        """Write the files of one evening; returns the event."""
        events = ["none", "dividend", "split", "restated", "late", "delisted", "benchmark", "backfill"]
        event = events[k % len(events)]
        ticker = sorted(self.bars)[int(self.rng.integers(len(self.bars) - 1))]
        own = self.bars[ticker]
        last = N_BARS + k - 1  # position of the evening's session
        if event == "dividend":
            own.dividend[last] = 0.01 * own.close[last - 1]
        elif event == "split":
            own.split[last] = 2.0
            for name in ("open", "high", "low", "close"):
                getattr(own, name)[last:] /= 2.0
        elif event == "restated":
            at = int(self.rng.integers(100, last))
            own.close[at] = min(own.close[at] * 1.01, own.high[at])
        elif event == "benchmark":
            self.benchmark.close[last - 40] *= 1.001
            self.benchmark.high[last - 40] *= 1.01
        elif event == "delisted":
            self.gone[ticker] = last
        elif event == "backfill":
            self.bars[ticker] = dataclasses.replace(own, volume=np.where(np.arange(len(own)) < 50, 5e5, own.volume))
        self.late = {ticker} if event == "late" else set()
        for name, bars in self.bars.items():
            if k < self.listed[name]:
                continue
            stop = min(last + 1 - (name in self.late), self.gone.get(name, len(bars)))
            write(self.folder / "bars" / f"{name}.parquet", cut(bars, stop))
        write(self.folder / "SPY.parquet", cut(self.benchmark, last + 1))
        return event


def run(folder: Path) -> Book:
    book = open_book(folder, environ={}, mends=True)
    ingest(book, plan_ingest(book).stale)
    for name in needed_for("graded_setups"):
        if name == "candidates":
            replay_in_process(book, n_threads=1, log=lambda _: None)
        elif name != "ohlcv_history":
            run_stage(name, book)
    return book


def files(folder: Path) -> dict[str, bytes]:
    root = folder / "data"
    return {
        str(p.relative_to(root)): p.read_bytes() for name in TABLES for p in sorted((root / name).rglob("*.parquet"))
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_evening_by_evening_gives_the_files_of_one_run(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = Market(tmp_path, seed)
    columns = {f"source__columns__{name}": name for name in ("dividend", "split")}
    options = {"source__basis": "raw", "storage__buckets": 4, **columns}
    make_book(tmp_path / "book", tmp_path, **options)
    replayed: list[tuple[str, int]] = []
    plain = candidates.replay_one

    def noted(item, inputs, first=0):
        replayed.append((item.ticker, first))
        return plain(item, inputs, first)

    monkeypatch.setattr(candidates, "replay_one", noted)
    for k in range(N_EVENINGS):
        event = market.evening(k)
        replayed.clear()
        run(tmp_path / "book")
        kept = [ticker for ticker, first in replayed if first]
        if event in ("dividend", "split", "none") and k:
            assert len(kept) >= len(replayed) - (k == 4)  # all but a new listing
        if event == "benchmark":
            assert not kept
    make_book(tmp_path / "fresh", tmp_path, **options)
    run(tmp_path / "fresh")
    ours, theirs = files(tmp_path / "book"), files(tmp_path / "fresh")
    assert list(ours) == list(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []
