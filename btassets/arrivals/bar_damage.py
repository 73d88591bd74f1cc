"""Raw bars in damaged files: which tickers must be read again, and which are lost.

Belongs here: the tickers of a bucket that was set aside, and the message for those no longer in the source. Does not
belong here: detecting damage (`btassets.storage`) and reading (`ohlcv_history.py`).
"""

from collections.abc import Iterable

from btassets.book.book import Book
from btassets.stages.bars.bar_store import TABLE
from btassets.storage.files import writing
from btassets.storage.lake import DAMAGED, bucket_of
from btassets.storage.sealed import footer_as_it_is


def owed_tickers(book: Book) -> list[str]:
    """Tickers of the damaged buckets not read again yet, in byte order.

    Their names come from the readable part of the damaged file, and from the replay.
    """
    places = book.lake.set_aside(TABLE)
    if not places:
        return []
    tickers: set[str] = set()
    for place in places:
        tickers |= set((footer_as_it_is(place.with_name(DAMAGED + place.name)) or {}).get("tickers", ()))
    replayed = book.lake.ticker_footers(book.candidates)
    buckets = {book.lake.bucket_path(TABLE, b): b for b in range(book.lake.n_buckets)}
    owed = {buckets.get(place) for place in places}
    tickers |= {ticker for ticker in replayed if bucket_of(ticker, book.lake.n_buckets) in owed}
    return sorted(tickers, key=str.encode)


def settle_owed(book: Book, owed: Iterable[str]) -> dict[str, str]:
    """After a reading: tickers of damaged buckets that are no longer in the source, each with a sentence.

    Their history is lost; the set-aside files are deleted too, so that the message appears once.
    """
    known = book.lake.ticker_footers(TABLE)
    lost = {
        ticker: f"{ticker}: its bars were in a damaged file and are no longer in the source; it is left out from now on"
        for ticker in owed
        if ticker not in known
    }
    for place in book.lake.set_aside(TABLE):
        with writing(place):
            place.with_name(DAMAGED + place.name).unlink(missing_ok=True)
    return lost
