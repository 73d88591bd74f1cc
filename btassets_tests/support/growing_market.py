"""Raw files that grow by a session an evening, each with one event of a market or of its source.

Belongs here: the bars and what happens to them. Does not belong here: running a book on them (`evenings.py`).
"""

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from btassets.engine.market.raw_bars import RawBars
from btassets_tests.support.market_factory import small_raw_market

FIELDS = ("dates", "open", "high", "low", "close", "volume", "dividend", "split")
EVENTS = ("none", "dividend", "split", "restated", "late", "delisted", "benchmark", "backfill")
"""In turn; a new listing comes on the fourth evening beside them."""

TAKEOVER = "takeover"
"""An offer at 3.4 times the price, no ratio of a split: refused by a quality rule until it is confirmed."""


class GrowingMarket:
    """Tickers with raw bars, one file each, and a benchmark.

    Parameters
    ----------
    folder
        `bars/TICKER.parquet` and `SPY.parquet` are written here.
    seed
        Of the bars, and of the tickers and days of the events.
    """

    def __init__(self, folder: Path, seed: int, n_bars: int, n_evenings: int, n_tickers: int = 7) -> None:
        self.folder, self.n_bars, self.rng = folder, n_bars, np.random.default_rng(seed)
        bars, self.benchmark = small_raw_market(n_tickers, n_bars, seed=1 + seed, extend=n_evenings)
        self.bars = dict(bars)
        self.late: set[str] = set()
        self.gone: dict[str, int] = {}
        self.bid_for = ""
        self.listed = dict.fromkeys(bars, 0)
        self.listed[sorted(bars)[-1]] = 4

    def evening(self, k: int, event: str | None = None) -> str:
        """Write the files of evening `k`; returns its event, by default the next in turn."""
        event = event or EVENTS[k % len(EVENTS)]
        alive = [ticker for ticker in sorted(self.bars)[:-1] if ticker not in self.gone]
        ticker = alive[int(self.rng.integers(len(alive)))]
        last = self.n_bars + k - 1  # position of the evening's session
        self._happens(event, ticker, last)
        self.late = {ticker} if event == "late" else set()
        for name, bars in self.bars.items():
            if k < self.listed[name]:
                continue
            stop = min(last + 1 - (name in self.late), self.gone.get(name, len(bars)))
            self._write(self.folder / "bars" / f"{name}.parquet", bars, stop)
        self._write(self.folder / "SPY.parquet", self.benchmark, last + 1)
        return event

    def _happens(self, event: str, ticker: str, last: int) -> None:
        own = self.bars[ticker]
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
        elif event == TAKEOVER:
            self.bid_for = ticker
            for name in ("open", "high", "low", "close"):
                getattr(own, name)[last:] *= 3.4
        elif event == "delisted":
            self.gone[ticker] = last
        elif event == "backfill":
            self.bars[ticker] = dataclasses.replace(own, volume=np.where(np.arange(len(own)) < 50, 5e5, own.volume))

    @staticmethod
    def _write(path: Path, bars: RawBars, n: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = {name: pa.array(getattr(bars, name)[:n]) for name in FIELDS[1:]}
        pq.write_table(pa.table({"date": pa.array(bars.dates[:n], pa.date32()), **columns}), path)
