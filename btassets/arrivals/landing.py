"""The landing folder of a book: dropped bar files are accepted, stored per ticker, and moved away.

Belongs here: which files are ready, accepting them whole or not at all, and moving them. A file has the source's
columns and basis: one ticker's, named after it, or a long one. Does not belong here: merging landed bars with the
source (`btassets.sources.files.landed`), scheduling (`btassets.defs`).

`landing/bars/` holds the accepted bars, one file per ticker; `landing/done/DATE/` the files themselves.
"""

import contextlib
import datetime as dt
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from btassets.book.book import Book
from btassets.engine.market.overlap import joined, loose_end, merge_overlap
from btassets.engine.market.quality import screen_bars
from btassets.engine.market.raw_bars import Basis, RawBars
from btassets.errors import BtassetsError
from btassets.settings.source_kinds import basis_of_source
from btassets.sources.base import BlockedTickerError
from btassets.sources.files.bar_files import file_stamp
from btassets.sources.files.bar_folder import FilesSource
from btassets.sources.files.bar_suffix import bar_suffix
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.files.landed import KEPT_COLUMNS, filled, refuse_damaged, write_landed
from btassets.sources.open_source import KEPT_FOLDER
from btassets.sources.universe.ticker_names import file_stem
from btassets.sources.values.tickers import TickerNames
from btassets.stages.bars.bar_store import TABLE
from btassets.stages.bars.quality_settings import overrides_of, quality_rules
from btassets.stages.bars.reading import bars_of_table
from btassets.stages.bars.universe import in_universe
from btassets.storage.bucket_rows import ticker_slices
from btassets.storage.files import replace_json, writing
from btassets.storage.lake import bucket_of

FOLDER = "landing"
REFUSED = Path(FOLDER) / ".refused.json"
SETTLE_SECONDS = 5.0
"""A file changed more recently may be incomplete."""

_PRICES = ("open", "high", "low", "close", "volume", "dividend", "split")


@dataclass(frozen=True)
class Landed:
    """State of the landing folder.

    Attributes
    ----------
    ready
        Files unchanged for five seconds, except those refused in this state.
    unsettled
        Files that may be incomplete.
    refused
        Names of refused files unchanged since, with the reason.
    marker
        Fingerprint of the ready files; the same files give the same.
    """

    ready: list[Path]
    unsettled: list[Path]
    refused: dict[str, str]
    marker: str


@dataclass(frozen=True)
class Taken:
    """Files accepted from the landing folder.

    Attributes
    ----------
    tickers
        Tickers of the accepted files.
    n_files
        Accepted files.
    refused
        Name of each refused file, with the reason.
    unsettled
        Names of files that may be incomplete.
    """

    tickers: list[str]
    n_files: int
    refused: dict[str, str] = field(default_factory=dict)
    unsettled: list[str] = field(default_factory=list)


def look_for_landed(book: Book, settle_seconds: float = SETTLE_SECONDS) -> Landed:
    """Files in the landing folder; reads none of them."""
    folder = book.folder / FOLDER
    known = _refused_before(book)
    ready: list[Path] = []
    unsettled: list[Path] = []
    refused: dict[str, str] = {}
    now = time.time()
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or bar_suffix(path.name) is None or not path.is_file():
            continue
        # Not the modification time: a copy that preserves it would look settled at once.
        is_settled = abs(now - path.stat().st_ctime) >= settle_seconds
        stamp, reason = known.get(path.name, ("", ""))
        if stamp == file_stamp(path):
            refused[path.name] = reason
        else:
            (ready if is_settled else unsettled).append(path)
    return Landed(ready, unsettled, refused, "|".join(f"{path.name} {file_stamp(path)}" for path in ready))


