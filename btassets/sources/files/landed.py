"""A source merged with landed bars.

Belongs here: merging. On common dates the source's own bars count: once it has caught up, landed bars change nothing,
and a source that re-bases its history is never mixed with bars on the old basis. Does not belong here: accepting files
from the landing folder (`btassets.arrivals.landing`).
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from btassets.engine.market.raw_bars import Basis, RawBars
from btassets.errors import NoBarsError
from btassets.sources.base import (
    BarSource,
    BlockedTickerError,
    FetchesSince,
    Problem,
    announce,
    changed_at,
    source_problems,
)
from btassets.sources.files.bar_files import file_stamp
from btassets.sources.files.bar_folder import FilesSource
from btassets.sources.files.column_mapping import ColumnNames
from btassets.storage import kept_twice
from btassets.storage.sealed import verify, write_sealed

KEPT_COLUMNS = ColumnNames(dividend="dividend", split="split")
"""Columns of the files of landed bars."""


class WithLanded:
    """A source whose tickers also have landed bars.

    Parameters
    ----------
    base
        The book's source.
    folder
        One Parquet file of landed bars per ticker.
    """

    def __init__(self, base: BarSource, folder: Path) -> None:
        self.base = base
        self.name = base.name
        self.basis: Basis = base.basis
        self._kept = FilesSource(folder, KEPT_COLUMNS, base.basis)
        self._paths = {ticker: self._kept.path_of(ticker) for ticker in self._kept.tickers()}
        self._own: frozenset[str] | None = None

    def tickers(self) -> list[str]:
        """Every name of either, sorted by bytes."""
        return sorted({*self._own_tickers(), *self._paths}, key=str.encode)

    def _own_tickers(self) -> frozenset[str]:
        if self._own is None:
            try:
                self._own = frozenset(self.base.tickers())
            except NoBarsError:
                if not self._paths:
                    raise
                self._own = frozenset()
        return self._own

    def stamp(self, ticker: str) -> str:
        """Marker of both."""
        own = self.base.stamp(ticker) if ticker not in self._paths or ticker in self._own_tickers() else ""
        return f"{own}+landed-{file_stamp(self._paths[ticker])}" if ticker in self._paths else own

    def fetch(self, ticker: str) -> RawBars:
        """Bars of the source, and landed ones on dates it lacks, ascending."""
        kept = self.landed(ticker)
        if kept is None:
            return self.base.fetch(ticker)
        return filled(self.base.fetch(ticker), kept) if ticker in self._own_tickers() else kept

    def changed_at(self, ticker: str) -> float | None:
        """Time of the last change of the source's own part; landed bars are always complete."""
        return changed_at(self.base, ticker) if ticker in self._own_tickers() else None

    def announce(self, wanted: Mapping[str, int | None]) -> None:
        """Forward the announcement of fetches."""
        announce(self.base, wanted)

    def problems(self) -> list[Problem]:
        """Findings about the source as a whole."""
        return source_problems(self.base)

    def landed(self, ticker: str) -> RawBars | None:
        """Landed bars of a ticker, None without any.

        Raises
        ------
        BlockedTickerError
            If its file and the second copy of it are damaged.
        """
        if ticker not in self._paths:
            return None
        refuse_damaged(self._paths[ticker], ticker)
        return self._kept.fetch(ticker)


class WithLandedSince(WithLanded):
    """The same for a source with partial fetches."""

    base: FetchesSince  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def last_expected(self) -> int | None:
        """Expected date of the source's last bar."""
        return self.base.last_expected

    def fetch_since(self, ticker: str, first_date: int) -> RawBars:
        """Bars of both from a date on."""
        kept = self.landed(ticker)
        if kept is None:
            return self.base.fetch_since(ticker, first_date)
        late = kept.take(kept.dates >= first_date)
        return filled(self.base.fetch_since(ticker, first_date), late) if ticker in self._own_tickers() else late


def with_landed(base: BarSource, folder: Path) -> BarSource:
    """The source itself, or merged with the landed bars in `folder`."""
    if not folder.is_dir() or not any(p.suffix == ".parquet" and p.name[0] != "." for p in folder.iterdir()):
        return base
    return WithLandedSince(base, folder) if isinstance(base, FetchesSince) else WithLanded(base, folder)


def write_landed(path: Path, table: pa.Table) -> None:
    """Write the landed bars of one ticker, sealed and twice, because the original files are pruned later."""

    def fill(take: Callable[[pa.RecordBatch], None]) -> Mapping[str, Any]:
        for batch in table.combine_chunks().to_batches():
            take(batch)
        return {}

    write_sealed(path, path.name, table.schema, fill, is_durable=True)
    kept_twice.keep(path, copy_of(path))


def copy_of(path: Path) -> Path:
    """Second copy of a file of landed bars, beside their folder."""
    return path.parent.parent / kept_twice.FOLDER / path.name


def refuse_damaged(path: Path, ticker: str) -> None:
    """Verify a file of landed bars, and restore it from its second copy if damaged.

    Raises
    ------
    BlockedTickerError
        If the copy is damaged, too.
    """
    try:
        problem = verify(path, path.name).problem
    except FileNotFoundError:
        return
    copy = copy_of(path)
    if problem is None:
        return
    if kept_twice.intact_footer(copy, path.name) is not None:
        kept_twice.restore(path, path.name, copy, problem)
        return
    reason = (
        f"{path}: damaged ({problem}), and so is its second copy; the bars of the book stay in use; delete it and "
        f"drop the files that had landed for {ticker} into landing/ again"
    )
    raise BlockedTickerError(ticker, "Q1", reason)


def filled(bars: RawBars, more: RawBars) -> RawBars:
    """Bars, plus those of `more` on missing dates, ascending if `bars` are.

    Examples
    --------
    >>> def flat(dates, price):
    ...     p = np.full(len(dates), price)
    ...     return RawBars(np.array(dates, np.int32), p, p, p, p, p, np.zeros(len(p)), np.ones(len(p)))
    >>> both = filled(flat([1, 3], 10.0), flat([2, 3, 4], 20.0))
    >>> both.dates.tolist(), both.close.tolist()
    ([1, 2, 3, 4], [10.0, 20.0, 10.0, 20.0])
    """
    more = more.take(~np.isin(more.dates, bars.dates))
    if not len(more):
        return bars
    at = np.searchsorted(bars.dates, more.dates)
    parts = {
        f.name: np.insert(getattr(bars, f.name), at, getattr(more, f.name))
        for f in fields(bars)
        if f.name not in ("adjusted_close", "notes")
    }
    # The vendor's adjusted closes are compared as a whole or not at all.
    return RawBars(**parts, adjusted_close=None, notes=bars.notes)
