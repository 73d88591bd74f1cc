"""Decoded buckets of bars kept between the stages of a process, because most stages of a run read all of them.

Belongs here: which version of a bucket is kept, and how much memory that may take. Does not belong here: the adjusted
view of a ticker (`bars_view.py`).
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.market.raw_bars import RawBars
from btassets.run.tables import BucketedTable, TickerFacts
from btassets.storage.bucket_rows import ticker_slices

T = TypeVar("T")

MAX_BYTES = 128 * 2**20
"""Memory for kept buckets, 1,000 tickers x 5 years; of a larger market the least recently read are dropped."""

_NAMES = ("open", "high", "low", "close", "volume", "dividend", "split")
_VIEWED = 2
"""The views made of a bucket take at most as much again."""


@dataclass(frozen=True)
class KeptBucket(Generic[T]):
    """Bars of one version of a bucket, and the views made of them so far.

    Attributes
    ----------
    footers
        Facts of its tickers.
    slices
        Offset and number of rows of each ticker, in ticker order.
    views
        View of a ticker by ticker and settings; filled by the reader.
    """

    dates: npt.NDArray[np.int32]
    columns: tuple[npt.NDArray[np.float64], ...]
    footers: TickerFacts
    slices: dict[str, tuple[int, int]]
    views: dict[Any, T] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        """Memory, views included."""
        return _VIEWED * (self.dates.nbytes + sum(column.nbytes for column in self.columns))

    def raw(self, ticker: str) -> RawBars:
        """Stored bars of a ticker, as views of the columns."""
        offset, n_rows = self.slices[ticker]
        rows = slice(offset, offset + n_rows)
        opens, highs, lows, closes, volumes, dividends, splits = (column[rows] for column in self.columns)
        return RawBars(self.dates[rows], opens, highs, lows, closes, volumes, dividends, splits)

    def view(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """The view under `key`, made at the first request."""
        if key not in self.views:
            self.views[key] = make()
        return self.views[key]


class KeptBars(Generic[T]):
    """The least recently read buckets are dropped when they take more than `max_bytes` together."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[tuple[int, ...], KeptBucket[T]]] = OrderedDict()

    def bucket(self, stored: BucketedTable, bucket: int) -> KeptBucket[T] | None:
        """One bucket in its present version; None if it does not exist or is damaged."""
        # Taken before the file is read: one that is replaced in between is read again the next time.
        stamp = stored.stamp(bucket)
        if stamp is None:
            return None
        place = str(stored.path(bucket))
        with self._lock:
            known = self._kept.get(place)
            if known is not None and known[0] == stamp:
                self._kept.move_to_end(place)
                return known[1]
        read = _read(stored, bucket)
        with self._lock:
            self._kept.pop(place, None)
            if read is not None:
                self._kept[place] = (stamp, read)
            n_bytes = sum(one.n_bytes for _, one in self._kept.values())
            while n_bytes > self._max_bytes:
                _, (_, dropped) = self._kept.popitem(last=False)
                n_bytes -= dropped.n_bytes
        return read


def _read(stored: BucketedTable, bucket: int) -> KeptBucket[Any] | None:
    table = stored.bucket(bucket, ["date", *_NAMES])
    if table is None:
        return None
    dates = table["date"].combine_chunks().cast(pa.int32()).to_numpy()
    columns = tuple(table[name].combine_chunks().to_numpy(zero_copy_only=False) for name in _NAMES)
    footers = stored.bucket_footer(bucket)
    return KeptBucket(dates, columns, footers, ticker_slices(footers))
