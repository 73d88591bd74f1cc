"""Raw bars whose file was damaged: which tickers have to come from the source again, and which cannot.

Belongs here: the tickers of a bucket that was set aside, and what is said when the source has one of them no
more. Does not belong here: noticing damage (`btassets.storage`) and reading (`ohlcv_history.py`).
"""

from collections.abc import Iterable

from btassets.book.book import Book
from btassets.stages.bars.bar_store import TABLE
from btassets.storage.files import writing
from btassets.storage.lake import DAMAGED, bucket_of
from btassets.storage.sealed import footer_as_it_is


def owed_tickers(book: Book) -> list[str]:
    """Tickers of the damaged buckets that were not read again yet, in byte order.

    Their names come from the damaged file as far as it can be read, and from the replay.
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
    """After the source was read: tickers of damaged buckets that it has no more, each with a sentence.

    Their history is gone; the set-aside files go with it, so that it is said once.
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
