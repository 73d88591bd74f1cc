"""Tables of a stage from a lake of their own: real files, no book, inputs typed by the test."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from btassets.engine.market.raw_bars import RawBars
from btassets.run.tables import BucketWriter, WholeTable
from btassets.stages.bars.bar_store import bars_version, write_bars
from btassets.storage.lake import BASE, Lake


class StoredTables:
    """What a stage reads of `Tables`, without a declaration: every table may be read.

    Parameters
    ----------
    folder
        Root of the lake.
    outside
        External inputs by name.
    """

    def __init__(self, folder: Path, *, scenario: str = BASE, n_buckets: int = 3, **outside: Any) -> None:
        self.lake = Lake(folder, n_buckets)
        self.scenario = scenario
        self.context = SimpleNamespace(settings_hash="abc", scenario=scenario)
        self._outside = {"membership": None} | outside

    def put(self, name: str, table: pa.Table, **facts: Any) -> "StoredTables":
        """Write a whole table with the facts of its footer."""
        self.lake.write(name, table, "h", facts=facts)
        return self

    def put_sessions(self, days: Any, **facts: Any) -> "StoredTables":
        """Write a calendar whose week ends are the Fridays."""
        numbers = np.asarray(days, np.int32)
        columns = {"date": pa.array(numbers).cast(pa.date32()), "is_week": pa.array((numbers + 3) % 7 == 4)}
        return self.put("sessions", pa.table(columns), last=int(numbers[-1]), **facts)

    def put_bars(self, bars: Mapping[str, RawBars], **facts: Mapping[str, Any]) -> "StoredTables":
        """Write raw bars; `facts` by ticker replace those of the footers."""
        stored = self.bucketed("ohlcv_history")
        for bucket, group in stored.by_bucket({*bars, *facts}).items():
            footers = {}
            for ticker in group:
                own = bars.get(ticker)
                n = 0 if own is None else len(own)
                footers[ticker] = {
                    "version": "none" if own is None else bars_version(own, "raw"),
                    "n_rows": n,
                    "first": int(own.dates[0]) if n else None,
                    "last": int(own.dates[-1]) if n else None,
                    "basis": "raw",
                    "problems": [],
                    "dropped": {},
                    "blocked": None,
                    **facts.get(ticker, {}),
                }
            write_bars(stored, bucket, footers, {t: bars[t] for t in group if t in bars})
        return self

    def __getitem__(self, name: str) -> WholeTable:
        return WholeTable(self.lake, name, BASE)

    def bucketed(self, name: str) -> BucketWriter:
        return BucketWriter(self.lake, name, name)

    def outside(self, name: str) -> Any:
        return self._outside[name]


def raw_bars(days: Any, close: Any, *, volume: float = 1000.0, **columns: Any) -> RawBars:
    """Bars whose four prices are the close, without actions unless given."""
    days = np.asarray(days, np.int32)
    price = np.broadcast_to(np.asarray(close, float), len(days)).copy()
    values = {
        **{name: price.copy() for name in ("open", "high", "low", "close")},
        "volume": np.full(len(days), volume),
        "dividend": np.zeros(len(days)),
        "split": np.ones(len(days)),
    }
    return RawBars(days, **{name: np.asarray(columns.get(name, value), float) for name, value in values.items()})
