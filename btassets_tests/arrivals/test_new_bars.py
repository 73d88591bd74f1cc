"""What is new in a source: new and changed tickers, files still written, and a marker that follows."""

import time

import pytest

from btassets.arrivals.new_bars import look_for_bars
from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import open_book
from btassets.errors import NoBarsError
from btassets.stages.bars import ohlcv_history
from btassets_tests.support.quiet_bars import bars

SETTLED = 60.0
HEADER = "date,open,high,low,close,volume\n"


def write(folder, ticker, n=100):
    raw = bars(n)
    days = [str(day) for day in raw.dates.astype("datetime64[D]")]
    rows = zip(days, raw.open, raw.high, raw.low, raw.close, raw.volume, strict=True)
    path = folder / f"{ticker}.csv"
    path.write_text(HEADER + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


@pytest.fixture
def ages(monkeypatch):
    """Seconds since the last change of a ticker's file, an hour unless set."""
    found = {}
    monkeypatch.setattr(ohlcv_history, "changed_at", lambda _, ticker: time.time() - found.get(ticker, 3600.0))
    return found


@pytest.fixture
def folder(tmp_path, ages):
    source = tmp_path / "bars"
    source.mkdir()
    for ticker in ("A", "B"):
        write(source, ticker)
    text = "calendar = 'data'\n[source]\nkind = 'files'\npath = 'bars'\n[storage]\nbuckets = 2\n"
    (tmp_path / "btassets.toml").write_text(text)
    return tmp_path


def look(folder):
    return look_for_bars(open_book(folder, environ={}), SETTLED)


def test_every_ticker_of_a_new_book_is_new_and_none_after_reading(folder):
    first = look(folder)
    assert (first.listed, first.added, first.changed) == (["A", "B"], ["A", "B"], ["A", "B"])
    book = open_book(folder, environ={})
    ingest(book, plan_ingest(book).stale)
    after = look(folder)
    assert (after.listed, after.added, after.changed) == (["A", "B"], [], [])
    assert not after.is_benchmark_new
    assert look(folder).marker == after.marker != first.marker


def test_a_changed_file_is_read_again_and_one_still_written_waits(folder, ages):
    book = open_book(folder, environ={})
    ingest(book, plan_ingest(book).stale)
    before = look(folder).marker
    write(folder / "bars", "A", 101)
    write(folder / "bars", "C")
    ages["C"] = 1.0
    found = look(folder)
    assert (found.changed, found.unsettled, found.added) == (["A"], ["C"], ["C"])
    assert found.marker != before
    ages["C"] = SETTLED + 1
    later = look(folder)
    assert (later.changed, later.unsettled) == (["A", "C"], [])
    assert later.marker != found.marker
    assert look(folder).marker == later.marker


def test_a_file_that_landed_changes_the_marker_and_names_its_ticker(folder):
    book = open_book(folder, environ={})
    before = look_for_bars(book, 0.0).marker
    (folder / "landing").mkdir()
    write(folder / "landing", "B", 3)
    found = look_for_bars(book, 0.0)
    assert (found.landed, found.landed_tickers) == (["B.csv"], ["B"])
    assert found.marker != before
    young = look_for_bars(book, 3000.0)
    assert (young.landed, young.unsettled) == ([], ["B.csv"])
    assert young.marker == before


def test_a_source_that_is_gone_or_has_no_ticker_of_the_universe_is_refused(folder):
    text = (folder / "btassets.toml").read_text()
    (folder / "btassets.toml").write_text(text + "[universe]\ntickers = ['NONE']\n")
    with pytest.raises(NoBarsError):
        look(folder)
    (folder / "btassets.toml").write_text(text.replace("'bars'", "'gone'"))
    with pytest.raises(NoBarsError, match="gone"):
        look(folder)
