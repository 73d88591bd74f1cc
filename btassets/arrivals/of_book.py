"""The bars of an open book, for commands, sensors and schedules: the source's tickers, reading, tickers in use.

Belongs here: the functions of the group `bars`, called with a book instead of tables and settings. Does not belong
here: any computation (`btassets.stages.bars`), the plan of a run (`btassets.plan`).
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable

import numpy as np
import pyarrow as pa

from btassets.book.book import Book
from btassets.graph.flow import STAGES, TABLES
from btassets.run.stage_result import conform
from btassets.run.tables import Tables, inputs_of
from btassets.stages.bars import bar_problems, bars_view, ohlcv_history, universe
from btassets.stages.bars import bars_age as age
from btassets.stages.bars.bars_age import BarsAge
from btassets.stages.bars.findings import data_findings as findings
from btassets.stages.bars.findings.data_findings import DataFinding
from btassets.stages.bars.ohlcv_history import IngestOutcome, IngestPlan, Progress
from btassets.stages.bars.sessions_view import Sessions

_BARS = "ohlcv_history"
_LOCAL_SOURCES = ("demo", "files")


def plan_ingest(book: Book, *, full: bool = False, only: Iterable[str] = (), settle_seconds: float = 0.0) -> IngestPlan:
    """`ohlcv_history.plan_ingest` of a book."""
    return ohlcv_history.plan_ingest(*inputs_of(_BARS, book), full=full, only=only, settle_seconds=settle_seconds)


def plan_without_source(book: Book) -> IngestPlan:
    """`ohlcv_history.plan_without_source` of a book."""
    return ohlcv_history.plan_without_source(*inputs_of(_BARS, book))


def has_bars(book: Book) -> bool:
    """`ohlcv_history.has_bars` of a book."""
    return ohlcv_history.has_bars(*inputs_of(_BARS, book))


def is_source_away(book: Book) -> bool:
    """`ohlcv_history.is_source_away` of a book."""
    return ohlcv_history.is_source_away(inputs_of(_BARS, book)[0])


def forget(book: Book, tickers: Collection[str]) -> None:
    """`ohlcv_history.forget` of a book."""
    ohlcv_history.forget(inputs_of(_BARS, book)[0], tickers)


def ingest(
    book: Book,
    tickers: Iterable[str],
    progress: Progress = lambda _done, _total: None,
    on_written: Callable[[list[str]], None] | None = None,
    *,
    full: bool = False,
) -> IngestOutcome:
    """`ohlcv_history.ingest` of a book."""
    return ohlcv_history.ingest(*inputs_of(_BARS, book), tickers, progress, on_written, full=full)


def active_tickers(book: Book) -> list[str]:
    """`universe.active_tickers` of a book."""
    return universe.active_tickers(*inputs_of(_BARS, book))


def known_tickers(book: Book) -> list[str]:
    """Tickers of the source if asking it needs no network, else those in use: the partitions before a first run."""
    return plan_ingest(book).listed if book.base.source.kind in _LOCAL_SOURCES else active_tickers(book)


def bars_age(book: Book, now: dt.datetime | None = None) -> BarsAge | None:
    """`bars_age.bars_age` of a book."""
    # All settings of the base: the time of the daily run affects no number of the calendar.
    return age.bars_age(Tables(STAGES["sessions"], book, own=True), book.base, now)


def bars_table(book: Book) -> pa.Table:
    """Table `bars`: the adjusted view of every ticker in use."""
    tables, settings = inputs_of("portfolio_sims", book)
    return bars_view.bars_table(tables, settings, active_tickers(book))


def data_findings(book: Book) -> list[DataFinding]:
    """`data_findings.data_findings` of a book."""
    return findings.data_findings(Tables(findings.READS, book))


def keep_refusals(book: Book) -> None:
    """Write the tables when every ticker was refused and there is no calendar, so that the reasons can be inspected."""
    if any(facts["n_rows"] for facts in book.lake.ticker_footers(_BARS).values()):
        return
    nothing = Sessions(np.empty(0, np.int32), np.empty(0, np.bool_), 0)
    result = bar_problems.judged(*inputs_of("bar_problems", book), nothing)
    for name, table in result.tables.items():
        facts = {**result.facts, "numbers": result.numbers}
        book.lake.write(name, conform(TABLES[name], table), "refused", facts=facts)
