"""Stage `ohlcv_history`: raw bars of every ticker, read when the source changed, checked, kept.

Belongs here: which tickers to read (the source's change markers against those in the lake's footers), and
bringing their buckets up to date. Does not belong here: asking the source (`reading.py`), judging what it gave
(`screening.py`), how a bucket lies in the lake (`bar_store.py`), the adjusted view (`bars_view.py`).

The footer of a bucket tells per ticker: `version` (hash of bars, actions and basis), `stamp` (the
source's change marker), `n_rows`, `first`, `last`, `basis`, `problems`, `dropped` (rows by
reason), `blocked` (why the newest file was refused; the older good bars stay in use), `origin` (hash of
the settings under which it was read), `again_from` (where the next reading overlaps) and `revisions`
(what the source changed about the past).
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from btassets.book.book import Book
from btassets.code_version import code_version
from btassets.engine.market.overlap import overlap_start
from btassets.engine.market.raw_bars import RawBars
from btassets.errors import NoBarsError, SourceStoppedError
from btassets.graph.registry import STAGES
from btassets.settings.load import select
from btassets.settings.models import Settings
from btassets.sources.base import (
    BarSource,
    BlockedTickerError,
    FetchesSince,
    FetchFailedError,
    announce,
    changed_at,
    source_problems,
)
from btassets.sources.open_source import benchmark_ticker, open_source
from btassets.sources.values.tickers import TickerNames, spelling_key
from btassets.stages.bars.bar_store import TABLE, stored_bars, ticker_slices, write_bars
from btassets.stages.bars.quality_settings import READ_RULES, overrides_of
from btassets.stages.bars.quarantine import Quarantined, write_quarantine
from btassets.stages.bars.reading import Read, Wanted, is_late, read_many
from btassets.stages.bars.restated import restated_tickers
from btassets.stages.bars.screening import accept, last_finished
from btassets.stages.bars.source_notes import SourceNotes, look_at_list, read_notes, write_notes
from btassets.storage.lake import digest

_READ_SETTINGS = ("source", "demo", "calendar", *READ_RULES)

_PACE = ("base_url", "calls_per_minute", "end", "max_wait_s", "timeout_s")
"""Settings of a source that change when and how it is asked, never what it answers."""

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
    unsettled
        Those that differ, too, but are still being written; a later plan takes them.
    notes
        What the source's list says against the lake and the settings.
    is_list_new
        Whether the notes differ from those of the last reading.
    """

    listed: list[str]
    stale: list[str]
    unsettled: list[str] = field(default_factory=list)
    notes: SourceNotes = field(default_factory=SourceNotes)
    is_list_new: bool = False


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
    restated
        Changed tickers of which bars differ that were read before, with the first such date.
    """

    n_read: int
    changed: list[str]
    n_bars_new: int
    restated: dict[str, int] = field(default_factory=dict)


def in_universe(settings: Settings, tickers: Iterable[str], members: Collection[str] | None = None) -> list[str]:
    """Tickers that the book's universe admits, in byte order; the benchmark only when listed by name.

    Parameters
    ----------
    members
        Tickers of the file of dated membership, which lists by name, too; None: there is none.
    """
    listed = {spelling_key(name) for name in settings.universe.tickers}
    wanted = listed
    if members is not None:
        by_date = {spelling_key(name) for name in members}
        wanted = listed & by_date if listed else by_date
    unwanted = {spelling_key(name) for name in settings.universe.exclude}
    unwanted |= {spelling_key(benchmark_ticker(settings))} - wanted
    unwanted -= listed
    is_listed = bool(listed) or members is not None
    keys = {ticker: spelling_key(ticker) for ticker in tickers}
    return sorted(
        (t for t, key in keys.items() if key not in unwanted and (not is_listed or key in wanted)), key=str.encode
    )


def _members(book: Book) -> Collection[str] | None:
    return None if book.membership is None else book.membership.spells.keys()


def active_tickers(book: Book) -> list[str]:
    """Tickers of the lake that belong to the universe; those that left the source stay."""
    return in_universe(book.base, book.lake.ticker_footers(TABLE), _members(book))


def _origin(book: Book) -> Callable[[str], str]:
    """What decides which bars a source gives of a ticker: bars of one origin can be compared and joined."""
    settings = select(book.base, _READ_SETTINGS)
    shared = digest({key: value for key, value in settings.items() if key.removeprefix("source.") not in _PACE})

    def of(ticker: str) -> str:
        # A person's word about one ticker reads that ticker again, and no other.
        looked_at = [(given.rule, given.reason) for given in overrides_of(book.base, ticker)]
        return digest(shared, looked_at) if looked_at else shared

    return of


def _reader(book: Book, source: BarSource) -> str:
    """What decides how every ticker is read and judged beyond its origin, as part of its change marker."""
    if isinstance(source, FetchesSince):
        # Not the code: an update must not fetch a whole market again; `--full` does when it is wanted.
        return ""
    return digest(
        select(book.base, (*_READ_SETTINGS, "engine.gap_days")),
        code_version(*STAGES[TABLE].code),
    )


def plan_ingest(book: Book, *, full: bool = False, only: Iterable[str] = (), settle_seconds: float = 0.0) -> IngestPlan:
    """Compare the source's change markers with those of the lake.

    Parameters
    ----------
    full
        Read every ticker again, changed or not.
    only
        Restrict to these tickers; empty: all.
    settle_seconds
        Leave out what the source changed within the last so many seconds: it may be half-written.

    Raises
    ------
    NoBarsError
        When the source as a whole cannot be read, is empty, or has none of the universe's tickers.
    """
    source = open_source(book.base, book.folder, book.lake)
    everything = source.tickers()
    listed = in_universe(book.base, everything, _members(book))
    if not listed:
        raise NoBarsError(
            f"source {book.base.source.path or source.name}",
            "none of its tickers is in the universe",
            "correct universe.tickers, universe.membership or universe.exclude.",
        )
    names = TickerNames(listed)
    wanted = {names.or_canonical(name) for name in only}
    missing = sorted(wanted - set(listed))
    if missing:
        near = names.near(missing[0])
        raise NoBarsError(
            f"ticker {missing[0]}",
            "is not in the source or not in the universe",
            f"did you mean {near}?" if near else "`btassets doctor` lists what the source has.",
        )
    known = book.lake.ticker_footers(TABLE)
    reader, origin = _reader(book, source), _origin(book)
    stale = [
        ticker
        for ticker in listed
        if (not wanted or ticker in wanted)
        and (full or known.get(ticker, {}).get("stamp") != _stamp(source, ticker, reader + origin(ticker)))
    ]
    notes = look_at_list(book, set(everything), source_problems(source))
    is_list_new = notes != (read_notes(book) or SourceNotes())
    if settle_seconds <= 0:
        return IngestPlan(listed, stale, notes=notes, is_list_new=is_list_new)
    now = time.time()
    unsettled = {ticker for ticker in stale if _is_unsettled(source, ticker, now, settle_seconds)}
    settled = [t for t in stale if t not in unsettled]
    return IngestPlan(listed, settled, [t for t in stale if t in unsettled], notes, is_list_new)


def _is_unsettled(source: BarSource, ticker: str, now: float, settle_seconds: float) -> bool:
    changed = changed_at(source, ticker)
    # A file server's clock may be ahead of ours: far in the future is not "just now".
    return changed is not None and abs(now - changed) < settle_seconds


def _stamp(source: BarSource, ticker: str, reader: str) -> str:
    return f"{source.stamp(ticker)}|{reader}"


def ingest(
    book: Book,
    tickers: Iterable[str],
    progress: Progress = lambda _done, _total: None,
    on_written: Callable[[list[str]], None] | None = None,
    *,
    full: bool = False,
) -> IngestOutcome:
    """Read `tickers` from the source and bring their buckets up to date.

    Each bucket is written once, atomically; a kill loses at most the bucket at hand. A ticker that
    the source refuses keeps its older bars and a record of the refusal. `on_written` hears of the
    tickers of each bucket as soon as they are in the lake. `full` reads the whole window of each
    ticker, not only what follows the stored bars.

    Raises
    ------
    SourceStoppedError
        When the source stops in the middle (rate limit, outage); what came before is kept.
    """
    source = open_source(book.base, book.folder, book.lake)
    _forget_ghosts(book, source)
    reader, origin = _reader(book, source), _origin(book)
    groups = book.lake.by_bucket(tickers)
    total = sum(len(group) for group in groups.values())
    known = book.lake.ticker_footers(TABLE)
    starts = _starts(source, known, [t for group in groups.values() for t in group], origin, full=full)
    announce(source, starts)
    last = last_finished(book)
    changed: list[str] = []
    restated: dict[str, int] = {}
    n_done = n_new = 0
    for bucket, group in groups.items():
        # The marker is taken before the bars: what changes in between is read again by the next run.
        stamps = {ticker: _stamp(source, ticker, reader + origin(ticker)) for ticker in group}
        stored = stored_bars(book, bucket, [t for t in group if known.get(t, {}).get("origin") == origin(t)])
        wanted = {t: Wanted(t, stored.get(t), starts[t]) for t in group}
        fetched, stopped = _fetched(source, list(wanted.values()))
        with book.lake.bucket_lock(TABLE, bucket):
            footers = book.lake.bucket_footer(TABLE, bucket)
            fresh: dict[str, RawBars] = {}
            before = {t: (f.get("version"), f.get("n_rows", 0)) for t, f in footers.items()}
            dropped: dict[str, Quarantined] = {}
            for ticker, read in fetched.items():
                found = accept(book, source, wanted[ticker], read, footers.get(ticker, {}), last)
                facts, bars = found.facts, found.bars
                footers[ticker] = facts | {"stamp": _settled(source, stamps[ticker], read, facts)}
                if bars is not None:
                    fresh[ticker] = bars
                    dropped[ticker] = Quarantined(wanted[ticker].since, found.quarantine)
                    footers[ticker] |= {"origin": origin(ticker), "again_from": overlap_start(bars.dates)}
                if before.get(ticker, (None, 0))[0] != facts["version"]:
                    changed.append(ticker)
                    n_new += facts["n_rows"] - before.get(ticker, (None, 0))[1]
            if not fresh.keys().isdisjoint(changed):
                old_rows = ticker_slices(book.lake.bucket_footer(TABLE, bucket))
                differing = {t: fresh[t] for t in fresh if t in changed}
                restated |= restated_tickers(book.lake.read_bucket(TABLE, bucket), old_rows, differing)
            write_quarantine(book, bucket, dropped)
            if fetched:
                write_bars(book, bucket, footers, fresh)
        if on_written is not None:
            on_written(list(fetched))
        n_done += len(fetched)
        progress(n_done, total)
        if stopped is not None:
            raise stopped.after(n_done, total - n_done)
    write_notes(book, look_at_list(book, set(source.tickers()), source_problems(source)))
    return IngestOutcome(total, sorted(changed, key=str.encode), n_new, restated)


def _forget_ghosts(book: Book, source: BarSource) -> None:
    """Forget what left the source and never gave a good bar: nothing is lost, and nothing else would end it."""
    listed, known = set(source.tickers()), book.lake.ticker_footers(TABLE)
    forget(book, [ticker for ticker, facts in known.items() if ticker not in listed and not facts.get("n_rows")])


def forget(book: Book, tickers: Collection[str]) -> None:
    """Take tickers out of the lake, with their bars, findings and quarantined rows.

    One that the source still lists is read again by the next run.
    """
    for bucket, group in book.lake.by_bucket(tickers).items():
        with book.lake.bucket_lock(TABLE, bucket):
            footers = book.lake.bucket_footer(TABLE, bucket)
            left = {ticker: facts for ticker, facts in footers.items() if ticker not in group}
            write_quarantine(book, bucket, {ticker: Quarantined(None, ()) for ticker in group})
            write_bars(book, bucket, left, {})


def _fetched(
    source: BarSource, wanted: Sequence[Wanted]
) -> tuple[dict[str, RawBars | BlockedTickerError], SourceStoppedError | None]:
    """What each ticker gave, and why the source stopped before all of them had."""
    fetched: dict[str, RawBars | BlockedTickerError] = {}
    stopped: SourceStoppedError | None = None
    for ticker, read in read_many(source, wanted):
        if isinstance(read, SourceStoppedError):
            stopped = read
        else:
            fetched[ticker] = read
    return fetched, stopped


def _starts(
    source: BarSource,
    known: Mapping[str, dict[str, Any]],
    tickers: Iterable[str],
    origin: Callable[[str], str],
    *,
    full: bool,
) -> dict[str, int | None]:
    """First date to ask for of each ticker; None: the whole."""
    is_part = isinstance(source, FetchesSince) and not full
    return {t: _again_from(known.get(t, {}), origin(t)) if is_part else None for t in tickers}


def _again_from(known: dict[str, Any], origin: str) -> int | None:
    """First date to read again of a ticker that was read under the same settings; None: the whole."""
    return known.get("again_from") if known.get("origin") == origin and known.get("n_rows") else None


def _settled(source: BarSource, stamp: str, read: Read, facts: dict[str, Any]) -> str:
    """Change marker to keep: one that no source gives, where the next run has to ask again."""
    if isinstance(read, FetchFailedError):
        return f"failed|{stamp}"
    return f"late|{stamp}" if facts.get("is_unfinished") or is_late(source, facts["last"]) else stamp
