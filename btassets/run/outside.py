"""Values and versions of external inputs of stages.

Belongs here: the functions named by `btassets/graph/outside.py`. Does not belong here: which stage reads which input.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.book.book import Book
from btassets.book.group_file import read_groups, refusal
from btassets.engine.market.raw_bars import RawBars
from btassets.errors import SettingError
from btassets.run.freshness import bars_version, suspect_of, was_checked
from btassets.run.shown_lists import JournalSoFar, lists_log, read_so_far, results_log
from btassets.run.trials import n_trials_of_run, run_hashes
from btassets.run.verdict_history import verdict_rows
from btassets.sources.base import BarSource
from btassets.sources.calendar.calendars import exchange_sessions, known_span
from btassets.sources.calendar.exchange_hours import ExchangeHours, exchange_hours
from btassets.sources.calendar.window import last_finished_session
from btassets.sources.files.bar_files import file_stamp
from btassets.sources.files.benchmark_file import read_benchmark
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.open_source import open_source
from btassets.sources.universe.benchmark_name import NO_BENCHMARK
from btassets.sources.universe.membership import Membership
from btassets.storage.hashing import digest
from btassets.storage.lake import Lake


def unversioned(_book: Book) -> None:
    """Return no version: changes of this input appear in its own tables."""


def no_value(_book: Book) -> None:
    """Return no value: only the version is used, as part of the input hash."""


def open_bar_source(book: Book) -> BarSource:
    """Open the source of the bars."""
    return open_source(book.base, book.folder, book.lake)


class ExchangeCalendar:
    """Sessions and hours of exchanges, cached in the book's lake so that the calendar library is queried once."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def sessions(self, code: str, first: int, last: int) -> npt.NDArray[np.int32]:
        """Sessions of the exchange `code` from `first` to `last`, days since 1970-01-01."""
        return exchange_sessions(self._lake, code, first, last)

    def known_span(self, code: str, first: int, last: int) -> tuple[int, int]:
        """First and last day covered by the calendar library."""
        return known_span(self._lake, code, first, last)

    def last_finished(self, code: str) -> int | None:
        """Last finished session of the exchange `code`, days since 1970-01-01."""
        return last_finished_session(code, self._lake)

    def hours(self, code: str, now: dt.datetime) -> ExchangeHours:
        """Closes of the exchange `code` in the year up to `now`."""
        return exchange_hours(self._lake, code, now)


def exchange_calendar(book: Book) -> ExchangeCalendar:
    """Sessions and hours of exchanges."""
    return ExchangeCalendar(book.lake)


def membership(book: Book) -> Membership | None:
    """Dated membership of the universe; None: the universe is a list without dates."""
    return book.membership


def membership_version(book: Book) -> str | None:
    """Version of the file's content and of today's name: a ticker that joined yesterday is another universe."""
    return None if book.membership is None else book.membership.version


@dataclass(frozen=True)
class Verification:
    """Result of the last lookahead check on the stored setups.

    Attributes
    ----------
    is_checked
        Whether the current rows passed it.
    suspect
        Ticker whose rows failed it last; None: none.
    """

    is_checked: bool
    suspect: str | None


def verification(book: Book) -> Verification:
    """Read the mark of the last lookahead check."""
    return Verification(was_checked("candidates", book), suspect_of("candidates", book))


def findings_version(book: Book) -> str:
    """Findings of the readings; they can change without a change of bars."""
    stats = tuple((s.st_mtime_ns, s.st_ino) for s in (p.stat() for p in book.lake.bucket_files("ohlcv_history")))
    try:
        # Findings about the source's list (`stages.bars.findings.source_notes`).
        listed = (book.lake.root / "ohlcv_history" / "source.json").read_text(encoding="utf-8")
    except OSError:
        listed = ""
    return digest(_findings_of(book.lake.root, book.lake.n_buckets, stats), listed)


@lru_cache(maxsize=8)
def _findings_of(root: Path, n_buckets: int, stamps: tuple[tuple[int, int], ...]) -> str:
    del stamps  # the cache key: any rewritten bucket requires a new answer
    names = ("problems", "dropped", "n_revisions", "blocked")
    footers = Lake(root, n_buckets).ticker_footers("ohlcv_history")
    return digest({ticker: [facts.get(name) for name in names] for ticker, facts in footers.items()})


@dataclass(frozen=True)
class BenchmarkBars:
    """Raw bars of the benchmark and their price basis (`raw`, `split` or `total`)."""

    bars: RawBars
    basis: str


def benchmark_bars(book: Book) -> BenchmarkBars:
    """Read the benchmark from its file or the source.

    Raises
    ------
    BenchmarkError
        If it is missing or unreadable.
    """
    source = open_bar_source(book)
    columns = ColumnNames(**book.base.source.columns.model_dump())
    return BenchmarkBars(read_benchmark(book.base.benchmark, source, columns, book.folder), source.basis)


def benchmark_version(book: Book) -> str:
    """Change marker of the benchmark's file, or of its ticker in the source."""
    name = book.base.benchmark
    if name == NO_BENCHMARK:
        return name
    path = book.folder / Path(name).expanduser()
    return file_stamp(path) if path.is_file() else open_bar_source(book).stamp(name)


@dataclass(frozen=True)
class GroupFile:
    """Group of each ticker, and the error for a file that does not fit the book.

    Attributes
    ----------
    groups
        Group by ticker; empty if the book names no file.
    refuse
        Builds the error for a problem, with the setting that names the file and its origin.
    """

    groups: Mapping[str, str]
    refuse: Callable[[str], SettingError]


def group_file(book: Book) -> GroupFile:
    """Read the group file.

    Raises
    ------
    SettingError
        If it cannot be used.
    """
    return GroupFile(read_groups(book), partial(refusal, book))


def group_file_version(book: Book) -> str:
    """Content of the group file; an invalid one is refused before anything runs."""
    return digest(sorted(read_groups(book).items()))


def trials_counted(book: Book) -> int:
    """Configurations that the deflated Sharpe ratio of this scenario must count."""
    return n_trials_of_run(book, bars_version(book))


def configurations_of_run(book: Book) -> int:
    """Distinct configurations simulated by one run of the scenario."""
    return len(set(run_hashes(book)))


def verdict_history(book: Book) -> list[dict[str, Any]]:
    """Rows of the scenario's history of verdicts, in write order."""
    return verdict_rows(book)


def shown_lists(book: Book) -> JournalSoFar:
    """Every list that the scenario has shown."""
    return read_so_far(book, lists_log(book), "journal")


def first_results(book: Book) -> JournalSoFar:
    """Results of the scenario's shown setups, as they were graded first."""
    return read_so_far(book, results_log(book), "journal_results")
