"""Stage `ohlcv_history`: raw bars of every ticker, read when the source changed, checked, kept.

Belongs here: which tickers to read (the source's change markers against those in the lake's
footers), reading them, and writing their buckets. Does not belong here: reading files
(`sources`), the quality rules (`engine.market.quality`), the adjusted view (`bars_view.py`).

The footer of a bucket tells per ticker: `version` (hash of bars, actions and basis), `stamp` (the
source's change marker), `n_rows`, `first`, `last`, `basis`, `problems`, `dropped` (rows by
reason), and `blocked` (why the newest file was refused; the older good bars stay in use).
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from btassets.code_version import code_version
from btassets.engine.market.quality import QualityRules, screen_bars
from btassets.engine.market.raw_bars import Problem, RawBars
from btassets.errors import NoBarsError
from btassets.settings.load import select
from btassets.settings.models import Settings
from btassets.sources.base import BarSource, BlockedTickerError
from btassets.sources.calendars import DATA, exchange_sessions
from btassets.sources.files import fetch_many
from btassets.sources.open_source import open_source
from btassets.sources.ticker_names import canonical_ticker
from btassets.stages.book import Book
from btassets.storage.lake import digest
from btassets.tables import OHLCV_HISTORY

TABLE = "ohlcv_history"
_READ_SETTINGS = ("source", "demo", "calendar", "quality")

_DAYS_BEFORE = 15
"""Sessions are asked for from so much earlier that a first bar on a holiday is seen as one."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class IngestPlan:
    """What the source has and what has to be read.

    Attributes
    ----------
    listed
        Tickers of the source that belong to the universe, in byte order.
    stale
        Those whose change marker differs from the one in the lake.
    """

    listed: list[str]
    stale: list[str]


@dataclass(frozen=True)
class IngestOutcome:
    """What an ingest did.

    Attributes
    ----------
    n_read
        Tickers read from the source.
    changed
        Those whose bars differ from what the lake had.
    n_bars_new
        Bars more than before, all tickers together.
    """

    n_read: int
    changed: list[str]
    n_bars_new: int


def in_universe(settings: Settings, tickers: Iterable[str]) -> list[str]:
    """Tickers that the book's universe admits, in byte order; the benchmark only when listed by name."""
    wanted = set(settings.universe.tickers)
    unwanted = {*settings.universe.exclude, settings.benchmark, canonical_ticker(settings.benchmark)}
    unwanted -= wanted
    return sorted((t for t in tickers if t not in unwanted and (not wanted or t in wanted)), key=str.encode)


def active_tickers(book: Book) -> list[str]:
    """Tickers of the lake that belong to the universe; those that left the source stay."""
    return in_universe(book.base, book.lake.ticker_footers(TABLE))


def _reader(book: Book) -> str:
    """What decides how a file is read and judged, as part of every change marker."""
    return digest(
        select(book.base, _READ_SETTINGS),
        code_version("btassets/sources", "btassets/engine/market", "btassets/stages/ohlcv_history.py"),
    )


def plan_ingest(book: Book, *, full: bool = False, only: Iterable[str] = ()) -> IngestPlan:
    """Compare the source's change markers with those of the lake.

    Parameters
    ----------
    full
        Read every ticker again, changed or not.
    only
        Restrict to these tickers; empty: all.

    Raises
    ------
    NoBarsError
        When the source as a whole cannot be read, is empty, or has none of the universe's tickers.
    """
    source = open_source(book.base, book.folder, book.lake)
    listed = in_universe(book.base, source.tickers())
    if not listed:
        raise NoBarsError(
            f"source {book.base.source.path or source.name}",
            "none of its tickers is in the universe",
            "correct universe.tickers or universe.exclude.",
        )
    wanted = set(only)
    missing = sorted(wanted - set(listed))
    if missing:
        raise NoBarsError(
            f"ticker {missing[0]}",
            "is not in the source or not in the universe",
            "`btassets doctor` lists what the source has.",
        )
    known = book.lake.ticker_footers(TABLE)
    reader = _reader(book)
    stale = [
        ticker
        for ticker in listed
        if (not wanted or ticker in wanted)
        and (full or known.get(ticker, {}).get("stamp") != _stamp(source, ticker, reader))
    ]
    return IngestPlan(listed, stale)


