"""Alpaca against a server on this machine: many tickers a page, and their corporate actions."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from btassets.errors import RateLimitedError
from btassets.sources.base import BlockedTickerError, FetchesSince, FetchFailedError, RawBars, announce
from btassets.sources.vendors import alpaca
from btassets.sources.vendors.alpaca import AlpacaSource
from btassets.sources.vendors.http_session import HttpSession
from btassets_tests.support import vendor_books as books
from btassets_tests.support.local_server import (
    HTML,
    Answer,
    LocalServer,
    Market,
    fake_alpaca,
    limited,
)

TICKERS = ("AAPL", "BRK.B", "MSFT", "TRUE", "XOM", "F", "T", "NAN")

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture
def server(market: Market) -> Iterator[LocalServer]:
    with LocalServer(fake_alpaca(market)) as made:
        yield made


def source_of(server: LocalServer, *tickers: str) -> AlpacaSource:
    headers = {"APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": "s"}
    session = HttpSession("alpaca", server.url, headers, backoff_s=0.0, sleep=lambda _: None)
    return AlpacaSource(tickers or TICKERS, books.WINDOW, session)


def whole(source: AlpacaSource, *tickers: str) -> dict[str, RawBars]:
    announce(source, dict.fromkeys(tickers))
    return {ticker: source.fetch(ticker) for ticker in tickers}


def closes(market: Market, ticker: str) -> list[float]:
    return [row[3] for _, row in sorted(market.bars[ticker].items())]


def test_many_tickers_on_many_pages(market: Market, server: LocalServer) -> None:
    server.handler = fake_alpaca(market, page_bars=90)
    found = whole(source_of(server), *TICKERS)
    assert {ticker: bars.close.tolist() for ticker, bars in found.items()} == {t: closes(market, t) for t in TICKERS}
    pages = [r for r in server.requests if r.path == "/v2/stocks/bars"]
    assert len(pages) == 4  # 320 bars
    assert pages[0].query["symbols"].split(",") == list(TICKERS)
    assert [r.query.get("page_token") for r in pages] == [None, "90", "180", "270"]
    assert {key: pages[0].query[key] for key in ("timeframe", "adjustment", "feed", "limit", "start", "end")} == {
        "timeframe": "1Day",
        "adjustment": "raw",
        "feed": "sip",
        "limit": "10000",
        "start": "2021-01-04",
        "end": "2021-04-16",
    }
    assert server.n_requests == 5  # one more for the corporate actions
    assert isinstance(source_of(server), FetchesSince)


def test_corporate_actions_are_put_on_their_ex_dates(market: Market, server: LocalServer) -> None:
    market.splits = {"AAPL": {"2021-03-10": (4.0, 1.0)}, "T": {"2021-03-11": (1.0, 8.0)}}
    market.dividends = {"AAPL": {"2021-03-03": 0.25, "2021-05-07": 0.3}, "F": {"2021-03-06": 0.1}}
    found = whole(source_of(server), *TICKERS)
    day = {str(d): i for i, d in enumerate(found["AAPL"].dates.astype("datetime64[D]"))}
    assert found["AAPL"].split[day["2021-03-10"]] == 4.0
    assert found["AAPL"].dividend[day["2021-03-03"]] == 0.25
    assert found["AAPL"].dividend.sum() == 0.25  # the one after the last bar is not there yet
    assert found["T"].split[day["2021-03-11"]] == 0.125
    assert found["F"].dividend[day["2021-03-08"]] == 0.1  # a Saturday: counted at the next bar
    assert [note.rule for note in found["F"].notes] == ["Q6"]
    assert all((found[t].split == 1.0).all() for t in TICKERS if t not in ("AAPL", "T"))
    # Selected by the day of payment at the vendor, so asked far beyond the last bar.
    assert server.requests[-1].query["end"] == "2021-10-13"


def test_stock_dividends_spin_offs_and_bad_rows(server: LocalServer) -> None:
    rows = {
        "stock_dividends": [{"symbol": "AAPL", "rate": 0.05, "ex_date": "2021-03-10"}],
        "spin_offs": [
            {"source_symbol": "AAPL", "new_symbol": "NEW", "source_rate": 1, "new_rate": 1, "ex_date": "2021-03-12"}
        ],
        "forward_splits": [{"symbol": "F", "new_rate": 2, "old_rate": 0, "ex_date": "2021-03-10"}],
    }
    server.script = [None, Answer.of({"corporate_actions": rows, "next_page_token": None})]
    source = source_of(server)
    announce(source, {"AAPL": None, "F": None})
    bars = source.fetch("AAPL")
    assert bars.split.max() == 1.05
    assert "spin-off of NEW" in bars.notes[0].text
    with pytest.raises(BlockedTickerError, match="2021-03-10: a split of nan"):
        source.fetch("F")


def test_fewer_tickers_than_asked(market: Market, server: LocalServer) -> None:
    """What a bulk answer left out is asked for alone before it is refused."""
    del market.bars["NAN"]
    server.handler = fake_alpaca(market, hidden={"MSFT": 1, "T": 1, "XOM": 1})
    source = source_of(server)
    announce(source, dict.fromkeys(TICKERS))
    for ticker in TICKERS:
        if ticker == "NAN":
            with pytest.raises(BlockedTickerError, match="no bar from") as caught:
                source.fetch(ticker)
            assert not isinstance(caught.value, FetchFailedError)
        else:
            assert source.fetch(ticker).close.tolist() == closes(market, ticker)
    alone = [r.query["symbols"] for r in server.requests if r.path == "/v2/stocks/bars"][1:]
    assert alone == ["MSFT", "XOM", "T", "NAN"]


def test_one_impossible_symbol_spoils_no_other(market: Market, server: LocalServer) -> None:
    source = source_of(server, *TICKERS, "BAD/X")
    announce(source, {"AAPL": None, "BAD/X": None})
    assert source.fetch("AAPL").close.tolist() == closes(market, "AAPL")
    with pytest.raises(BlockedTickerError, match="invalid symbol"):
        source.fetch("BAD/X")


@pytest.mark.parametrize("answer", [HTML, Answer(b'{"bars": {"AAPL": [{"t"'), Answer.of([]), Answer.of({"bars": 3})])
def test_rubbish_is_a_failure_of_this_time(server: LocalServer, answer: Answer) -> None:
    server.script = [answer] * 5
    with pytest.raises(FetchFailedError):
        source_of(server).fetch("AAPL")


def test_a_page_that_leads_to_itself(server: LocalServer) -> None:
    server.script = [Answer.of({"bars": {}, "next_page_token": "x"})] * 3
    with pytest.raises(FetchFailedError, match="the same page token was returned twice"):
        source_of(server).fetch("AAPL")


def test_a_later_run_is_a_handful_of_requests(tmp_path: Path, market: Market, server: LocalServer) -> None:
    book = books.vendor_book(tmp_path / "book", "alpaca", server.url, TICKERS)
    assert books.read(book).n_bars_new == 320
    assert server.n_requests == 2
    for ticker in TICKERS:
        market.add(ticker, dt.date(2021, 4, 19))
    market.splits["BRK.B"] = {"2021-04-19": (2.0, 1.0)}
    row = market.bars["BRK.B"]["2021-04-19"]
    row[:4] = [price / 2 for price in row[:4]]
    book = books.until(book, "2021-04-19")
    outcome = books.read(book)
    assert (outcome.n_bars_new, outcome.restated) == (8, {})
    assert server.n_requests == 4
    assert server.requests[2].query["start"] == "2021-04-05"
    assert books.stored(book, "BRK.B")["2021-04-19"][6] == 2.0
    assert books.facts(book, "BRK.B")["blocked"] is None
    assert books.revisions(book) == []


def test_the_rate_limit_keeps_the_buckets_that_came(tmp_path: Path, market: Market, server: LocalServer) -> None:
    many = tuple(f"S{i:02d}" for i in range(30))
    # A long window lets few tickers go into a page, so that there are many pages.
    server.handler = fake_alpaca(Market(many))
    book = books.vendor_book(
        tmp_path / "book", "alpaca", server.url, many, source__start="1990-01-02", storage__buckets=8
    )
    server.script = [None] * 8 + [limited("900")]
    with pytest.raises(RateLimitedError) as caught:
        books.read(book)
    n_done = caught.value.n_done
    assert 0 < n_done < 30
    assert len(books.stale(book)) == 30 - n_done
    assert books.read(book).n_read == 30 - n_done
    assert books.stale(book) == []


@pytest.mark.parametrize("body", [{"message": "subscription does not permit"}, {"code": 42}, {"error": "try later"}])
def test_an_error_with_status_200_is_no_empty_answer(server: LocalServer, body: dict[str, object]) -> None:
    server.handler = lambda _: Answer.of(body)
    with pytest.raises(FetchFailedError, match="the response has no bars and says") as caught:
        source_of(server, "AAPL").fetch("AAPL")
    assert str(next(iter(body.values()))) in str(caught.value)


def test_pages_that_never_end_are_no_whole_answer(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alpaca, "_MAX_PAGES", 3)
    pages = (Answer.of({"bars": {"AAPL": []}, "next_page_token": str(n)}) for n in range(100))
    server.handler = lambda _: next(pages)
    with pytest.raises(FetchFailedError, match="more than 3 pages"):
        source_of(server, "AAPL").fetch("AAPL")
