"""The bars of an open book: what is in use, the adjusted view, and refusals that can be inspected."""

import pytest

from btassets.arrivals.of_book import (
    active_tickers,
    bars_age,
    bars_table,
    forget,
    has_bars,
    ingest,
    is_source_away,
    keep_refusals,
    plan_ingest,
    plan_without_source,
)
from btassets.book.book import open_book
from btassets.graph.bars import BAR_PROBLEMS, BARS
from btassets_tests.support.quiet_bars import bars

HEADER = "date,open,high,low,close,volume\n"


def write(folder, ticker, n=100):
    raw = bars(n)
    days = [str(day) for day in raw.dates.astype("datetime64[D]")]
    rows = zip(days, raw.open, raw.high, raw.low, raw.close, raw.volume, strict=True)
    (folder / f"{ticker}.csv").write_text(HEADER + "".join(",".join(map(str, row)) + "\n" for row in rows))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bars").mkdir()
    text = "calendar = 'data'\n[source]\nkind = 'files'\npath = 'bars'\n[storage]\nbuckets = 2\n"
    (tmp_path / "btassets.toml").write_text(text)
    return tmp_path


def read_all(folder):
    book = open_book(folder, environ={})
    ingest(book, plan_ingest(book).stale)
    return book


def test_read_tickers_are_in_use_and_in_the_view_until_they_are_excluded(folder):
    for ticker in ("B", "A"):
        write(folder / "bars", ticker)
    new = open_book(folder, environ={})
    assert not has_bars(new)
    assert bars_age(new) is None
    book = read_all(folder)
    assert has_bars(book)
    assert active_tickers(book) == ["A", "B"]
    table = bars_table(book)
    assert table.schema.equals(BARS.schema)
    assert table["ticker"].to_pylist() == ["A"] * 100 + ["B"] * 100
    assert table["close"].to_pylist()[:3] == [100.0, 101.0, 102.0]
    assert plan_ingest(book).stale == []
    with (folder / "btassets.toml").open("a") as file:
        file.write("[universe]\nexclude = ['A']\n")
    assert active_tickers(open_book(folder, environ={})) == ["B"]


def test_a_forgotten_ticker_is_read_again(folder):
    for ticker in ("A", "B"):
        write(folder / "bars", ticker)
    book = read_all(folder)
    forget(book, ["A"])
    assert active_tickers(book) == ["B"]
    assert plan_ingest(book).stale == ["A"]


def test_a_source_that_is_gone_leaves_what_was_read(folder):
    write(folder / "bars", "A")
    book = read_all(folder)
    assert not is_source_away(book)
    (folder / "bars").rename(folder / "elsewhere")
    assert is_source_away(book)
    plan = plan_without_source(book)
    assert plan.stale == []
    assert active_tickers(book) == ["A"]


def test_refusals_are_kept_as_tables_only_when_no_ticker_has_bars(folder):
    (folder / "bars" / "A.csv").write_text('{"error": "limit"}')
    book = read_all(folder)
    keep_refusals(book)
    rows = book.lake.read("bar_problems").to_pylist()
    assert book.lake.read("bar_problems").schema.equals(BAR_PROBLEMS.schema)
    assert ("A", "Q1", "block") in [(row["ticker"], row["rule"], row["severity"]) for row in rows]
    assert book.lake.footer("bar_problems").facts["blocked"] == ["A"]
    for table in ("bar_problems", "bar_quarantine", "bar_revisions"):
        book.lake.path(table).unlink()
    write(folder / "bars", "B")
    keep_refusals(read_all(folder))
    assert book.lake.footer("bar_problems") is None
