"""Books whose source is a vendor on this machine, and reading them without Dagster."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.book.new_book import make_book
from btassets.sources.calendar.window import Window
from btassets.stages.bars.bar_revisions import revisions_table
from btassets.stages.bars.bar_store import TABLE
from btassets.stages.bars.ohlcv_history import IngestOutcome
from btassets_tests.support.local_server import day_number

WINDOW = Window(day_number("2021-01-04"), day_number("2021-04-16"))
"""Dates that the books fetch."""

KEYS = {
    "APCA_API_KEY_ID": "key-of-a-test",
    "APCA_API_SECRET_KEY": "secret-of-a-test",
    "TIINGO_API_KEY": "token-of-a-test",
    "MASSIVE_API_KEY": "another-key-of-a-test",
}


def vendor_book(folder: Path, kind: str, url: str, tickers: Iterable[str], **values: Any) -> Book:
    """A book that fetches `tickers` up to 2021-04-16, without waiting; `__` in a key means the dot."""
    flat = {
        "source.kind": kind,
        "source.base_url": url,
        "source.start": WINDOW.first_iso,
        "source.end": WINDOW.last_iso,
        "source.max_wait_s": 0.01,
        "source.calls_per_minute": 1e6,
        "universe.tickers": list(tickers),
        "calendar": "data",
        "storage.buckets": 4,
    }
    make_book(folder, flat | {key.replace("__", "."): value for key, value in values.items()})
    return open_book(folder, environ={})


def until(book: Book, end: str) -> Book:
    """The same book a few sessions later."""
    path = book.folder / "btassets.toml"
    lines = [f'end = "{end}"' if line.startswith("end = ") else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")
    return open_book(book.folder, environ={})


def read(book: Book, *, full: bool = False) -> IngestOutcome:
    return ingest(book, plan_ingest(book, full=full).stale, full=full)


def stale(book: Book) -> list[str]:
    return plan_ingest(book).stale


def stored(book: Book, ticker: str) -> dict[str, list[float]]:
    """ISO date to open, high, low, close, volume, dividend, split."""
    rows: dict[str, list[float]] = {}
    for bucket in range(book.lake.n_buckets):
        table = book.lake.read_bucket(TABLE, bucket)
        for row in [] if table is None else table.to_pylist():
            if row["ticker"] == ticker:
                rows[row["date"].isoformat()] = [row[k] for k in list(row)[2:]]
    return rows


def facts(book: Book, ticker: str) -> dict[str, Any]:
    return book.lake.ticker_footers(TABLE)[ticker]


def revisions(book: Book) -> list[dict[str, Any]]:
    return revisions_table(book.lake.ticker_footers(TABLE)).to_pylist()
