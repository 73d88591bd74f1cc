"""Reading bars into the lake: rows read, rows kept, and the footer."""

from pathlib import Path

import numpy as np
import pytest

from btassets.arrivals.of_book import active_tickers, ingest, plan_ingest
from btassets.book.book import Book, open_book
from btassets.engine.market.bars import Bars
from btassets.errors import NoBarsError
from btassets.run import outside
from btassets.run.tables import inputs_of
from btassets.stages.bars.bar_store import TABLE, broken_bars
from btassets.stages.bars.universe import in_universe
from btassets_tests.support.book_factory import csv_text, make_book, market, write_bars, write_market


@pytest.fixture
def read(tmp_path: Path) -> Book:
    """A book of four tickers whose bars were read."""
    write_market(tmp_path, n_tickers=4)
    book = open_book(make_book(tmp_path / "book", tmp_path), environ={})
    plan = plan_ingest(book)
    assert plan.stale == plan.listed == [f"SYN000{k}" for k in range(1, 5)]
    ingest(book, plan.stale)
    return book


def test_bars_come_back_bit_for_bit_with_their_facts(read: Book) -> None:
    bars, _ = market(4)
    footers = read.lake.ticker_footers(TABLE)
    assert list(footers) == list(bars)
    for ticker, own in bars.items():
        facts = footers[ticker]
        assert (facts["n_rows"], facts["first"], facts["last"]) == (420, int(own.dates[0]), int(own.dates[-1]))
        assert facts["blocked"] is None
    assert plan_ingest(read).stale == []
    assert plan_ingest(read, full=True).stale == list(bars)
    assert plan_ingest(read, full=True, only=["SYN0002"]).stale == ["SYN0002"]
    assert broken_bars(inputs_of(TABLE, read)[0].bucketed(TABLE), list(bars)) == (0, None)


def test_only_changed_files_are_read_and_equal_bars_keep_their_version(read: Book, tmp_path: Path) -> None:
    before = {t: f["version"] for t, f in read.lake.ticker_footers(TABLE).items()}
    bars, _ = market(4)
    write_bars(tmp_path / "bars" / "SYN0002.parquet", bars["SYN0002"])
    own = bars["SYN0003"]
    write_bars(
        tmp_path / "bars" / "SYN0003.parquet",
        Bars(own.dates, own.open, own.high, own.low, np.nextafter(own.close, own.low), own.volume),
    )
    plan = plan_ingest(read)
    assert plan.stale == ["SYN0002", "SYN0003"]
    outcome = ingest(read, plan.stale)
    assert (outcome.n_read, outcome.changed, outcome.n_bars_new) == (2, ["SYN0003"], 0)
    after = {t: f["version"] for t, f in read.lake.ticker_footers(TABLE).items()}
    assert {t for t in after if after[t] != before[t]} == {"SYN0003"}


def test_a_refused_file_keeps_the_older_bars_and_says_why(read: Book, tmp_path: Path) -> None:
    before = read.lake.ticker_footers(TABLE)["SYN0002"]
    (tmp_path / "bars" / "SYN0002.parquet").write_bytes(b"rubbish")
    ingest(read, plan_ingest(read).stale)
    after = read.lake.ticker_footers(TABLE)["SYN0002"]
    assert (after["version"], after["n_rows"]) == (before["version"], 420)
    assert after["blocked"].startswith("SYN0002: ")
    assert after["blocked"].count("[Q1]") == 1
    assert plan_ingest(read).stale == []  # it is not tried again before the file changes


def test_a_ticker_that_left_the_source_stays_active(read: Book, tmp_path: Path) -> None:
    (tmp_path / "bars" / "SYN0004.parquet").unlink()
    assert plan_ingest(read).listed == ["SYN0001", "SYN0002", "SYN0003"]
    assert active_tickers(read) == ["SYN0001", "SYN0002", "SYN0003", "SYN0004"]


def test_a_quality_setting_asks_every_file_again(read: Book) -> None:
    file = read.folder / "btassets.toml"
    file.write_text(file.read_text().replace("# max_bad_rows = 5", "max_bad_rows = 4"))
    assert len(plan_ingest(open_book(read.folder, environ={})).stale) == 4


def test_who_belongs_to_the_universe(read: Book) -> None:
    def universe(**settings: object) -> list[str]:
        flat = {key.replace("__", "."): value for key, value in settings.items()}
        from btassets.settings.load import resolve

        return in_universe(resolve(overrides=flat).settings, ["A", "B", "SPY"])

    assert universe() == ["A", "B", "SPY"]
    assert universe(benchmark="SPY") == ["A", "B"]
    assert universe(benchmark="SPY", universe__tickers=["A", "SPY"]) == ["A", "SPY"]
    assert universe(universe__exclude=["B"]) == ["A", "SPY"]
    assert universe(universe__tickers=["A", "X"]) == ["A"]
    del read


def test_a_universe_without_a_ticker_and_an_unknown_ticker_are_errors(read: Book) -> None:
    with pytest.raises(NoBarsError, match="NOPE"):
        plan_ingest(read, only=["NOPE"])
    file = read.folder / "btassets.toml"
    file.write_text(file.read_text().replace("# tickers = []", 'tickers = ["XXX"]'))
    with pytest.raises(NoBarsError, match="none of its tickers"):
        plan_ingest(open_book(read.folder, environ={}))


@pytest.mark.parametrize("name", ["TRUE", "NAN", "CON", "NULL", "BRK-B", "007"])
def test_names_are_text(tmp_path: Path, name: str) -> None:
    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / f"{name}.csv").write_text(csv_text(market(1)[0]["SYN0001"]))
    book = open_book(make_book(tmp_path / "book", tmp_path), environ={})
    ingest(book, plan_ingest(book).stale)
    (ticker,) = book.lake.ticker_footers(TABLE)
    assert ticker == name.replace("-", ".")
    rows = book.lake.read_bucket(TABLE, next(iter(book.lake.by_bucket([ticker]))))
    assert rows is not None
    assert set(rows["ticker"].to_pylist()) == {ticker}


def test_a_session_that_is_not_over_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bar is not stored but reported, and is read by the first run after the close though the file is the same."""
    bars, _ = market(1)
    own = bars["SYN0001"]  # ends on Wednesday, 2022-01-05
    write_bars(tmp_path / "bars" / "AAA.parquet", own)
    folder = make_book(tmp_path / "book", tmp_path, benchmark="none", calendar="XNYS")
    monkeypatch.setattr(outside, "last_finished_session", lambda *_: int(own.dates[-2]))
    book = open_book(folder, environ={})
    ingest(book, plan_ingest(book).stale)
    facts = book.lake.ticker_footers(TABLE)["AAA"]
    assert facts["last"] == int(own.dates[-2])
    (told,) = [text for rule, severity, _, n, text in facts["problems"] if (rule, severity, n) == ("Q6", "info", 1)]
    assert "2022-01-05: bar of an unfinished session" in told
    assert plan_ingest(book).stale == ["AAA"]
    monkeypatch.setattr(outside, "last_finished_session", lambda *_: int(own.dates[-1]))
    outcome = ingest(book, plan_ingest(book).stale)
    assert (outcome.n_bars_new, outcome.restated) == (1, {})
    assert plan_ingest(book).stale == []
    assert "unfinished" not in str(book.lake.ticker_footers(TABLE)["AAA"]["problems"])
