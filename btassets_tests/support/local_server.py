"""A web server on this machine that answers like a vendor, with bars that this project made up.

`LocalServer` counts and scripts; `FakeAlpaca`, `FakeTiingo` and `FakeMassive` know the shapes of the answers.
"""

import datetime as dt
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zlib import crc32

import numpy as np

EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False  # promise all of the body, send half of it

    @staticmethod
    def of(value: Any, status: int = 200) -> "Answer":
        return Answer(json.dumps(value).encode(), status, {"Content-Type": "application/json"})


TOO_MANY = Answer.of({"message": "too many requests."}, 429)
HTML = Answer(b"<!DOCTYPE html><html><title>Maintenance</title></html>", 200, {"Content-Type": "text/html"})
BROKEN = Answer.of({"message": "internal"}, 500)


def limited(retry_after: str) -> Answer:
    return Answer(TOO_MANY.body, 429, {"Retry-After": retry_after})


class LocalServer:
    """Answers with `handler`; the entries of `script` come first, None among them meaning the handler."""

    def __init__(self, handler: Callable[[Request], Answer]) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.script: list[Answer | None] = []
        self._lock = threading.Lock()
        outer = self

        class _Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65_536  # one packet an answer, or the other side waits for the rest of it
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
                answer = outer.answer(Request(unquote(parts.path), query, dict(self.headers.items())))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                if answer.is_cut:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer.body[: len(answer.body) // 2] if answer.is_cut else answer.body)
                self.close_connection = answer.is_cut

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            scripted = self.script.pop(0) if self.script else None
            return scripted or self.handler(request)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def n_requests(self) -> int:
        return len(self.requests)

    def __enter__(self) -> "LocalServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Market:
    """Made-up weekday bars, up to `last`; what a test changes in `bars`, `dividends`, `splits` is what vendors say."""

    tickers: tuple[str, ...]
    last: dt.date = dt.date(2021, 4, 16)
    n_days: int = 40
    bars: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    dividends: dict[str, dict[str, float]] = field(default_factory=dict)
    splits: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for ticker in self.tickers:
            self.bars[ticker] = {}
            day = self.last - dt.timedelta(days=self.n_days * 7 // 5 + 7)
            days: list[dt.date] = []
            while day <= self.last:
                if day.weekday() < 5:
                    days.append(day)
                day += dt.timedelta(days=1)
            for one in days[-self.n_days :]:
                self.add(ticker, one)

    def add(self, ticker: str, day: dt.date) -> None:
        n = (day - EPOCH).days
        rng = np.random.default_rng([crc32(ticker.encode()), n])
        close = round(50.0 + 5.0 * np.sin(n / 9.0) + float(rng.uniform(-1, 1)), 2)
        opened = round(close + float(rng.uniform(-0.5, 0.5)), 2)
        high, low = round(max(opened, close) + 0.4, 2), round(min(opened, close) - 0.4, 2)
        self.bars[ticker][day.isoformat()] = [opened, high, low, close, float(rng.integers(1e5, 9e5))]

    def rows(self, ticker: str, first: str, last: str) -> list[tuple[str, list[float]]]:
        return [(day, row) for day, row in sorted(self.bars[ticker].items()) if first <= day <= last]


def fake_tiingo(market: Market) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        _, _, spelled, _ = request.path.strip("/").split("/")
        ticker = spelled.replace("-", ".")
        if ticker not in market.bars or "." in spelled:
            return Answer.of({"detail": "Not found."}, 404)
        rows = []
        for day, (o, h, lo, c, v) in market.rows(ticker, request.query["startDate"], request.query["endDate"]):
            to, per = market.splits.get(ticker, {}).get(day, (1.0, 1.0))
            cash = market.dividends.get(ticker, {}).get(day, 0.0)
            stamp = f"{day}T00:00:00.000Z"
            row = {"date": stamp, "open": o, "high": h, "low": lo, "close": c, "volume": v}
            rows.append({**row, "divCash": cash, "splitFactor": to / per})
        return Answer.of(rows)

    return handle


def fake_alpaca(
    market: Market, page_bars: int = 10_000, hidden: Mapping[str, int] | None = None
) -> Callable[..., Answer]:
    """Alpaca; `hidden` tickers are left out of answers about several, as often as it says."""
    hides = dict(hidden or {})

    def bars(request: Request) -> Answer:
        wanted = sorted(request.query["symbols"].split(","))
        flat: list[tuple[str, dict[str, Any]]] = []
        for ticker in wanted:
            if not ticker.replace(".", "").isalnum():
                return Answer.of({"message": f"invalid symbol: {ticker}"}, 400)
            if len(wanted) > 1 and hides.get(ticker, 0) > 0:
                hides[ticker] -= 1
                continue
            for day, (o, h, lo, c, v) in (
                market.rows(ticker, request.query["start"], request.query["end"]) if (ticker in market.bars) else []
            ):
                flat.append(
                    (ticker, {"t": f"{day}T05:00:00Z", "o": o, "h": h, "l": lo, "c": c, "v": v, "n": 9, "vw": c})
                )
        start = int(request.query.get("page_token", "0"))
        size = min(page_bars, int(request.query["limit"]))
        page: dict[str, list[dict[str, Any]]] = {}
        for ticker, row in flat[start : start + size]:
            page.setdefault(ticker, []).append(row)
        more = str(start + size) if start + size < len(flat) else None
        return Answer.of({"bars": page or None, "next_page_token": more})

    def actions(request: Request) -> Answer:
        wanted = request.query["symbols"].split(",")
        found: dict[str, list[dict[str, Any]]] = {}
        for ticker in wanted:
            for day, (to, per) in market.splits.get(ticker, {}).items():
                kind = "forward_splits" if to > per else "reverse_splits"
                row = {"symbol": ticker, "new_rate": to, "old_rate": per, "ex_date": day, "process_date": day}
                found.setdefault(kind, []).append(row)
            for day, cash in market.dividends.get(ticker, {}).items():
                row = {"symbol": ticker, "rate": cash, "ex_date": day, "process_date": "2021-06-30", "special": False}
                found.setdefault("cash_dividends", []).append(row)
        return Answer.of({"corporate_actions": found, "next_page_token": None})

    return lambda request: bars(request) if request.path == "/v2/stocks/bars" else actions(request)


def fake_massive(market: Market, base: Callable[[], str], page_bars: int = 50_000) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        parts = request.path.strip("/").split("/")
        if parts[1] == "aggs":
            return _aggregates(market, request, parts, base(), page_bars)
        ticker = request.query["ticker"]
        if parts[2] == "splits":
            rows: list[dict[str, Any]] = [
                {"execution_date": day, "split_from": per, "split_to": to, "ticker": ticker}
                for day, (to, per) in market.splits.get(ticker, {}).items()
                if request.query["execution_date.gte"] <= day <= request.query["execution_date.lte"]
            ]
        else:
            rows = [
                {"ex_dividend_date": day, "cash_amount": cash, "currency": "USD", "ticker": ticker}
                for day, cash in market.dividends.get(ticker, {}).items()
                if request.query["ex_dividend_date.gte"] <= day <= request.query["ex_dividend_date.lte"]
            ]
        return Answer.of({"status": "OK", "results": rows})

    return handle


def _aggregates(market: Market, request: Request, parts: list[str], base: str, page_bars: int) -> Answer:
    ticker, first, last = parts[3], parts[7], parts[8]
    if ticker not in market.bars:
        return Answer.of({"status": "OK", "resultsCount": 0, "adjusted": False})
    if request.query.get("adjusted", "false") != "false":
        return Answer.of({"status": "ERROR", "error": "the test wants raw prices"})
    rows = [
        {
            "t": ((dt.date.fromisoformat(day) - EPOCH).days * 86_400 + 5 * 3_600) * 1_000,
            "o": o,
            "h": h,
            "l": lo,
            "c": c,
            "v": v,
        }
        for day, (o, h, lo, c, v) in market.rows(ticker, first, last)
    ]
    start = int(request.query.get("cursor", "0"))
    answer: dict[str, Any] = {"status": "OK", "results": rows[start : start + page_bars], "ticker": ticker}
    if start + page_bars < len(rows):
        answer["next_url"] = f"{base}{request.path}?cursor={start + page_bars}"
    return Answer.of(answer)


def day_number(text: str) -> int:
    return (dt.date.fromisoformat(text) - EPOCH).days
