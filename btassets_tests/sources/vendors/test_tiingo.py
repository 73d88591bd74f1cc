"""Tiingo against a server on this machine, from one request to a run that is cut by the rate limit."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from btassets.cli.main import main
from btassets.errors import CredentialsError, NoBarsError, RateLimitedError, SourceUnreachableError
from btassets.sources.base import BlockedTickerError, FetchesSince, FetchFailedError
from btassets.sources.vendors.http_session import HttpSession
from btassets.sources.vendors.tiingo import TiingoSource
from btassets_tests.support import vendor_books as books
from btassets_tests.support.local_server import (
    BROKEN,
    HTML,
    Answer,
    LocalServer,
    Market,
    Request,
    day_number,
    fake_tiingo,
    limited,
)

TICKERS = ("AAPL", "BRK.B", "MSFT", "TRUE", "XOM", "F", "T", "NAN")

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture
def server(market: Market) -> Iterator[LocalServer]:
    with LocalServer(fake_tiingo(market)) as made:
        yield made


def source_of(server: LocalServer, *tickers: str) -> TiingoSource:
    session = HttpSession("tiingo", server.url, {"Authorization": "Token t"}, backoff_s=0.0, sleep=lambda _: None)
    return TiingoSource(tickers, books.WINDOW, session)


def test_a_ticker_with_a_dot_and_its_actions(market: Market, server: LocalServer) -> None:
    market.dividends["BRK.B"] = {"2021-03-03": 0.25}
    market.splits["BRK.B"] = {"2021-03-10": (3.0, 2.0)}
    source = source_of(server, "MSFT", "BRK.B")
    assert isinstance(source, FetchesSince)
    assert source.tickers() == ["BRK.B", "MSFT"]
    bars = source.fetch("BRK.B")
    request = server.requests[0]
    assert request.path == "/tiingo/daily/BRK-B/prices"
    assert request.query == {"startDate": "2021-01-04", "endDate": "2021-04-16", "format": "json"}
    days = list(market.bars["BRK.B"])
    assert [str(day) for day in bars.dates.astype("datetime64[D]")] == days
    assert bars.close.tolist() == [market.bars["BRK.B"][day][3] for day in days]
    assert {days[i]: x for i, x in enumerate(bars.dividend.tolist()) if x} == {"2021-03-03": 0.25}
    assert {days[i]: x for i, x in enumerate(bars.split.tolist()) if x != 1.0} == {"2021-03-10": 1.5}
    part = source.fetch_since("BRK.B", day_number("2021-04-14"))
    assert part.dates.tolist() == [day_number("2021-04-14") + i for i in range(3)]


def test_no_ticker_is_named(server: LocalServer) -> None:
    with pytest.raises(NoBarsError, match="a network source needs a list of tickers"):
        source_of(server).tickers()


def test_unknown_and_empty_are_refused_for_good(market: Market, server: LocalServer) -> None:
    with pytest.raises(BlockedTickerError, match=r"unknown to the source.*Not found") as caught:
        source_of(server).fetch("NOPE")
    assert not isinstance(caught.value, FetchFailedError)
    market.bars["F"].clear()
    with pytest.raises(BlockedTickerError, match="no bar from 2021-01-04 to 2021-04-16"):
        source_of(server).fetch("F")


@pytest.mark.parametrize(
    "answer",
    [
        HTML,
        Answer(b'[{"date": "2021-0'),
        BROKEN,
        Answer.of({"detail": "Something else"}),
        Answer.of([1, 2]),
        Answer.of([{"date": "yesterday", "close": 1}]),
        Answer.of([{"date": "2021-01-04T21:00:00Z", "close": 1}]),
        Answer.of([{"close": 1}]),
        Answer(b'[{"date": "2021-04-14T00:00:00.000Z", "close": 1, "open"', is_cut=True),
    ],
)
def test_rubbish_is_a_failure_of_this_time(server: LocalServer, answer: Answer) -> None:
    server.script = [answer] * 5
    with pytest.raises(FetchFailedError) as caught:
        source_of(server).fetch("AAPL")
    assert str(caught.value).startswith("AAPL: ")


def test_text_and_nothing_in_a_price_are_rows_without_one(market: Market, server: LocalServer) -> None:
    rows = [{"date": "2021-04-14", "open": "1.5", "high": None, "low": "x", "close": True, "volume": {}}]
    server.script = [Answer.of(rows)]
    bars = source_of(server).fetch("AAPL")
    assert bars.open.tolist() == [1.5]
    assert all(str(x) == "nan" for x in (bars.high[0], bars.low[0], bars.close[0], bars.volume[0]))


def test_a_quota_told_in_an_ordinary_answer(server: LocalServer) -> None:
    server.script = [Answer.of({"detail": "Error: You have run over your hourly request allocation."})]
    with pytest.raises(RateLimitedError, match="hourly request allocation"):
        source_of(server).fetch("AAPL")


def test_a_later_run_asks_for_the_overlap_alone(tmp_path: Path, market: Market, server: LocalServer) -> None:
    book = books.vendor_book(tmp_path / "book", "tiingo", server.url, TICKERS)
    first = books.read(book)
    assert (first.n_read, len(first.changed), first.n_bars_new) == (8, 8, 8 * 40)
    assert books.stale(book) == []
    assert server.n_requests == 8
    for ticker in TICKERS:
        market.add(ticker, dt.date(2021, 4, 19))
    book = books.until(book, "2021-04-19")
    later = books.read(book)
    assert (later.n_read, later.n_bars_new) == (8, 8)
    assert later.restated == {}
    assert {r.query["startDate"] for r in server.requests[8:]} == {"2021-04-05"}  # ten sessions
    assert list(books.stored(book, "BRK.B")) == sorted(market.bars["BRK.B"])
    assert books.revisions(book) == []
    # Nothing is new on a weekend, and the whole is read again on request.
    assert books.stale(book) == []
    again = books.read(book, full=True)
    assert (again.n_read, again.changed, again.n_bars_new) == (8, [], 0)
    assert server.requests[-1].query["startDate"] == "2021-01-04"


def test_a_correction_is_recorded_with_old_and_new_value(tmp_path: Path, market: Market, server: LocalServer) -> None:
    book = books.vendor_book(tmp_path / "book", "tiingo", server.url, TICKERS[:2])
    books.read(book)
    before = market.bars["AAPL"]["2021-04-13"][3]
    market.bars["AAPL"]["2021-04-13"][3] = before + 0.1
    market.dividends["AAPL"] = {"2021-04-12": 0.5}
    del market.bars["BRK.B"]["2021-04-14"]
    for ticker in TICKERS[:2]:
        market.add(ticker, dt.date(2021, 4, 19))
    book = books.until(book, "2021-04-19")
    outcome = books.read(book)
    assert outcome.n_read == 2
    found = [
        (r["ticker"], r["kind"], str(r["date"]), r["field"], r["old_value"], r["new_value"])
        for r in books.revisions(book)
    ]
    assert found == [
        ("AAPL", "revised", "2021-04-12", "dividend", 0.0, 0.5),
        ("AAPL", "revised", "2021-04-13", "close", before, before + 0.1),
        ("BRK.B", "removed", "2021-04-14", "close", pytest.approx(50, abs=10), None),
    ]
    assert {str(r["seen_date"]) for r in books.revisions(book)} == {"2021-04-19"}
    assert books.stored(book, "AAPL")["2021-04-13"][3] == before + 0.1
    assert books.facts(book, "AAPL")["n_revisions"] == 2


def test_a_restated_history_is_read_again_as_a_whole(tmp_path: Path, market: Market, server: LocalServer) -> None:
    book = books.vendor_book(tmp_path / "book", "tiingo", server.url, TICKERS[:2])
    books.read(book)
    for ticker in TICKERS[:2]:
        market.add(ticker, dt.date(2021, 4, 19))
    for row in market.bars["AAPL"].values():
        row[:4] = [round(price / 2, 2) for price in row[:4]]
    n_before = server.n_requests
    book = books.until(book, "2021-04-19")
    outcome = books.read(book)
    assert list(outcome.restated) == ["AAPL"]
    starts = sorted((r.path.split("/")[3], r.query["startDate"]) for r in server.requests[n_before:])
    assert starts == [("AAPL", "2021-01-04"), ("AAPL", "2021-04-05"), ("BRK-B", "2021-04-05")]
    assert [(r["ticker"], r["kind"], r["field"]) for r in books.revisions(book)] == [("AAPL", "restated", "close")]
    closes = [row[3] for row in books.stored(book, "AAPL").values()]
    assert max(closes) < 30  # no bar of the old basis is left in front of the new ones


def test_a_vendor_that_is_late_is_asked_again(tmp_path: Path, market: Market, server: LocalServer) -> None:
    book = books.vendor_book(tmp_path / "book", "tiingo", server.url, TICKERS[:2])
    del market.bars["AAPL"]["2021-04-16"]
    books.read(book)
    assert books.stale(book) == ["AAPL"]
    market.add("AAPL", dt.date(2021, 4, 16))
    assert books.read(book).n_bars_new == 1
    assert books.stale(book) == []


def test_an_ended_ticker_is_asked_once_a_session(tmp_path: Path, market: Market, server: LocalServer) -> None:
    for day in list(market.bars["F"]):
        if day > "2021-03-19":
            del market.bars["F"][day]
    book = books.vendor_book(tmp_path / "book", "tiingo", server.url, ["AAPL", "F"])
    books.read(book)
    assert books.stale(book) == []
    assert max(books.stored(book, "F")) == "2021-03-19"
    # Taken off the vendor's list altogether: what is stored stays.
    market.bars["F"].clear()
    market.add("AAPL", dt.date(2021, 4, 19))
    book = books.until(book, "2021-04-19")
    books.read(book)
    assert max(books.stored(book, "F")) == "2021-03-19"


def test_failures_keep_the_old_bars_and_come_again(tmp_path: Path, market: Market, server: LocalServer) -> None:
    book = books.vendor_book(tmp_path / "book", "tiingo", server.url, ["AAPL", "NOPE"])
    books.read(book)
    assert "unknown to the source" in books.facts(book, "NOPE")["blocked"]
    assert books.stale(book) == []
    market.add("AAPL", dt.date(2021, 4, 19))
    book = books.until(book, "2021-04-19")
    whole = server.handler
    server.handler = lambda request: BROKEN if "AAPL" in request.path else whole(request)
    books.read(book)
    assert "HTTP 500" in books.facts(book, "AAPL")["blocked"]
    assert len(books.stored(book, "AAPL")) == 40
    assert books.stale(book) == ["AAPL"]
    server.handler = whole
    assert books.read(book).n_bars_new == 1
    assert books.facts(book, "AAPL")["blocked"] is None


def test_an_outage_stops_the_run_and_keeps_what_came(tmp_path: Path, market: Market, server: LocalServer) -> None:
    book = books.vendor_book(tmp_path / "book", "tiingo", server.url, TICKERS)
    whole = server.handler
    server.handler = lambda request: whole(request) if server.n_requests <= 2 else BROKEN
    with pytest.raises(SourceUnreachableError) as caught:
        books.read(book)
    # A ticker that failed alone is on record, like those that came; the others were not asked any more.
    assert caught.value.n_done + caught.value.n_left == 8
    assert caught.value.n_left >= 3
    assert len(books.stale(book)) == 6
    server.handler = whole
    assert len(books.read(book).changed) == 6
    assert books.stale(book) == []


def test_the_rate_limit_in_the_middle_of_a_run(
    tmp_path: Path, server: LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 5, what came is kept, the next run asks for the rest alone; the key is nowhere."""
    book = books.vendor_book(tmp_path / "book", "tiingo", server.url, TICKERS)
    whole = server.handler
    n_allowed = 5

    def handle(request: Request) -> Answer:
        return whole(request) if server.n_requests <= n_allowed else limited("3600")

    server.handler = handle
    words = ["ingest", "--book", str(book.folder), "--quiet"]
    assert main(words) == 5
    said = capsys.readouterr()
    assert "5 tickers read and kept, 3 left" in said.err
    assert "run the same command again later" in said.err
    n_first = server.n_requests
    assert n_first <= 7  # two readers may have got the answer at the same time
    assert len(books.stale(book)) == 3
    server.handler = whole
    assert main(words) == 0
    assert server.n_requests - n_first == 3
    assert "3 of 8 tickers read, 3 changed, 320 bars in the lake" in capsys.readouterr().out
    assert main(words) == 0
    assert server.n_requests - n_first == 3
    asked = [r.path for r in server.requests]
    assert sorted(set(asked)) == sorted(f"/tiingo/daily/{t.replace('.', '-')}/prices" for t in TICKERS)
    assert main(["config", "--book", str(book.folder)]) == 0
    shown = capsys.readouterr()
    secrets = set(books.KEYS.values())
    assert not any(secret in said.err + said.out + shown.out + shown.err for secret in secrets)
    kept = [path for path in book.folder.rglob("*") if path.is_file()]
    assert not any(secret.encode() in path.read_bytes() for path in kept for secret in secrets)


def test_a_key_that_is_not_there(tmp_path: Path, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    book = books.vendor_book(tmp_path / "book", "tiingo", server.url, TICKERS)
    monkeypatch.delenv("TIINGO_API_KEY")
    with pytest.raises(CredentialsError, match="TIINGO_API_KEY is not set in the environment"):
        books.stale(book)
    assert main(["ingest", "--book", str(book.folder)]) == 2
    assert server.n_requests == 0
