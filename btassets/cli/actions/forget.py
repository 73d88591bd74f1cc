"""`forget`: remove tickers from a book with their bars and findings.

Belongs here: the command's output. Does not belong here: removing them (`stages.bars.ohlcv_history`).
"""

from pathlib import Path

from btassets.arrivals.of_book import forget
from btassets.book.book import open_book
from btassets.cli.terminal import say
from btassets.cli.where import folder_of
from btassets.errors import NoBarsError, SourceStoppedError, UsageError
from btassets.sources.open_source import open_source
from btassets.sources.values.tickers import TickerNames
from btassets.stages.bars.bar_store import TABLE
from btassets.storage.lock import book_lock


def command_forget(*, tickers: tuple[str, ...], book: Path | None) -> int:
    """Remove tickers from the lake; the next run recomputes without them."""
    opened = open_book(folder_of(book))
    with book_lock(opened.folder, "forget", wait=False):
        footers = opened.lake.ticker_footers(TABLE)
        names = TickerNames(footers)
        found = {given: names.find(given) for given in tickers}
        for given, ticker in found.items():
            if ticker is None:
                near = names.near(given)
                advice = (
                    f"did you mean {near}?" if near else '`btassets sql "select distinct ticker from bars"` lists them.'
                )
                raise UsageError(f"forget {given}: the book has no such ticker", advice)
        wanted = [ticker for ticker in found.values() if ticker is not None]
        n_bars = sum(footers[ticker]["n_rows"] for ticker in set(wanted))
        forget(opened, wanted)
    say(f"{len(set(wanted))} tickers with {n_bars:,} bars forgotten; `btassets run` recomputes without them")
    try:
        listed = set(open_source(opened.base, opened.folder, opened.lake).tickers())
    except (NoBarsError, SourceStoppedError):
        listed = set()
    still = sorted(listed.intersection(wanted), key=str.encode)
    if still:
        say(f"the source still lists {', '.join(still[:5])}: the next run reads them again; see universe.exclude")
    return 0
