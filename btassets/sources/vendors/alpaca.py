"""Alpaca Market Data: raw daily bars of many tickers per request, with their corporate actions.

Belongs here: Alpaca's URLs, names and paging. Does not belong here: pace and retries (`http_session.py`).

Facts from its documentation: `GET /v2/stocks/bars` returns up to 10,000 bars a page over all symbols together, sorted
by symbol and time, and pages by `next_page_token`; `adjustment=raw` gives prices as printed; a daily bar has the
timestamp of midnight in New York, in UTC; free accounts have 200 requests a minute and no consolidated (sip) data of
the last 15 minutes. `GET /v1/corporate-actions` returns splits and dividends, selected by their processing date, which
for a dividend is the payment date: the request extends far beyond the last bar and the result is filtered by ex-date.
Symbols keep the dot (BRK.B). Spin-offs have no price there: they are reported, not adjusted for.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from btassets.engine.days import iso_day
from btassets.settings.models import Settings
from btassets.sources.base import Basis, BlockedTickerError, Problem, RawBars
from btassets.sources.calendar.window import Window
from btassets.sources.vendors.http_session import BadAnswerError, HttpSession
from btassets.sources.vendors.vendor_rows import (
    RowKeys,
    bars_of_rows,
    day_of_text,
    failed,
    number_of,
    rows_of,
    said_instead,
    with_actions,
)
from btassets.sources.vendors.vendor_settings import environment_key, session_of, tickers_and_window
from btassets.sources.vendors.vendor_source import VendorSource
from btassets.storage.lake import Lake

BASE_URL = "https://data.alpaca.markets"
CALLS_PER_MINUTE = 200.0
KEY_NAMES = ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY")
"""Environment variables with the key and its secret."""

_PAGE_BARS = 10_000
_PAGE_ACTIONS = 1_000
_MAX_TICKERS = 100
_MAX_PAGES = 10_000
_PAID_WITHIN_DAYS = 180
_TYPES = "cash_dividend,stock_dividend,forward_split,reverse_split,unit_split,spin_off"
_KEYS = RowKeys(open="o", high="h", low="l", close="c", volume="v")

Answers = dict[str, RawBars | BlockedTickerError]


class AlpacaSource(VendorSource):
    """Alpaca as a `BarSource` of raw prices with splits and dividends.

    Parameters
    ----------
    tickers, window
        Those of every `VendorSource`.
    session
        Carries the key in its headers.
    feed
        "sip": all exchanges; "iex": one exchange, with a small part of the volume.
    """

    name = "alpaca"
    basis: Basis = "raw"

    def __init__(self, tickers: Sequence[str], window: Window, session: HttpSession, feed: str = "sip") -> None:
        super().__init__(tickers, window)
        self._session, self._feed = session, feed
        self._lock = threading.Lock()
        self._wanted: dict[str, int | None] = {}
        self._ready: Answers = {}

    def announce(self, wanted: Mapping[str, int | None]) -> None:
        """Store the announced fetches, so that one request covers many tickers."""
        with self._lock:
            self._wanted = dict(wanted)
            self._ready.clear()

    def _asked(self, ticker: str, first: int | None) -> RawBars:
        with self._lock:
            is_announced = ticker in self._wanted and self._wanted[ticker] == first
            if not is_announced or ticker not in self._ready:
                group = self._group(ticker, first) if is_announced else {ticker: first}
                self._ready |= self._asked_together(group)
            found = self._ready.pop(ticker)
            self._wanted.pop(ticker, None)
        if isinstance(found, BlockedTickerError):
            raise found
        return found

    def _group(self, ticker: str, first: int | None) -> dict[str, int | None]:
        """Announced tickers that follow and fit into the same page or so."""
        alike = [name for name, start in self._wanted.items() if (start is None) == (first is None)]
        pending = [name for name in alike if name not in self._ready]
        n_days = self._window.last - (self._window.first if first is None else first) + 1
        n_tickers = min(_MAX_TICKERS, max(1, _PAGE_BARS // max(1, n_days * 5 // 7)))
        # Threads fetch concurrently: the first one to arrive need not fetch the first name.
        at = pending.index(ticker)
        begin = 0 if at < n_tickers else at
        return {name: self._wanted[name] for name in pending[begin : begin + n_tickers]}

    def _asked_together(self, group: Mapping[str, int | None]) -> Answers:
        """Bars of each ticker of a group; missing ones are requested once more, alone."""
        starts = [first for first in group.values() if first is not None]
        window = self._window.since(min(starts) if starts else None)
        try:
            answers = self._pages(list(group), window)
        except BadAnswerError as error:
            if len(group) == 1:
                return {ticker: failed(ticker, error, window) for ticker in group}
            answers = {}
        for ticker in group:
            found = answers.get(ticker)
            if len(group) > 1 and (found is None or (isinstance(found, RawBars) and not len(found))):
                answers |= self._asked_together({ticker: group[ticker]})
        return answers

    def _pages(self, tickers: Sequence[str], window: Window) -> Answers:
        found: dict[str, list[Mapping[str, Any]]] = {ticker: [] for ticker in tickers}
        parameters: dict[str, str | int] = {
            "symbols": ",".join(tickers),
            "timeframe": "1Day",
            "start": window.first_iso,
            "end": window.last_iso,
            "adjustment": "raw",
            "feed": self._feed,
            "limit": _PAGE_BARS,
            "sort": "asc",
        }
        for answer in self._answers("v2/stocks/bars", parameters):
            bars = _part(answer, "bars")
            if not isinstance(bars, dict):
                raise BadAnswerError(200, "the response has no bars by symbol")
            for ticker, rows in bars.items():
                if ticker in found:
                    found[ticker] += rows_of(ticker, rows)
        dividends, splits, notes = self._actions([t for t in tickers if found[t]], window)
        answers: Answers = {}
        for ticker, rows in found.items():
            try:
                plain = bars_of_rows(ticker, [day_of_text(row.get("t")) for row in rows], rows, _KEYS)
                bars = with_actions(ticker, plain, dividends.get(ticker, []), splits.get(ticker, []))
                answers[ticker] = _noted(bars, notes.get(ticker, []))
            except ValueError as error:
                answers[ticker] = failed(ticker, BadAnswerError(200, f"a bar has the timestamp {error}"), window)
            except BlockedTickerError as error:
                answers[ticker] = error
        return answers

    def _actions(
        self, tickers: Sequence[str], window: Window
    ) -> tuple[
        dict[str, list[tuple[int, float]]],
        dict[str, list[tuple[int, float]]],
        dict[str, list[tuple[int, str]]],
    ]:
        dividends: dict[str, list[tuple[int, float]]] = {}
        splits: dict[str, list[tuple[int, float]]] = {}
        notes: dict[str, list[tuple[int, str]]] = {}
        if not tickers:
            return dividends, splits, notes
        parameters: dict[str, str | int] = {
            "symbols": ",".join(tickers),
            "types": _TYPES,
            "start": window.first_iso,
            "end": iso_day(window.last + _PAID_WITHIN_DAYS),
            "limit": _PAGE_ACTIONS,
            "sort": "asc",
        }
        for answer in self._answers("v1/corporate-actions", parameters):
            actions = _part(answer, "corporate_actions")
            if not isinstance(actions, dict):
                raise BadAnswerError(200, "the response has no corporate actions by type")
            for kind, rows in actions.items():
                for row in rows_of("", rows):
                    _sort_in(kind, row, dividends, splits, notes)
        return dividends, splits, notes

    def _answers(self, path: str, parameters: Mapping[str, str | int]) -> Iterable[dict[str, Any]]:
        token: str | None = None
        for _ in range(_MAX_PAGES):
            answer = self._session.get_json(path, {**parameters, **({"page_token": token} if token else {})})
            if not isinstance(answer, dict):
                raise BadAnswerError(200, "the response is not an object")
            yield answer
            following = answer.get("next_page_token")
            if not following:
                return
            if following == token:
                raise BadAnswerError(200, "the same page token was returned twice")
            token = str(following)
        raise BadAnswerError(200, f"more than {_MAX_PAGES:,} pages in one response")


def _part(answer: Mapping[str, Any], name: str) -> Any:
    """Content of a response under `name`, {} for null; a response without it is an error message with status 200."""
    if name not in answer:
        raise BadAnswerError(200, f"the response has no {name} and says {said_instead(answer)}")
    return answer[name] or {}


def _sort_in(
    kind: str,
    row: Mapping[str, Any],
    dividends: dict[str, list[tuple[int, float]]],
    splits: dict[str, list[tuple[int, float]]],
    notes: dict[str, list[tuple[int, str]]],
) -> None:
    """Store one corporate action with its ticker."""
    ticker = str(row.get("symbol") or row.get("source_symbol") or row.get("old_symbol") or "")
    try:
        day = day_of_text(row.get("ex_date") or row.get("effective_date"))
    except ValueError as error:
        raise BadAnswerError(200, f"a corporate action of {ticker} has the ex-date {error}") from error
    if kind == "cash_dividends":
        dividends.setdefault(ticker, []).append((day, number_of(row.get("rate"))))
    elif kind == "stock_dividends":
        splits.setdefault(ticker, []).append((day, 1.0 + number_of(row.get("rate"))))
    elif kind in ("forward_splits", "reverse_splits", "unit_splits"):
        old = number_of(row.get("old_rate"))
        splits.setdefault(ticker, []).append((day, number_of(row.get("new_rate")) / old if old else float("nan")))
    elif kind == "spin_offs":
        notes.setdefault(ticker, []).append((day, f"a spin-off of {row.get('new_symbol')}"))


def _noted(bars: RawBars, events: Sequence[tuple[int, str]]) -> RawBars:
    inside = [event for event in events if len(bars) and bars.dates.min() < event[0] <= bars.dates.max()]
    if not inside:
        return bars
    day, what = inside[0]
    text = f"{iso_day(day)}: the vendor has no price for {what} ({len(inside)} in all); the fall is not adjusted for."
    return replace(bars, notes=(*bars.notes, Problem("", "Q8", "warn", day, len(inside), text)))


def open_alpaca(settings: Settings, folder: Path, lake: Lake | None) -> AlpacaSource:
    """Source of a book whose settings name this vendor; its key and the secret are in the environment."""
    tickers, window = tickers_and_window(settings, folder, lake)
    names = dict(zip(("APCA-API-KEY-ID", "APCA-API-SECRET-KEY"), KEY_NAMES, strict=True))
    headers = {header: environment_key("alpaca", name) for header, name in names.items()}
    session = session_of(settings, BASE_URL, headers, calls_per_minute=CALLS_PER_MINUTE)
    return AlpacaSource(tickers, window, session, settings.source.feed)