def _refused_before(book: Book) -> dict[str, tuple[str, str]]:
    """Stamp and reason of each file that was refused."""
    try:
        raw = json.loads((book.folder / REFUSED).read_text(encoding="utf-8"))
        return {str(name): (str(stamp), str(reason)) for name, (stamp, reason) in raw.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # nothing is lost: the files are checked again


def landed_tickers(book: Book, found: Landed) -> list[str]:
    """Tickers in the ready files that the universe admits; an unreadable file contributes none."""
    names: set[str] = set()
    for path in found.ready:
        with contextlib.suppress(BtassetsError):
            known = TickerNames(book.lake.ticker_footers(TABLE))
            names |= {known.or_canonical(given) for given in _source_of(book, path).tickers()}
    return in_universe(book.base, names)


def take_landed(book: Book, settle_seconds: float = SETTLE_SECONDS, today: dt.date | None = None) -> Taken:
    """Accept every ready file whose bars are all acceptable; the others stay in place, with a reason.

    A refused file is not read again until it changes; deleting `landing/.refused.json` resets this.
    """
    found = look_for_landed(book, settle_seconds)
    tickers: set[str] = set()
    refused = dict(found.refused)
    n_files = 0
    for path in found.ready:
        try:
            bars = _read(book, path)
        except BtassetsError as error:
            refused[path.name] = str(error)
            continue
        for ticker, new in bars.items():
            _keep(book, ticker, new)
        _move(path, book.folder / FOLDER / "done" / str(today or dt.datetime.now(dt.UTC).date()))
        tickers |= bars.keys()
        n_files += 1
    if refused != found.refused or refused.keys() != _refused_before(book).keys():
        folder = book.folder / FOLDER
        replace_json(book.folder / REFUSED, {n: [file_stamp(folder / n), why] for n, why in refused.items()})
    return Taken(sorted(tickers, key=str.encode), n_files, refused, [path.name for path in found.unsettled])


def _read(book: Book, path: Path) -> dict[str, RawBars]:
    """Bars of every ticker of a file, if the quality rules accept them and they fit those in the lake."""
    source = _source_of(book, path)
    # In any spelling of a ticker that the book has.
    names = TickerNames(book.lake.ticker_footers(TABLE))
    accepted: dict[str, RawBars] = {}
    for given in source.tickers():
        ticker = names.or_canonical(given)
        screened = _screened(book, ticker, source.fetch(given))
        stored = _stored(book, ticker)
        if stored is not None and merge_overlap(stored, screened).kind == "restated":
            reason = (
                f"the prices in {path.name} are on another basis than those of the same dates in the book; landed "
                f"bars must be in the source's basis ({_basis(book)}); convert them"
            )
            raise BlockedTickerError(ticker, "Q9", reason)
        if stored is not None:
            loose = loose_end(ticker, stored, screened)
            if loose is not None:
                raise BlockedTickerError(ticker, loose.rule, loose.text.rstrip("."))
            _screened(book, ticker, joined(stored, screened))  # a split or another unit between the two
        refuse_damaged(_kept_path(book, ticker), ticker)
        accepted[ticker] = screened
    return accepted


def _screened(book: Book, ticker: str, bars: RawBars) -> RawBars:
    """Bars that the rules leave; refused as a whole when one of them blocks."""
    looked_at = overrides_of(book.base, ticker)
    screened = screen_bars(ticker, bars, quality_rules(book.base), basis=_basis(book), overrides=looked_at)
    if screened.bars is None:
        blocked = next(problem for problem in screened.problems if problem.severity == "block")
        raise BlockedTickerError(ticker, blocked.rule, blocked.text.rstrip("."))
    return screened.bars


def _source_of(book: Book, path: Path) -> FilesSource:
    settings = book.base.source
    return FilesSource(path, ColumnNames(**settings.columns.model_dump()), _basis(book), settings.ticker_pattern)


def _basis(book: Book) -> Basis:
    return basis_of_source(book.base.source.kind, book.base.source.basis)


def _stored(book: Book, ticker: str) -> RawBars | None:
    bucket = bucket_of(ticker, book.lake.n_buckets)
    offset, n_rows = ticker_slices(book.lake.bucket_footer(TABLE, bucket)).get(ticker, (0, 0))
    table = book.lake.read_bucket(TABLE, bucket) if n_rows else None
    return None if table is None else bars_of_table(table.slice(offset, n_rows))


def _keep(book: Book, ticker: str, new: RawBars) -> None:
    """Add bars to the ticker's landed bars; on common dates the new ones count."""
    path = _kept_path(book, ticker)
    if path.exists():
        old = FilesSource(path, KEPT_COLUMNS).fetch(ticker)
        new = filled(new, old)
    dates = pa.array(new.dates.astype(np.int32), pa.int32()).cast(pa.date32())
    table = pa.table({"date": dates, **{name: pa.array(getattr(new, name)) for name in _PRICES}})
    write_landed(path, table)


def _kept_path(book: Book, ticker: str) -> Path:
    return book.folder / KEPT_FOLDER / f"{file_stem(ticker)}.parquet"


def _move(path: Path, folder: Path) -> None:
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / path.name
        n = 1
        while target.exists():
            n += 1
            target = folder / f"{n}-{path.name}"
        path.rename(target)