def _stamp(source: BarSource, ticker: str, reader: str) -> str:
    return f"{source.stamp(ticker)}|{reader}"


def ingest(book: Book, tickers: Iterable[str], progress: Progress = lambda _done, _total: None) -> IngestOutcome:
    """Read `tickers` from the source and bring their buckets up to date.

    Each bucket is written once, atomically; a kill loses at most the bucket at hand. A ticker that
    the source refuses keeps its older bars and a record of the refusal.
    """
    source = open_source(book.base, book.folder, book.lake)
    reader = _reader(book)
    groups = book.lake.by_bucket(tickers)
    total = sum(len(group) for group in groups.values())
    changed: list[str] = []
    n_done = n_new = 0
    for bucket, group in groups.items():
        footers = book.lake.bucket_footer(TABLE, bucket)
        fetched = dict(fetch_many(source, group))
        fresh: dict[str, RawBars] = {}
        before = {t: (f.get("version"), f.get("n_rows", 0)) for t, f in footers.items()}
        for ticker in group:
            facts, bars = _accept(book, source, ticker, fetched[ticker], footers.get(ticker, {}))
            footers[ticker] = facts | {"stamp": _stamp(source, ticker, reader)}
            if bars is not None:
                fresh[ticker] = bars
            if before.get(ticker, (None, 0))[0] != facts["version"]:
                changed.append(ticker)
                n_new += facts["n_rows"] - before.get(ticker, (None, 0))[1]
        _write_bucket(book, bucket, footers, fresh)
        n_done += len(group)
        progress(n_done, total)
    return IngestOutcome(total, sorted(changed, key=str.encode), n_new)


def _accept(
    book: Book, source: BarSource, ticker: str, fetched: RawBars | BlockedTickerError, known: dict[str, Any]
) -> tuple[dict[str, Any], RawBars | None]:
    """Facts for the footer, and the accepted bars; None: keep what the lake has."""
    if isinstance(fetched, BlockedTickerError):
        return _blocked(ticker, known, [fetched.as_problem()]), None
    screened = screen_bars(
        ticker, fetched, quality_rules(book.base), basis=source.basis, sessions=_calendar(book, fetched)
    )
    problems = list(screened.problems)
    bars = screened.bars
    if bars is None:
        return _blocked(ticker, known, problems), None
    facts = {
        "version": bars_version(bars, source.basis),
        "n_rows": len(bars.dates),
        "first": int(bars.dates[0]) if len(bars.dates) else None,
        "last": int(bars.dates[-1]) if len(bars.dates) else None,
        "basis": source.basis,
        "problems": [_as_fact(p) for p in problems],
        "dropped": dict(screened.n_dropped),
        "blocked": None,
    }
    return facts, bars


