"""The sql source on SQLite: one query for many tickers, and only new rows on the second run."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from btassets.book.book import Book, open_book
from btassets.book.new_book import make_book
from btassets.cli.main import main
from btassets.errors import NoBarsError, SettingError, UsageError
from btassets.run.run_stage import run_stage
from btassets.sources.base import BlockedTickerError, FetchesSince, announce
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.vendors.sql import PASSWORD_NAME, URL_NAME, SqlSource
from btassets_tests.support import vendor_books as books
from btassets_tests.support.local_server import Market, day_number

TICKERS = ("AAPL", "BRK.B", "MSFT", "TRUE", "NAN")
COLUMNS = ColumnNames(
    ticker="symbol", date="day", open="o", high="h", low="l", close="c", volume="v", dividend="cash", split="ratio"
)
QUERY = "select symbol, day, o, h, l, c, v, cash, ratio from prices;"


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_NAME, raising=False)
    monkeypatch.delenv(PASSWORD_NAME, raising=False)


@pytest.fixture
def file(tmp_path: Path, market: Market) -> Path:
    path = tmp_path / "bars.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "create table prices (symbol text, day text, o real, h real, l real, c real, v integer, cash real, "
            "ratio real)"
        )
    for ticker in TICKERS:
        insert(path, market, ticker)
    return path


def insert(path: Path, market: Market, ticker: str, after: str = "") -> None:
    rows = [
        (ticker.replace(".", "-"), day, *row[:4], int(row[4]), market.dividends.get(ticker, {}).get(day), None)
        for day, row in market.rows(ticker, after, "9999")
    ]
    with sqlite3.connect(path) as connection:
        connection.executemany("insert into prices values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def run(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)


def source_of(path: Path, query: str = QUERY, columns: ColumnNames = COLUMNS) -> SqlSource:
    return SqlSource(f"sqlite:///{path}", query, columns, "raw")


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Statements that any engine of this process runs."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("pragma"):
            seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def sql_book(folder: Path, path: Path, query: str = QUERY) -> Book:
    values = {f"source.columns.{role}": getattr(COLUMNS, role) for role in COLUMNS.__dataclass_fields__}
    values = {key: value for key, value in values.items() if value is not None}
    flat = {"source.kind": "sql", "source.url": f"sqlite:///{path}", "source.query": query, "source.basis": "raw"}
    make_book(folder, flat | values | {"calendar": "data", "storage.buckets": 4})
    return open_book(folder, environ={})


def test_one_query_gives_all_tickers(file: Path, market: Market, statements: list[str]) -> None:
    market.dividends["AAPL"] = {"2021-04-14": 0.5}
    run(file, "update prices set cash = 0.5 where symbol = 'AAPL' and day = '2021-04-14'")
    run(file, "update prices set ratio = 2.0 where symbol = 'AAPL' and day = '2021-04-15'")
    source = source_of(file)
    assert isinstance(source, FetchesSince)
    assert source.tickers() == sorted(TICKERS)
    assert source.stamp("BRK.B") == "2021-04-16 40"
    assert source.stamp("NOPE") == ""
    announce(source, dict.fromkeys(TICKERS))
    for ticker in TICKERS:
        bars = source.fetch(ticker)
        assert bars.close.tolist() == [row[3] for _, row in sorted(market.bars[ticker].items())]
        assert [str(d) for d in bars.dates.astype("datetime64[D]")] == sorted(market.bars[ticker])
        if ticker == "AAPL":
            assert bars.dividend[-3:].tolist() == [0.5, 0.0, 0.0]
            assert bars.split[-3:].tolist() == [1.0, 2.0, 1.0]
    assert len(statements) == 2  # the inventory, the bars


def test_a_ticker_alone_and_a_part_of_it(file: Path, statements: list[str]) -> None:
    source = source_of(file)
    bars = source.fetch_since("BRK.B", day_number("2021-04-14"))
    assert bars.dates.tolist() == [day_number("2021-04-14") + i for i in range(3)]
    assert "IN" in statements[-1]
    assert len(source.fetch_since("BRK.B", day_number("2021-05-01"))) == 0
    with pytest.raises(BlockedTickerError, match="no such ticker"):
        source.fetch("NOPE")


def test_since_inside_the_query(file: Path, statements: list[str]) -> None:
    source = source_of(file, QUERY.replace(";", " where day >= :since"))
    assert len(source.fetch("AAPL")) == 40
    assert len(source.fetch_since("AAPL", day_number("2021-04-14"))) == 3
    assert statements[-1].count(">=") == 2


def test_a_later_run_reads_the_overlap_alone(tmp_path: Path, file: Path, market: Market, statements: list[str]) -> None:
    import datetime as dt

    book = sql_book(tmp_path / "book", file)
    assert books.read(book).n_bars_new == 200
    assert books.stale(book) == []
    for ticker in TICKERS[:3]:
        market.add(ticker, dt.date(2021, 4, 19))
        insert(file, market, ticker, "2021-04-17")
    assert books.stale(book) == ["AAPL", "BRK.B", "MSFT"]
    statements.clear()
    outcome = books.read(book)
    assert (outcome.n_read, outcome.n_bars_new) == (3, 3)
    reading = [text for text in statements if "max(" not in text]
    assert len(reading) == 1
    assert books.revisions(book) == []
    # A correction comes along with the next bar; one without a new row is seen by --full.
    run(file, "update prices set c = c + 0.01 where symbol = 'TRUE' and day = '2021-04-15'")
    assert books.stale(book) == []
    assert books.read(book, full=True).changed == ["TRUE"]
    assert [(r["ticker"], r["kind"], r["field"]) for r in books.revisions(book)] == [("TRUE", "revised", "close")]


def test_types_that_databases_have(tmp_path: Path) -> None:
    path = tmp_path / "mixed.db"
    run(path, "create table prices (symbol text, day, o, h, l, c, v)")
    rows = [
        ("A", "2021-04-14 00:00:00", 1, "2.5", 0.5, 2, 100),
        ("A", "2021-04-15 00:00:00", None, "x", 0.5, 2.25, None),
        (None, "2021-04-15", 1, 1, 1, 1, 1),
    ]
    with sqlite3.connect(path) as connection:
        connection.executemany("insert into prices values (?, ?, ?, ?, ?, ?, ?)", rows)
    columns = ColumnNames(ticker="symbol", date="day", open="o", high="h", low="l", close="c", volume="v")
    source = source_of(path, "select * from prices", columns)
    assert source.tickers() == ["A"]
    bars = source.fetch("A")
    assert bars.high.tolist()[0] == 2.5
    assert np.isnan([bars.high[1], bars.open[1], bars.volume[1]]).all()
    assert bars.notes[0].rule == "Q4"


def test_names_that_clash_or_are_not_safe(file: Path) -> None:
    run(file, "insert into prices select 'BRK.B', day, o, h, l, c, v, cash, ratio from prices where symbol = 'AAPL'")
    run(file, "insert into prices select 'aapl', day, o, h, l, c, v, cash, ratio from prices where symbol = 'AAPL'")
    run(file, "insert into prices select '../x', day, o, h, l, c, v, cash, ratio from prices where symbol = 'AAPL'")
    source = source_of(file)
    assert source.tickers() == sorted({*TICKERS, "aapl", "../x"})
    for ticker, words in (("BRK.B", "are one ticker"), ("aapl", "only in case"), ("../x", "characters other than")):
        with pytest.raises(BlockedTickerError, match=words) as caught:
            source.fetch(ticker)
        assert caught.value.rule == "Q2"
    assert len(source.fetch("MSFT")) == 40


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select * from nowhere", "no such table: nowhere"),
        ("select symbol, day from prices where 1 = 0", "returns no row"),
        ("select symbol from", "syntax error"),
        ("select 1 as symbol, '2021-01-01' as day", "tickers must be text"),
        ("drop table prices", "syntax error"),
    ],
)
def test_queries_that_are_none(file: Path, query: str, words: str) -> None:
    with pytest.raises(NoBarsError, match=words):
        source_of(file, query).tickers()
    assert source_of(file).tickers()


def test_a_column_that_is_not_there(file: Path) -> None:
    source = source_of(file, "select symbol, day, o, h, l, v from prices")
    with pytest.raises(NoBarsError, match="no such column: c"):
        source.fetch("AAPL")


def test_addresses(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingError, match=r"source\.query"):
        SqlSource(f"sqlite:///{file}", " ; ", COLUMNS)
    with pytest.raises(SettingError, match="SQLAlchemy URL"):
        SqlSource("not an address", QUERY, COLUMNS)
    with pytest.raises(SettingError, match="must not contain a password") as caught:
        SqlSource("postgresql+psycopg2://reader:hush@127.0.0.1/market", QUERY, COLUMNS)
    assert "hush" not in str(caught.value)
    with pytest.raises(UsageError, match="no driver for"):
        SqlSource("mysql+pymysql://reader@127.0.0.1/market", QUERY, COLUMNS).tickers()
    monkeypatch.setenv(URL_NAME, f"sqlite:///{file}")
    assert SqlSource("", QUERY, COLUMNS).tickers() == sorted(TICKERS)
    monkeypatch.delenv(URL_NAME)
    assert SqlSource(f"sqlite:///{file.name}", QUERY, COLUMNS, folder=file.parent).tickers() == sorted(TICKERS)
    gone = file.with_name("gone.db")
    with pytest.raises(NoBarsError, match="there is no such file"):
        SqlSource(f"sqlite:///{gone}", QUERY, COLUMNS).tickers()
    assert not gone.exists()


def test_revisions_are_exported(tmp_path: Path, file: Path) -> None:
    book = sql_book(tmp_path / "book", file)
    out = tmp_path / "bar_revisions.csv"
    books.read(book)
    run(file, "update prices set c = c + 0.01 where symbol = 'TRUE' and day = '2021-04-15'")
    books.read(book, full=True)
    for stage in ("sessions", "bar_problems"):
        run_stage(stage, book)
    assert main(["export", "bar_revisions", "--book", str(book.folder), "--out", str(out)]) == 0
    assert out.read_text().splitlines()[1].startswith('"TRUE",2021-04-16,"revised",2021-04-15,"close",')
