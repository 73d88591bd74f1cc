"""What landed in a book's source since its bars were last read.

Belongs here: comparing source and lake for whoever watches a book. Does not belong here: who asks
and how often (`btassets.defs.sensors`), reading the bars (`btassets.stages.bars.ohlcv_history`).
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
    """What a look at the source found.

    Attributes
    ----------
    listed
        Tickers of the source that belong to the universe, in byte order.
    added
        Those that the lake does not know yet.
    changed
        Those to read: new, or with another change marker than the lake has.
    unsettled
        Those that will be to read, but are still being written; also such files in the landing folder.
    is_benchmark_new
        Whether the benchmark's own file changed.
    marker
        Hash of what changed and how; the same find gives the same marker.
    landed
        Names of the files in the landing folder that are ready.
    landed_tickers
        Tickers that these files name.
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
    """Compare the source's change markers with the lake's; nothing is read or written.

    Raises
    ------
    NoBarsError
        When the source as a whole cannot be read, is empty, or has none of the universe's tickers.
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
    """Whether the benchmark was read before and would be read differently now, the tickers' bars being the same."""
    if book.base.benchmark == NO_BENCHMARK or book.lake.footer("benchmark_closes") is None:
        return False
    return not is_fresh("benchmark_closes", book, input_hash("benchmark_closes", book))