def _blocked(ticker: str, known: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    empty = {
        "version": f"none-{ticker}",
        "n_rows": 0,
        "first": None,
        "last": None,
        "basis": None,
        "dropped": {},
    }
    reason = next((p for p in problems if p.severity == "block"), problems[0])
    return {
        **empty,
        **known,
        "problems": [_as_fact(p) for p in problems],
        "blocked": f"{reason.text} [{reason.rule}]",
    }


def _as_fact(problem: Problem) -> list[Any]:
    return [problem.rule, problem.severity, problem.date, problem.n, problem.text]


def _calendar(book: Book, bars: RawBars) -> np.ndarray | None:
    if book.base.calendar == DATA or not len(bars.dates):
        return None
    return exchange_sessions(book.lake, book.base.calendar, int(bars.dates.min()) - _DAYS_BEFORE, int(bars.dates.max()))


def quality_rules(settings: Settings) -> QualityRules:
    """Thresholds of the quality rules from the settings."""
    quality = settings.quality
    return QualityRules(
        max_bad_rows=quality.max_bad_rows,
        max_bad_frac=quality.max_bad_frac,
        ohlc_tolerance_frac=quality.ohlc_tolerance_frac,
    )


def bars_version(bars: RawBars, basis: str) -> str:
    """Hash of bars, actions and basis, 16 hex digits: the ticker's data version."""
    state = hashlib.blake2b(basis.encode(), digest_size=8)
    prices: tuple[Any, ...] = (bars.open, bars.high, bars.low, bars.close)
    for array in (bars.dates, *prices, bars.volume, bars.dividend, bars.split):
        state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()


def _write_bucket(book: Book, bucket: int, footers: dict[str, Any], fresh: dict[str, RawBars]) -> None:
    """Merge fresh tickers into what the bucket holds; rows stay sorted by ticker, then date."""
    old = book.lake.read_bucket(TABLE, bucket)
    old_rows = ticker_slices(book.lake.bucket_footer(TABLE, bucket))
    parts: list[pa.Table] = []
    for ticker in sorted(footers, key=str.encode):
        if ticker in fresh:
            parts.append(_as_table(ticker, fresh[ticker]))
        elif old is not None and ticker in old_rows:
            parts.append(old.slice(*old_rows[ticker]))
    table = pa.concat_tables(parts) if parts else OHLCV_HISTORY.schema.empty_table()
    book.lake.write_bucket(TABLE, bucket, table.combine_chunks(), footers)


def ticker_slices(footers: dict[str, dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Offset and number of rows of each ticker in its bucket, from the bucket's footer."""
    slices: dict[str, tuple[int, int]] = {}
    offset = 0
    for ticker in sorted(footers, key=str.encode):
        slices[ticker] = (offset, footers[ticker]["n_rows"])
        offset += footers[ticker]["n_rows"]
    return slices


def _as_table(ticker: str, bars: RawBars) -> pa.Table:
    columns = {
        "ticker": pa.array([ticker]).take(pa.array(np.zeros(len(bars.dates), np.int32))),
        "date": pa.array(bars.dates, pa.date32()),
        "open": pa.array(bars.open),
        "high": pa.array(bars.high),
        "low": pa.array(bars.low),
        "close": pa.array(bars.close),
        "volume": pa.array(bars.volume),
        "dividend": pa.array(bars.dividend),
        "split": pa.array(bars.split),
    }
    return pa.table(columns, schema=OHLCV_HISTORY.schema)


def broken_bars(book: Book, tickers: Iterable[str]) -> tuple[int, str | None]:
    """How many of `tickers` break the engine's input contract as stored, and the first of them.

    The rules of the edge should make this impossible; the check reads what was really written.
    """
    n_broken, first = 0, None
    for bucket, group in book.lake.by_bucket(tickers).items():
        table = book.lake.read_bucket(TABLE, bucket)
        slices = ticker_slices(book.lake.bucket_footer(TABLE, bucket))
        for ticker in group:
            rows = None if table is None else table.slice(*slices[ticker])
            if rows is not None and not _keeps_contract(rows):
                n_broken, first = n_broken + 1, first or ticker
    return n_broken, first


def _keeps_contract(rows: pa.Table) -> bool:
    days = rows["date"].cast(pa.int32()).to_numpy()
    opens, highs, lows, closes, volumes = (rows[name].to_numpy() for name in ("open", "high", "low", "close", "volume"))
    prices = np.stack([opens, highs, lows, closes])
    slack = 1.0 + 1e-5
    return bool(
        np.isfinite(prices).all()
        and (np.diff(days) > 0).all()
        and (lows > 0).all()
        and (lows <= np.minimum(opens, closes) * slack).all()
        and (highs * slack >= np.maximum(opens, closes)).all()
        and (volumes >= 0).all()
    )
