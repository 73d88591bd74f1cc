"""The record of what a source changed about the past, for files: they are read as a whole each time."""

from pathlib import Path

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.book.new_book import make_book
from btassets.graph.bars import BAR_REVISIONS
from btassets.stages.bars.bar_revisions import MOST_KEPT, grown_record, revisions_table
from btassets_tests.support import vendor_books as books
from btassets_tests.support.local_server import Market

TICKERS = ("AAPL", "BRK.B", "XOM")


def write(folder: Path, market: Market, ticker: str) -> None:
    lines = ["date,open,high,low,close,volume,cash"]
    for day, row in market.rows(ticker, "", "9999"):
        cash = market.dividends.get(ticker, {}).get(day, 0.0)
        lines.append(",".join([day, *(repr(float(x)) for x in row), repr(cash)]))
    (folder / f"{ticker}.csv").write_text("\n".join(lines) + "\n")


def files_book(folder: Path, bars: Path) -> Book:
    flat = {"source.kind": "files", "source.path": str(bars), "source.basis": "raw", "calendar": "data"}
    make_book(folder, flat | {"source.columns.dividend": "cash", "storage.buckets": 4})
    return open_book(folder, environ={})


def test_a_dividend_and_a_correction_in_a_file(tmp_path: Path) -> None:
    market, bars = Market(TICKERS), tmp_path / "bars"
    bars.mkdir()
    for ticker in TICKERS:
        write(bars, market, ticker)
    book = files_book(tmp_path / "book", bars)
    assert ingest(book, plan_ingest(book).stale).n_read == 3
    assert revisions_table(book.lake.ticker_footers("ohlcv_history")).num_rows == 0
    assert revisions_table(book.lake.ticker_footers("ohlcv_history")).schema == BAR_REVISIONS.schema
    before = market.bars["XOM"]["2021-03-10"][3]
    market.bars["XOM"]["2021-03-10"][3] = before + 0.05
    market.dividends["AAPL"] = {"2021-03-03": 0.25}
    for ticker in ("AAPL", "XOM"):
        write(bars, market, ticker)
    outcome = ingest(book, plan_ingest(book).stale)
    assert (outcome.n_read, outcome.changed) == (2, ["AAPL", "XOM"])
    assert [tuple(row.values())[:1] + tuple(row.values())[2:] for row in books.revisions(book)] == [
        ("AAPL", "revised", _day("2021-03-03"), "dividend", 0.0, 0.25),
        ("XOM", "revised", _day("2021-03-10"), "close", before, before + 0.05),
    ]
    # Read again unchanged: the record stays as it is.
    ingest(book, plan_ingest(book, full=True).stale)
    assert len(books.revisions(book)) == 2


def test_an_adjusted_file_that_moved_is_one_entry(tmp_path: Path) -> None:
    market, bars = Market(TICKERS), tmp_path / "bars"
    bars.mkdir()
    for ticker in TICKERS:
        write(bars, market, ticker)
    book = files_book(tmp_path / "book", bars)
    ingest(book, plan_ingest(book).stale)
    for row in market.bars["XOM"].values():
        row[:4] = [price * 0.98 for price in row[:4]]
    write(bars, market, "XOM")
    ingest(book, plan_ingest(book).stale)
    assert [(r["ticker"], r["kind"]) for r in books.revisions(book)] == [("XOM", "restated")]


def test_other_settings_are_no_revision(tmp_path: Path) -> None:
    market, bars = Market(TICKERS), tmp_path / "bars"
    bars.mkdir()
    for ticker in TICKERS:
        market.dividends[ticker] = {"2021-03-03": 0.25}
        write(bars, market, ticker)
    book = files_book(tmp_path / "book", bars)
    ingest(book, plan_ingest(book).stale)
    path = book.folder / "btassets.toml"
    path.write_text(path.read_text().replace('dividend = "cash"', "# dividend ="))
    book = open_book(book.folder, environ={})
    assert len(ingest(book, plan_ingest(book).stale).changed) == 3
    assert books.revisions(book) == []


def test_the_record_keeps_the_newest() -> None:
    old = {"revisions": [[1, "revised", n, "close", 1.0, 2.0] for n in range(MOST_KEPT)], "n_revisions": 900}
    assert grown_record({}, (), 5) == {}
    kept = grown_record(old, (), 5)
    assert (len(kept["revisions"]), kept["n_revisions"]) == (MOST_KEPT, 900)


def _day(text: str) -> object:
    import datetime as dt

    return dt.date.fromisoformat(text)
