"""External inputs of stages: versions that follow the content, and values only where they exist."""

import os

import numpy as np
import pyarrow as pa
import pytest

from btassets.book.book import open_book
from btassets.errors import BenchmarkError, SettingError
from btassets.run import outside
from btassets_tests.support.stored_tables import StoredTables, raw_bars

HEADER = "date,open,high,low,close,volume\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / "A.csv").write_text(HEADER + "2021-03-01,10,11,9,10,1000\n")
    (tmp_path / "SPY.csv").write_text(HEADER + "2021-03-01,300,301,299,300.5,1000\n")
    return tmp_path


def book_in(folder, *lines):
    text = ["calendar = 'data'", *lines, "[source]", "kind = 'files'", "path = 'bars'", "basis = 'split'"]
    (folder / "btassets.toml").write_text("\n".join(text) + "\n")
    return open_book(folder, environ={})


def test_the_benchmark_is_a_file_of_the_book_or_a_ticker_of_the_source(folder):
    found = outside.benchmark_bars(book_in(folder, "benchmark = 'SPY.csv'"))
    assert (found.bars.close.tolist(), found.basis) == ([300.5], "split")
    assert outside.benchmark_bars(book_in(folder, "benchmark = 'A'")).bars.close.tolist() == [10.0]
    with pytest.raises(BenchmarkError, match="MISSING"):
        outside.benchmark_bars(book_in(folder, "benchmark = 'MISSING'"))


def test_the_version_of_the_benchmark_follows_its_file(folder):
    book = book_in(folder, "benchmark = 'SPY.csv'")
    before = outside.benchmark_version(book)
    assert outside.benchmark_version(book) == before
    os.utime(folder / "SPY.csv", ns=(1, 1))
    assert outside.benchmark_version(book) != before
    assert outside.benchmark_version(book_in(folder)) == "none"
    own = outside.benchmark_version(book_in(folder, "benchmark = 'A'"))
    assert own == outside.open_bar_source(book_in(folder)).stamp("A")


def test_membership_is_none_without_a_file_and_its_version_follows_the_content(folder):
    assert outside.membership(book_in(folder)) is None
    assert outside.membership_version(book_in(folder)) is None
    (folder / "m.csv").write_text("ticker,start,end\nA,2020-01-02,\n")
    lines = ("universe.membership = 'm.csv'",)
    first = book_in(folder, *lines)
    assert list(outside.membership(first).spells) == ["A"]
    (folder / "m.csv").write_text("ticker,start,end\nA,2020-01-03,\n")
    assert outside.membership_version(first) != outside.membership_version(book_in(folder, *lines))


def test_groups_are_versioned_by_content_and_refused_by_their_setting(folder):
    (folder / "g.csv").write_text("ticker,group\nA,Energy\nB,Tech\n")
    lines = ("statistics.groups = 'g.csv'",)
    book = book_in(folder, *lines)
    assert outside.group_file(book).groups == {"A": "Energy", "B": "Tech"}
    assert "statistics.groups" in str(outside.group_file(book).refuse("has no ticker of the book"))
    before = outside.group_file_version(book)
    (folder / "g.csv").write_text("ticker,group\nB,Tech\nA,Energy\n")
    assert outside.group_file_version(book_in(folder, *lines)) == before
    (folder / "g.csv").write_text("ticker,group\nB,Tech\nA,Oil\n")
    assert outside.group_file_version(book_in(folder, *lines)) != before
    assert outside.group_file(book_in(folder)).groups == {}
    (folder / "g.csv").write_text("nothing\n")
    with pytest.raises(SettingError, match=r"statistics\.groups"):
        outside.group_file(book_in(folder, *lines))


def test_findings_are_versioned_apart_from_the_bars(folder):
    book = book_in(folder)
    tables = StoredTables(folder / "data", n_buckets=book.base.storage.buckets)
    bars = raw_bars(np.arange(18_000, 18_010), 5.0)
    tables.put_bars({"A": bars})
    first = outside.findings_version(book)
    tables.put_bars({"A": raw_bars(np.arange(18_000, 18_010), 6.0)})
    assert outside.findings_version(book) == first
    tables.put_bars({"A": bars}, A={"problems": [["Q4", "warn", None, 1, "x"]]})
    second = outside.findings_version(book)
    assert second != first
    (folder / "data" / "ohlcv_history" / "source.json").write_text("{}")
    assert outside.findings_version(book) != second


def test_an_exchange_calendar_reads_the_books_own_cache(folder):
    book = book_in(folder)
    days = pa.table({"date": pa.array([10, 11, 14], pa.int32()).cast(pa.date32())})
    book.lake.write("exchange_calendar", days, "0..20", "XTEST", {"first": 0, "last": 20, "bounds": [None, 20]})
    calendar = outside.exchange_calendar(book)
    assert calendar.sessions("XTEST", 11, 14).tolist() == [11, 14]
    assert calendar.known_span("XTEST", 5, 15)[1] == 20
