"""The sql source on a real PostgreSQL server, started here and stopped afterwards."""

import datetime as dt
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from btassets.book.book import open_book
from btassets.book.new_book import make_book
from btassets.errors import NoBarsError
from btassets.sources.base import announce
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.vendors.sql import PASSWORD_NAME, URL_NAME, SqlSource
from btassets_tests.support import vendor_books as books
from btassets_tests.support.book_factory import call
from btassets_tests.support.postgres_server import NoPostgresError, PostgresServer, postgres_server

psycopg2 = pytest.importorskip("psycopg2", reason='the PostgreSQL driver is missing: pip install "btassets[postgres]"')

pytestmark = pytest.mark.postgres

N_BARS = 1_260
QUERY = "select symbol, day, open, high, low, close, volume from prices where day >= :since"
COLUMNS = ColumnNames(ticker="symbol", date="day")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    try:
        with postgres_server() as made:
            yield made
    except NoPostgresError as error:
        pytest.skip(f"no PostgreSQL: {error}")


@pytest.fixture(scope="module", params=[100, pytest.param(500, marks=pytest.mark.slow)])
def n_tickers(request: pytest.FixtureRequest) -> int:
    """Tickers of the table: a fifth of the index, and all of it."""
    return request.param


@pytest.fixture(scope="module")
def prices(server: PostgresServer, n_tickers: int) -> Iterator[Any]:
    """Table `prices` with 1,260 sessions of each ticker, prices as decimals, as such tables have them."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=server.port, user="reader", password=server.password, dbname="postgres"
    )
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(
        "create table prices (symbol text, day date, open double precision, high double precision, "
        "low double precision, close numeric(12, 4), volume bigint)"
    )
    rng = np.random.default_rng(3)
    days = np.busday_offset("2016-04-20", np.arange(N_BARS), roll="forward").astype(str)
    lines: list[str] = []
    for number in range(n_tickers):
        close = np.round(50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, N_BARS))), 2)
        lines += [
            f"T{number:03d}\t{day}\t{c}\t{c + 0.5:.2f}\t{c - 0.5:.2f}\t{c}\t{1_000 + number}\n"
            for day, c in zip(days, close.tolist(), strict=True)
        ]
    cursor.copy_expert("copy prices from stdin", io.StringIO("".join(lines)))
    cursor.execute("create index on prices (day)")
    cursor.execute("analyze prices")
    cursor.execute("create sequence counter")
    yield cursor
    cursor.execute("drop table prices")
    cursor.execute("drop sequence counter")
    connection.close()


@pytest.fixture(autouse=True)
def password(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_NAME, raising=False)
    monkeypatch.setenv(PASSWORD_NAME, server.password)


def source_of(server: PostgresServer, query: str = QUERY) -> SqlSource:
    return SqlSource(server.url, query, COLUMNS, "raw")


def settings_of(server: PostgresServer) -> dict[str, Any]:
    """Settings of a book over the whole table."""
    source = {"source.kind": "sql", "source.url": server.url, "source.basis": "raw", "source.query": QUERY}
    return source | {"source.columns.ticker": "symbol", "source.columns.date": "day", "calendar": "data"}


@contextmanager
def one_session_more(prices: Any) -> Iterator[None]:
    """Inside, every ticker has one bar more."""
    prices.execute("select max(day) from prices")
    last: dt.date = prices.fetchone()[0]
    prices.execute(
        "insert into prices select symbol, %s, open, high, low, close, volume from prices where day = %s",
        (last + dt.timedelta(days=1), last),
    )
    try:
        yield
    finally:
        prices.execute("delete from prices where day > %s", (last,))


def test_the_whole_table_in_one_query(
    server: PostgresServer, n_tickers: int, prices: Any, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    source = source_of(server)
    start, start_cpu = time.perf_counter(), time.process_time()
    tickers = source.tickers()
    announce(source, dict.fromkeys(tickers))
    found = {ticker: source.fetch(ticker) for ticker in tickers}
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    record_property("seconds", round(seconds, 2))
    with capsys.disabled():
        print(f" [{n_tickers} x {N_BARS:,} bars from PostgreSQL: {seconds:.1f} s, {cpu_seconds:.1f} CPU s] ", end="")
    assert len(found) == n_tickers
    assert {len(bars) for bars in found.values()} == {N_BARS}
    prices.execute("select close from prices where symbol = 'T023' order by day")
    assert found["T023"].close.tolist() == [float(row[0]) for row in prices.fetchall()]
    assert cpu_seconds < 20  # a guard against one query per ticker; the figure itself is printed


def test_only_new_rows_on_the_second_run(tmp_path: Path, server: PostgresServer, n_tickers: int, prices: Any) -> None:
    wanted = [f"T{number:03d}" for number in range(0, n_tickers, n_tickers // 20)]
    make_book(tmp_path / "book", settings_of(server) | {"universe.tickers": wanted, "storage.buckets": 4})
    book = open_book(tmp_path / "book", environ={})
    assert books.read(book).n_bars_new == 20 * N_BARS
    assert books.stale(book) == []
    with one_session_more(prices):
        outcome = books.read(book)
        assert (outcome.n_read, outcome.n_bars_new) == (20, 20)
        assert books.revisions(book) == []
        part = source_of(server)
        announce(part, dict.fromkeys(wanted, books.facts(book, "T000")["again_from"]))
        assert {len(part.fetch_since(t, books.facts(book, t)["again_from"])) for t in wanted} == {10}


def test_a_book_reads_new_rows_alone_the_second_time(
    tmp_path: Path,
    server: PostgresServer,
    n_tickers: int,
    prices: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole table through the command, then one session more: the rows that the server sends are counted."""
    folder = make_book(tmp_path / "book", settings_of(server))

    sent = [0]
    real = sa.engine.Result.partitions

    def counted(result: sa.engine.Result[Any], size: int | None = None) -> Iterator[Any]:
        for rows in real(result, size):
            sent[0] += len(rows)
            yield rows

    monkeypatch.setattr(sa.engine.Result, "partitions", counted)
    start = time.perf_counter()
    answer = call("ingest", "--book", folder, "--quiet")
    seconds = time.perf_counter() - start
    assert answer.code == 0, answer.err
    read = f"{n_tickers} of {n_tickers} tickers read, {n_tickers} changed"
    assert f"{read}, {n_tickers * N_BARS:,} bars in the lake" in answer.out
    assert sent[0] == n_tickers * N_BARS
    with one_session_more(prices):
        sent[0], start = 0, time.perf_counter()
        answer = call("ingest", "--book", folder, "--quiet")
        seconds_again = time.perf_counter() - start
        assert answer.code == 0, answer.err
        assert f"{read}, {n_tickers * (N_BARS + 1):,} bars in the lake" in answer.out
        assert sent[0] == n_tickers * 11  # the new session, and ten again to compare with
    with capsys.disabled():
        print(f" [ingest of {n_tickers} x 1,260: {seconds:.1f} s, one session more: {seconds_again:.1f} s] ", end="")


def test_the_server_says_no(server: PostgresServer, prices: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    del prices
    with pytest.raises(NoBarsError, match='relation "nowhere" does not exist'):
        source_of(server, "select * from nowhere").tickers()
    # A query that writes is refused by the server itself.
    with pytest.raises(NoBarsError, match="read-only transaction"):
        source_of(server, "select symbol, day, setval('counter', 5) as n from prices").tickers()
    monkeypatch.setenv(PASSWORD_NAME, "wrong-word-12345")
    with pytest.raises(NoBarsError, match="password authentication failed") as caught:
        source_of(server).tickers()
    assert "wrong-word" not in str(caught.value)
