"""Massive against a server on this machine: pages by whole addresses, actions from lists of their own."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from btassets.sources.base import BlockedTickerError, FetchesSince, FetchFailedError
from btassets.sources.open_source import open_source
from btassets.sources.vendors import massive
from btassets.sources.vendors.http_session import HttpSession
from btassets.sources.vendors.massive import MassiveSource
from btassets_tests.support import vendor_books as books
from btassets_tests.support.local_server import HTML, Answer, LocalServer, Market, fake_massive

TICKERS = ("AAPL", "BRK.B", "MSFT")


@pytest.fixture
def server(market: Market) -> Iterator[LocalServer]:
    with LocalServer(lambda _: Answer.of({})) as made:
        made.handler = fake_massive(market, lambda: made.url, page_bars=15)
        yield made


def source_of(server: LocalServer) -> MassiveSource:
    session = HttpSession("massive", server.url, {"Authorization": "Bearer b"}, backoff_s=0.0, sleep=lambda _: None)
    return MassiveSource(TICKERS, books.WINDOW, session)


def test_pages_and_actions(market: Market, server: LocalServer) -> None:
    market.splits["BRK.B"] = {"2021-03-10": (1.0, 5.0)}
    market.dividends["BRK.B"] = {"2021-03-03": 0.25, "2021-03-04": 0.5}
    source = source_of(server)
    assert isinstance(source, FetchesSince)
    bars = source.fetch("BRK.B")
    assert bars.close.tolist() == [row[3] for _, row in sorted(market.bars["BRK.B"].items())]
    assert [str(d) for d in bars.dates.astype("datetime64[D]")] == sorted(market.bars["BRK.B"])
    assert sorted(set(bars.split.tolist())) == [0.2, 1.0]
    assert bars.dividend.sum() == 0.75
    assert [r.path for r in server.requests] == [
        *["/v2/aggs/ticker/BRK.B/range/1/day/2021-01-04/2021-04-16"] * 3,
        "/stocks/v1/splits",
        "/stocks/v1/dividends",
    ]
    assert server.requests[0].query["adjusted"] == "false"
    assert all(r.headers["Authorization"] == "Bearer b" for r in server.requests)


def test_a_next_page_elsewhere_gets_no_key(server: LocalServer) -> None:
    server.script = [Answer.of({"status": "OK", "results": [], "next_url": "https://127.0.0.2/x?cursor=1"})]
    with pytest.raises(FetchFailedError, match="another host"):
        source_of(server).fetch("AAPL")


def test_a_dividend_in_another_currency_is_left_out_and_told(server: LocalServer) -> None:
    row = {"ex_dividend_date": "2021-03-03", "cash_amount": 100.0, "currency": "JPY"}
    server.script = [None] * 4 + [Answer.of({"status": "OK", "results": [row]})]
    bars = source_of(server).fetch("AAPL")
    assert bars.dividend.sum() == 0.0
    assert "dividend in JPY" in bars.notes[0].text


def test_an_unknown_ticker(server: LocalServer) -> None:
    with pytest.raises(BlockedTickerError, match="no bar from") as caught:
        source_of(server).fetch("NOPE")
    assert not isinstance(caught.value, FetchFailedError)
    assert server.n_requests == 1  # no actions are asked for


@pytest.mark.parametrize(
    "answer",
    [
        HTML,
        Answer(b'{"status": "OK", "results": [{"t": 16'),
        Answer.of({"status": "ERROR", "error": "maintenance"}),
        Answer.of({"status": "OK", "results": [{"t": "noon", "c": 1}]}),
        Answer.of({"status": "OK", "results": [{"t": 1_618_430_400_000 - 1_000, "c": 1}]}),
        Answer.of({"status": "OK", "results": {"a": 1}}),
        Answer.of(None),
    ],
)
def test_rubbish_is_a_failure_of_this_time(server: LocalServer, answer: Answer) -> None:
    server.script = [answer] * 5
    with pytest.raises(FetchFailedError):
        source_of(server).fetch("AAPL")


def test_a_book_of_it(tmp_path: Path, market: Market, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYGON_API_KEY", "old-name-still-works")
    monkeypatch.delenv("MASSIVE_API_KEY", raising=False)
    book = books.vendor_book(tmp_path / "book", "massive", server.url, ["AAPL", "BRK-B"], benchmark="MSFT")
    assert open_source(book.base, book.folder, book.lake).tickers() == ["AAPL", "BRK.B", "MSFT"]
    assert books.read(book).changed == ["AAPL", "BRK.B"]
    assert server.requests[0].headers["Authorization"] == "Bearer old-name-still-works"
    for ticker in TICKERS:
        market.add(ticker, dt.date(2021, 4, 19))
    book = books.until(book, "2021-04-19")
    assert books.read(book).n_bars_new == 2


@pytest.mark.parametrize("body", [{"error": "Unknown API Key"}, {"message": "upgrade your plan"}, {}])
def test_an_error_with_status_200_is_no_empty_answer(server: LocalServer, body: dict[str, object]) -> None:
    server.handler = lambda _: Answer.of(body)
    with pytest.raises(FetchFailedError, match="the response says") as caught:
        source_of(server).fetch("AAPL")
    assert str(next(iter(body.values()), "{}")) in str(caught.value)


def test_pages_that_never_end_are_no_whole_answer(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(massive, "_MAX_PAGES", 3)
    pages = (Answer.of({"status": "OK", "results": [], "next_url": f"{server.url}/x?cursor={n}"}) for n in range(100))
    server.handler = lambda _: next(pages)
    with pytest.raises(FetchFailedError, match="more than 3 pages"):
        source_of(server).fetch("AAPL")
