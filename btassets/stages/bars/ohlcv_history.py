"""Stage `ohlcv_history`: raw bars of every ticker, read when the source changed, screened and stored.

Belongs here: which tickers to read (the source's change markers against those in the lake's footers), and updating
their buckets. Does not belong here: querying the source (`reading.py`), screening its bars (`screening.py`), the layout
of a bucket (`bar_store.py`), the adjusted view (`bars_view.py`).

The footer of a bucket stores per ticker: `version` (hash of bars, actions and basis), `stamp` (the source's change
marker), `n_rows`, `first`, `last`, `basis`, `problems`, `dropped` (rows by reason), `blocked` (why the newest file was
refused; the older good bars stay in use), `origin` (hash of the settings of its reading), `again_from` (start of the
next reading's overlap) and `revisions` (past bars revised by the source).
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from btassets.engine.market.overlap import overlap_start
from btassets.engine.market.raw_bars import RawBars
from btassets.errors import NoBarsError, SourceStoppedError
from btassets.run.tables import Tables
from btassets.settings.declared import select_declared
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
from btassets.sources.values.tickers import TickerNames
from btassets.stages.bars.bar_store import TABLE, stored_bars, write_bars
from btassets.stages.bars.findings.source_notes import SourceNotes, look_at_list, read_notes, write_notes
from btassets.stages.bars.quality_settings import READ_RULES, overrides_of
from btassets.stages.bars.quarantine import QUARANTINE, Quarantined, without_record, write_quarantine
from btassets.stages.bars.reading import Read, Wanted, is_late, read_many
from btassets.stages.bars.restated import restated_tickers
from btassets.stages.bars.screening import accept, last_finished
from btassets.stages.bars.universe import active_tickers, in_universe, members_of
from btassets.storage.hashing import digest

_READ_SETTINGS = ("source", "demo", "calendar", *READ_RULES)

_PACE = ("base_url", "calls_per_minute", "end", "max_wait_s", "timeout_s")
"""Settings of a source that affect when and how it is queried, never its response."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class IngestPlan:
    """Tickers of the source and those to be read.

    Attributes
    ----------
    listed
        Tickers of the source that belong to the universe, in byte order.
    stale
        Those whose change marker differs from the one in the lake.
    unsettled
        Those that also differ, but are still being written; a later plan takes them.
    notes
        Findings on the source's list compared with the lake and the settings.
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
    """Result of an ingest.

    Attributes
    ----------
    n_read
        Tickers read from the source.
    changed
        Tickers whose bars differ from those in the lake.
    n_bars_new
        Number of added bars, all tickers together.
    restated
        Changed tickers with revised past bars, with the first such date.
    """

    n_read: int
    changed: list[str]
    n_bars_new: int
    restated: dict[str, int] = field(default_factory=dict)


def _origin(settings: Settings) -> Callable[[str], str]:
    """Everything that affects the bars of a ticker from a source: bars of one origin can be compared and joined."""
    read = select_declared(settings, _READ_SETTINGS)
    if not settings.source.history_days:  # unset: bars of a book from before this setting need no second reading
        read = {key: value for key, value in read.items() if key != "source.history_days"}
    shared = digest({key: value for key, value in read.items() if key.removeprefix("source.") not in _PACE})

    def of(ticker: str) -> str:
        # A new quality override re-reads only its ticker.
        looked_at = [(given.rule, given.reason) for given in overrides_of(settings, ticker)]
        return digest(shared, looked_at) if looked_at else shared

    return of


def _reader(tables: Tables, settings: Settings, source: BarSource) -> str:
    """Everything else that affects how tickers are read and screened, as part of their change markers."""
    if isinstance(source, FetchesSince):
        # Excludes the code: an update must not fetch a whole market again; use `--full` for that.
        return ""
    return digest(select_declared(settings, (*_READ_SETTINGS, "engine.gap_days")), tables.code_version)


def plan_ingest(
    tables: Tables, settings: Settings, *, full: bool = False, only: Iterable[str] = (), settle_seconds: float = 0.0
) -> IngestPlan:
    """Compare the source's change markers with those in the lake.

    Parameters
    ----------
    full
        Read every ticker again, changed or not.
    only
        Restrict to these tickers; empty: all.
    settle_seconds
        Skip files changed within this many seconds: they may be half-written.

    Raises
    ------
    NoBarsError
        If the source as a whole cannot be read, is empty, or has none of the universe's tickers.
    """
    source: BarSource = tables.outside("source")
    everything = source.tickers()
    listed = in_universe(settings, everything, members_of(tables))
    if not listed:
        raise NoBarsError(
            f"source {settings.source.path or source.name}",
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
            f"did you mean {near}?" if near else "`btassets doctor` lists the tickers of the source.",
        )
    known = tables.bucketed(TABLE).footers()
    reader, origin = _reader(tables, settings, source), _origin(settings)
    stale = [
        ticker
        for ticker in listed
        if (not wanted or ticker in wanted)
        and (full or known.get(ticker, {}).get("stamp") != _stamp(source, ticker, reader + origin(ticker)))
    ]
    if not wanted and not isinstance(source, FetchesSince):  # a part of the bars would not bring all of them back
        stale = sorted({*stale, *without_record(tables.bucketed(QUARANTINE), known, listed)}, key=str.encode)
    notes = look_at_list(tables, settings, set(everything), source_problems(source))
    is_list_new = notes != (read_notes(tables.bucketed(TABLE)) or SourceNotes())
    if settle_seconds <= 0:
        return IngestPlan(listed, stale, notes=notes, is_list_new=is_list_new)
    now = time.time()
    unsettled = {ticker for ticker in stale if _is_unsettled(source, ticker, now, settle_seconds)}
    settled = [t for t in stale if t not in unsettled]
    return IngestPlan(listed, settled, [t for t in stale if t in unsettled], notes, is_list_new)


def plan_without_source(tables: Tables, settings: Settings) -> IngestPlan:
    """A plan that reads nothing: the tickers of the lake as they are.

    Raises
    ------
    NoBarsError
        If there is none.
    """
    if not has_bars(tables, settings):
        raise NoBarsError(
            str(tables.context.folder), "no bars have been read yet", "`btassets run` reads them from the source."
        )
    return IngestPlan(active_tickers(tables, settings), [])


def has_bars(tables: Tables, settings: Settings) -> bool:
    """Whether a ticker of the universe has bars in the lake."""
    footers = tables.bucketed(TABLE).footers()
    return any(footers[ticker]["n_rows"] for ticker in active_tickers(tables, settings))


def is_source_away(tables: Tables) -> bool:
    """Whether the source as a whole cannot be read: no folder, no key, no response."""
    try:
        tables.outside("source").tickers()
    except (NoBarsError, SourceStoppedError):
        return True
    return False


def _is_unsettled(source: BarSource, ticker: str, now: float, settle_seconds: float) -> bool:
    changed = changed_at(source, ticker)
    # A file server's clock may be ahead of ours: a time far in the future is not "just now".
    return changed is not None and abs(now - changed) < settle_seconds


def _stamp(source: BarSource, ticker: str, reader: str) -> str:
    return f"{source.stamp(ticker)}|{reader}"


def ingest(
    tables: Tables,
    settings: Settings,
    tickers: Iterable[str],
    progress: Progress = lambda _done, _total: None,
    on_written: Callable[[list[str]], None] | None = None,
    *,
    full: bool = False,
) -> IngestOutcome:
    """Read `tickers` from the source and update their buckets.

    Each bucket is written once, atomically; a kill loses at most the current bucket. A refused ticker keeps its older
    bars and a record of the refusal. `on_written` is called with the tickers of each bucket as soon as they are in the
    lake. `full` reads the whole window of each ticker, not only bars after the stored ones.

    Raises
    ------
    SourceStoppedError
        When the source stops in the middle (rate limit, outage); what came before is kept.
    """
    _forget_ghosts(tables)
    work = _Reading(tables, settings, is_part=not full)
    groups = work.stored.by_bucket(tickers)
    total = sum(len(group) for group in groups.values())
    announce(work.source, {ticker: work.start_of(ticker) for group in groups.values() for ticker in group})
    changed: list[str] = []
    restated: dict[str, int] = {}
    n_done = n_new = 0
    for bucket, group in groups.items():
        done = work.bring_up_to_date(bucket, group)
        changed += done.changed
        restated |= done.restated
        n_new += done.n_bars_new
        if on_written is not None:
            on_written(done.fetched)
        n_done += len(done.fetched)
        progress(n_done, total)
        if done.stopped is not None:
            raise done.stopped.after(n_done, total - n_done)
    notes = look_at_list(tables, settings, set(work.source.tickers()), source_problems(work.source))
    write_notes(work.stored, notes)
    return IngestOutcome(total, sorted(changed, key=str.encode), n_new, restated)


@dataclass
class _BucketOutcome:
    """Result of reading the tickers of one bucket."""

    fetched: list[str]
    stopped: SourceStoppedError | None
    changed: list[str] = field(default_factory=list)
    n_bars_new: int = 0
    restated: dict[str, int] = field(default_factory=dict)


class _Reading:
    """One ingest: the source, the stored bars, and the reading settings."""

    def __init__(self, tables: Tables, settings: Settings, *, is_part: bool) -> None:
        self._tables = tables
        self._settings = settings
        self.source: BarSource = tables.outside("source")
        self.stored = tables.writer(TABLE)
        self._quarantine = tables.writer(QUARANTINE)
        self._reader = _reader(tables, settings, self.source)
        self._origin = _origin(settings)
        self._known = self.stored.footers()
        self._is_part = is_part and isinstance(self.source, FetchesSince)
        self._last = last_finished(tables, settings)

    def start_of(self, ticker: str) -> int | None:
        """First date to read of a ticker; None: the whole window."""
        return _again_from(self._known.get(ticker, {}), self._origin(ticker)) if self._is_part else None

    def bring_up_to_date(self, bucket: int, group: list[str]) -> _BucketOutcome:
        """Read the tickers of one bucket and write it."""
        # The marker is taken before the bars: changes in between are read by the next run.
        stamps = {ticker: _stamp(self.source, ticker, self._reader + self._origin(ticker)) for ticker in group}
        same = [t for t in group if self._known.get(t, {}).get("origin") == self._origin(t)]
        stored = stored_bars(self.stored, bucket, same)
        wanted = {t: Wanted(t, stored.get(t), self.start_of(t)) for t in group}
        fetched, stopped = _fetched(self.source, list(wanted.values()))
        done = _BucketOutcome(list(fetched), stopped)
        with self.stored.lock(bucket):
            self._write(bucket, wanted, fetched, stamps, done)
        return done

    def _write(
        self,
        bucket: int,
        wanted: Mapping[str, Wanted],
        fetched: Mapping[str, RawBars | BlockedTickerError],
        stamps: Mapping[str, str],
        done: _BucketOutcome,
    ) -> None:
        """Screen the fetched bars and write the locked bucket."""
        footers = self.stored.bucket_footer(bucket)
        before = {t: (f.get("version"), f.get("n_rows", 0)) for t, f in footers.items()}
        fresh: dict[str, RawBars] = {}
        dropped: dict[str, Quarantined] = {}
        for ticker, read in fetched.items():
            known = footers.get(ticker, {})
            found = accept(
                self._tables,
                self._settings,
                self.source,
                wanted=wanted[ticker],
                fetched=read,
                known=known,
                last=self._last,
            )
            facts, bars = found.facts, found.bars
            footers[ticker] = facts | {"stamp": _settled(self.source, stamps[ticker], read, facts)}
            if bars is not None:
                fresh[ticker] = bars
                dropped[ticker] = Quarantined(wanted[ticker].since, found.quarantine)
                footers[ticker] |= {"origin": self._origin(ticker), "again_from": overlap_start(bars.dates)}
            version, n_rows = before.get(ticker, (None, 0))
            if version != facts["version"]:
                done.changed.append(ticker)
                done.n_bars_new += facts["n_rows"] - n_rows
        differing = {t: bars for t, bars in fresh.items() if t in done.changed}
        if differing:
            done.restated = restated_tickers(self.stored.bucket(bucket), self.stored.slices(bucket), differing)
        write_quarantine(self._quarantine, bucket, dropped)
        if fresh:
            self.stored.remember_source(self._settings.source.kind)
        if fetched:
            write_bars(self.stored, bucket, footers, fresh)


def _forget_ghosts(tables: Tables) -> None:
    """Delete tickers that left the source and never had a good bar; otherwise their entries would stay forever."""
    listed, known = set(tables.outside("source").tickers()), tables.bucketed(TABLE).footers()
    forget(tables, [ticker for ticker, facts in known.items() if ticker not in listed and not facts.get("n_rows")])


def forget(tables: Tables, tickers: Collection[str]) -> None:
    """Remove tickers from the lake, with their bars, findings and quarantined rows.

    A ticker that the source still lists is read again by the next run.
    """
    stored, quarantine = tables.writer(TABLE), tables.writer(QUARANTINE)
    for bucket, group in stored.by_bucket(tickers).items():
        with stored.lock(bucket):
            footers = stored.bucket_footer(bucket)
            left = {ticker: facts for ticker, facts in footers.items() if ticker not in group}
            write_quarantine(quarantine, bucket, {ticker: Quarantined(None, ()) for ticker in group})
            write_bars(stored, bucket, left, {})


def _fetched(
    source: BarSource, wanted: Sequence[Wanted]
) -> tuple[dict[str, RawBars | BlockedTickerError], SourceStoppedError | None]:
    """Bars of each ticker, and why the source stopped before the end."""
    fetched: dict[str, RawBars | BlockedTickerError] = {}
    stopped: SourceStoppedError | None = None
    for ticker, read in read_many(source, wanted):
        if isinstance(read, SourceStoppedError):
            stopped = read
        else:
            fetched[ticker] = read
    return fetched, stopped


def _again_from(known: dict[str, Any], origin: str) -> int | None:
    """First date to read again of a ticker that was read under the same settings; None: the whole window."""
    return known.get("again_from") if known.get("origin") == origin and known.get("n_rows") else None


def _settled(source: BarSource, stamp: str, read: Read, facts: dict[str, Any]) -> str:
    """Change marker to store; an impossible one if the next run must read again."""
    if isinstance(read, FetchFailedError):
        return f"failed|{stamp}"
    return f"late|{stamp}" if facts.get("is_unfinished") or is_late(source, facts["last"]) else stamp
