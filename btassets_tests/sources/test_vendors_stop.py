"""Every network source through the command: stopped in the middle, resumed, read in full, restated.

The server counts the requests: what came is kept, and the next run asks for the rest alone.
"""

import datetime as dt
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from btassets.book.book import Book
from btassets_tests.sources.vendors.test_yahoo import FakeYahoo, YFRateLimitError
from btassets_tests.support import vendor_books as books
from btassets_tests.support.book_factory import call, finish, start
from btassets_tests.support.local_server import (
    Answer,
    LocalServer,
    Market,
    Request,
    fake_alpaca,
    fake_massive,
    fake_tiingo,
    limited,
)

TICKERS = tuple(f"S{number:02d}" for number in range(30))
KINDS = ("alpaca", "tiingo", "massive")

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture
def server(market: Market) -> Iterator[LocalServer]:
    with LocalServer(fake_tiingo(market)) as made:
        yield made


def use(kind: str, server: LocalServer, market: Market) -> Callable[[Request], Answer]:
    made = {
        "alpaca": lambda: fake_alpaca(market),
        "tiingo": lambda: fake_tiingo(market),
        "massive": lambda: fake_massive(market, lambda: server.url),
    }
    server.handler = made[kind]()
    return server.handler


def book_of(folder: Path, kind: str, server: LocalServer) -> Book:
    # A long window lets few tickers go into a page of alpaca's, so that there are many pages.
    return books.vendor_book(folder, kind, server.url, TICKERS, source__start="1990-01-02", storage__buckets=8)


def stop_after(server: LocalServer, whole: Callable[[Request], Answer], n: int) -> None:
    first = server.n_requests
    server.handler = lambda request: whole(request) if server.n_requests - first <= n else limited("3600")


def asked(server: LocalServer, first: int) -> set[str]:
    """Tickers in the requests from number `first` on."""
    found: set[str] = set()
    for request in server.requests[first:]:
        words = request.query.get("symbols") or request.query.get("ticker") or request.path
        found |= {ticker for ticker in TICKERS if ticker in words}
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_rate_limit_in_the_middle_ends_with_5_and_the_next_run_asks_for_the_rest(
    tmp_path: Path, market: Market, server: LocalServer, kind: str
) -> None:
    whole = use(kind, server, market)
    book = book_of(tmp_path / "book", kind, server)
    stop_after(server, whole, {"alpaca": 8, "tiingo": 14, "massive": 40}[kind])
    words = ("ingest", "--book", book.folder, "--quiet")
    answer = call(*words)
    assert answer.code == 5, answer.err
    assert "its rate limit is reached" in answer.err
    left = books.stale(book)
    assert 0 < len(left) < len(TICKERS)
    assert f"{len(TICKERS) - len(left)} tickers read and kept, {len(left)} left" in answer.err
    kept = {ticker: books.stored(book, ticker) for ticker in TICKERS if ticker not in left}
    assert {len(rows) for rows in kept.values()} == {40}

    server.handler = whole
    n_first = server.n_requests
    answer = call(*words)
    assert answer.code == 0, answer.err
    assert f"{len(left)} of 30 tickers read, {len(left)} changed, 1,200 bars in the lake" in answer.out
    assert asked(server, n_first) == set(left)
    n_second = server.n_requests
    assert call(*words).code == 0
    assert server.n_requests == n_second  # nothing is asked for when nothing is due


