"""New bars in a book's source since the last reading.

Belongs here: comparing source and lake for monitoring. Does not belong here: triggers and intervals
(`btassets.defs.sensors`), reading the bars (`btassets.stages.bars.ohlcv_history`).
"""

from dataclasses import dataclass, field

from btassets.arrivals.landing import SETTLE_SECONDS, landed_tickers, look_for_landed
from btassets.arrivals.of_book import plan_ingest
from btassets.book.book import Book
from btassets.run.freshness import input_hash, is_fresh
from btassets.sources.open_source import open_source
from btassets.sources.universe.benchmark_name import NO_BENCHMARK
from btassets.stages.bars.bar_store import TABLE
from btassets.storage.hashing import digest


@dataclass(frozen=True)
class NewBars:
    """Result of comparing source and lake.

    Attributes
    ----------
    listed
        Tickers of the source that belong to the universe, in byte order.
    added
        Those not in the lake yet.
    changed
        Those to read: new, or with a changed marker.
    unsettled
        Those to read later, because they are still being written; also such files in the landing folder.
    is_benchmark_new
        Whether the benchmark's own file changed.
    marker
        Hash of the changes; the same changes give the same marker.
    landed
        Names of the ready files in the landing folder.
    landed_tickers
        Tickers in these files.
    """

    listed: list[str]
    added: list[str]
    changed: list[str]
    unsettled: list[str]
    is_benchmark_new: bool
    marker: str
    landed: list[str] = field(default_factory=list)
    landed_tickers: list[str] = field(default_factory=list)


def look_for_bars(book: Book, settle_seconds: float = SETTLE_SECONDS) -> NewBars:
    """Compare the source's change markers with the lake's; reads and writes no bars.

    Raises
    ------
    NoBarsError
        If the source as a whole cannot be read, is empty, or has none of the universe's tickers.
    """
    plan = plan_ingest(book, settle_seconds=settle_seconds)
    known = book.lake.ticker_footers(TABLE)
    is_benchmark_new = _is_benchmark_new(book)
    source = open_source(book.base, book.folder, book.lake)
    stamps = {ticker: source.stamp(ticker) for ticker in plan.stale}
    marker = digest(stamps, input_hash("ohlcv_history", book), book.base.benchmark if is_benchmark_new else None)
    if is_benchmark_new:
        marker = digest(marker, input_hash("benchmark_closes", book))
    landed = look_for_landed(book, settle_seconds)
    if landed.ready:
        marker = digest(marker, landed.marker)
    return NewBars(
        plan.listed,
        [t for t in plan.listed if t not in known],
        plan.stale,
        plan.unsettled + [path.name for path in landed.unsettled],
        is_benchmark_new,
        marker,
        [path.name for path in landed.ready],
        landed_tickers(book, landed),
    )


def _is_benchmark_new(book: Book) -> bool:
    """Whether the benchmark was read before and would now be read differently, with unchanged tickers."""
    if book.base.benchmark == NO_BENCHMARK or book.lake.footer("benchmark_closes") is None:
        return False
    return not is_fresh("benchmark_closes", book, input_hash("benchmark_closes", book))
