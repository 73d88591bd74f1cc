"""Reading tickers from a source: in full, or from an overlap with the stored bars.

Belongs here: the requested part of a ticker, joining it with the stored bars, and stopping when the source stops. Does
not belong here: comparing bars (`engine.market.overlap`), queries (`sources`), screening and storing
(`ohlcv_history.py`).
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from btassets.engine.market.overlap import merge_overlap
from btassets.engine.market.raw_bars import RawBars
from btassets.errors import SourceStoppedError
from btassets.sources.base import BarSource, BlockedTickerError, FetchesSince

N_READERS = 2
"""Threads that wait for files or responses; more of them only queue."""

LATE_DAYS = 10
"""A ticker whose last bar is at most this many calendar days before the expected one is late, not ended."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One ticker to read.

    Attributes
    ----------
    ticker
        Canonical name.
    stored
        Its stored bars, if they were read under the same settings; else None.
    since
        First date to read again, days since 1970-01-01; None: the whole window.
    """

    ticker: str
    stored: RawBars | None
    since: int | None


Read = RawBars | BlockedTickerError | SourceStoppedError


def read_many(source: BarSource, wanted: Sequence[Wanted]) -> Iterator[tuple[str, Read]]:
    """Yield each ticker with its bars, its refusal, or the reason why the source stopped, in the given order.

    A refusal affects only its ticker; once the source has stopped, it is not queried again.
    """
    stopped: list[SourceStoppedError] = []
    lock = threading.Lock()

    def read(one: Wanted) -> tuple[str, Read]:
        with lock:
            if stopped:
                return one.ticker, stopped[0]
        try:
            return one.ticker, read_ticker(source, one)
        except BlockedTickerError as error:
            return one.ticker, error
        except SourceStoppedError as error:
            with lock:
                stopped.append(error)
            return one.ticker, error

    with ThreadPoolExecutor(max_workers=N_READERS) as pool:
        yield from pool.map(read, wanted)


def read_ticker(source: BarSource, wanted: Wanted) -> RawBars:
    """Bars of one ticker up to now, including stored ones if only a part was read.

    If the overlap shows that the source re-based its history, or there is no common date any more, the whole window is
    read again.
    """
    if not isinstance(source, FetchesSince):
        return source.fetch(wanted.ticker)
    if wanted.stored is None:
        return source.fetch(wanted.ticker)
    if wanted.since is None:
        whole = source.fetch(wanted.ticker)
        merged = merge_overlap(wanted.stored, whole)
        # Bars older than the window stay, unless their basis may have changed.
        is_same_basis = source.basis == "raw" and merged.kind not in ("restated", "disjoint")
        return merged.bars if is_same_basis else whole
    merged = merge_overlap(wanted.stored, source.fetch_since(wanted.ticker, wanted.since))
    return source.fetch(wanted.ticker) if merged.kind in ("restated", "disjoint") else merged.bars


def is_late(source: BarSource, last: int | None) -> bool:
    """Whether a current ticker lacks the last session that the source should have by now."""
    if not isinstance(source, FetchesSince) or source.last_expected is None or last is None:
        return False
    return 0 < source.last_expected - last <= LATE_DAYS


def bars_of_table(rows: pa.Table) -> RawBars:
    """Stored rows of one ticker as arrays."""
    numbers = {name: rows[name].to_numpy() for name in ("open", "high", "low", "close", "volume", "dividend", "split")}
    return RawBars(dates=rows["date"].cast(pa.int32()).to_numpy().astype(np.int32, copy=False), **numbers)