@pytest.mark.parametrize("kind", KINDS)
def test_a_restated_history_is_read_again_of_that_ticker_alone(
    tmp_path: Path, market: Market, server: LocalServer, kind: str
) -> None:
    use(kind, server, market)
    book = books.vendor_book(tmp_path / "book", kind, server.url, TICKERS[:4])
    books.read(book)
    for ticker in TICKERS[:4]:
        market.add(ticker, dt.date(2021, 4, 19))
    for row in market.bars["S02"].values():
        row[:4] = [round(price / 2, 2) for price in row[:4]]
    n_first = server.n_requests
    outcome = books.read(books.until(book, "2021-04-19"))
    assert list(outcome.restated) == ["S02"]
    assert [(r["ticker"], r["kind"]) for r in books.revisions(book)] == [("S02", "restated")]
    closes = [row[3] for row in books.stored(book, "S02").values()]
    assert (len(closes), max(closes) < 30) == (41, True)  # no bar of the old basis is left
    began = [
        (ticker, request.query.get("startDate") or request.query.get("start") or request.path.split("/")[-2])
        for request in server.requests[n_first:]
        for ticker in TICKERS[:4]
        if ticker in (request.query.get("symbols") or request.path) and "actions" not in request.path
    ]
    assert {ticker for ticker, first in began if first == "2021-01-04"} == {"S02"}


@pytest.mark.parametrize("kind", ["alpaca", "tiingo"])
def test_a_full_read_that_is_stopped_goes_on_where_it_was(
    tmp_path: Path, market: Market, server: LocalServer, kind: str
) -> None:
    whole = use(kind, server, market)
    book = book_of(tmp_path / "book", kind, server)
    words = ("ingest", "--book", book.folder, "--quiet")
    assert call(*words).code == 0
    n_whole = server.n_requests
    stop_after(server, whole, n_whole // 2)
    assert call(*words, "--full").code == 5
    server.handler = whole
    n_before = server.n_requests
    answer = call(*words, "--full")
    assert answer.code == 0, answer.err
    again = asked(server, n_before)
    assert 0 < len(again) < len(TICKERS)
    assert server.n_requests - n_before < n_whole
    # Finished: the next full read starts anew, and changes nothing.
    n_before = server.n_requests
    answer = call(*words, "--full")
    assert "30 of 30 tickers read, 0 changed, 1,200 bars in the lake" in answer.out
    assert asked(server, n_before) == set(TICKERS)


def test_yahoo_stops_with_5_and_goes_on_with_the_rest(
    tmp_path: Path, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeYahoo(market)
    config = SimpleNamespace(debug=SimpleNamespace(), network=SimpleNamespace())
    monkeypatch.setattr(fake, "config", config, raising=False)
    monkeypatch.setitem(sys.modules, "yfinance", fake)  # pyright: ignore[reportArgumentType]
    monkeypatch.setitem(sys.modules, "yfinance.exceptions", fake.exceptions)  # pyright: ignore[reportArgumentType]
    book = books.vendor_book(tmp_path / "book", "yahoo", "", TICKERS[:12], storage__buckets=8)
    real = fake.history

    def limited_after(spelled: str, given: dict[str, object]) -> object:
        if len(fake.asked) >= 5:
            raise YFRateLimitError("Too Many Requests")
        return real(spelled, given)

    monkeypatch.setattr(fake, "history", limited_after)
    words = ("ingest", "--book", book.folder, "--quiet")
    answer = call(*words)
    assert answer.code == 5, answer.err
    left = books.stale(book)
    assert 0 < len(left) < 12
    monkeypatch.setattr(fake, "history", real)
    n_before = len(fake.asked)
    answer = call(*words)
    assert answer.code == 0, answer.err
    assert sorted({spelled for spelled, _ in fake.asked[n_before:]}) == left


def test_a_kill_in_the_middle_loses_one_bucket_at_most(tmp_path: Path, market: Market, server: LocalServer) -> None:
    whole = use("tiingo", server, market)
    book = book_of(tmp_path / "book", "tiingo", server)

    def slow(request: Request) -> Answer:
        time.sleep(0.05)
        return whole(request)

    server.handler = slow
    process = start("ingest", "--book", book.folder, "--quiet")
    while process.poll() is None and len(book.lake.bucket_files("ohlcv_history")) < 3:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = books.stale(book)
    assert 0 < len(left) < len(TICKERS)
    n_before = server.n_requests
    answer = finish(start("ingest", "--book", book.folder, "--quiet"))
    assert answer.code == 0, answer.err
    assert asked(server, n_before) == set(left)
    assert "1,200 bars in the lake" in answer.out
