"""Massive (formerly Polygon): raw daily aggregates, with splits and dividends from their own lists.

Belongs here: Massive's URLs, names and paging. Does not belong here: pace and retries (`http_session.py`).

Facts: `GET /v2/aggs/ticker/T/range/1/day/FROM/TO?adjusted=false` returns up to 50,000 bars a page, with the timestamp
of midnight in New York in milliseconds UTC; `adjusted=true`, its default, adjusts for splits only, so it is never used.
`GET /stocks/v1/splits` and `/stocks/v1/dividends` return corporate actions (`split_from`, `split_to`, `execution_date`;
`cash_amount`, `ex_dividend_date`, `currency`). Further pages are complete URLs in `next_url`. Symbols keep the dot
(BRK.B). Free accounts have 5 requests a minute and two years of history; a ticker takes three requests.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from btassets.engine.days import iso_day
from btassets.masking import mask
from btassets.settings.models import Settings
from btassets.sources.base import Basis, Problem, RawBars
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

BASE_URL = "https://api.massive.com"
CALLS_PER_MINUTE = 5.0
KEY_NAMES = ("MASSIVE_API_KEY", "POLYGON_API_KEY")
"""Environment variables with the key; the second is the name used before the company was renamed."""

_PAGE_BARS = 50_000
_PAGE_ACTIONS = 1_000
_MAX_PAGES = 1_000
_GOOD = ("OK", "DELAYED")
_MS_A_DAY = 86_400_000
_KEYS = RowKeys(open="o", high="h", low="l", close="c", volume="v")


class MassiveSource(VendorSource):
    """Massive as a `BarSource` of raw prices with splits and dividends.

    Parameters
    ----------
    tickers, window
        Those of every `VendorSource`.
    session
        Carries the key in its headers.
    """

    name = "massive"
    basis: Basis = "raw"

    def __init__(self, tickers: Sequence[str], window: Window, session: HttpSession) -> None:
        super().__init__(tickers, window)
        self._session = session

    def _asked(self, ticker: str, first: int | None) -> RawBars:
        window = self._window.since(first)
        try:
            return self._whole(ticker, window)
        except BadAnswerError as error:
            raise failed(ticker, error, window) from error
        except ValueError as error:
            raise failed(ticker, BadAnswerError(200, f"a date is {error}"), window) from error

    def _whole(self, ticker: str, window: Window) -> RawBars:
        path = f"v2/aggs/ticker/{quote(ticker, safe='')}/range/1/day/{window.first_iso}/{window.last_iso}"
        rows = list(self._rows(ticker, path, {"adjusted": "false", "sort": "asc", "limit": _PAGE_BARS}))
        days = [_day_of_stamp(row.get("t")) for row in rows]
        bars = bars_of_rows(ticker, days, rows, _KEYS)
        if not rows:
            return bars
        splits = [
            (day_of_text(row.get("execution_date")), _ratio(row))
            for row in self._actions(ticker, "stocks/v1/splits", "execution_date", window)
        ]
        paid = list(self._actions(ticker, "stocks/v1/dividends", "ex_dividend_date", window))
        foreign = [row for row in paid if str(row.get("currency") or "USD").upper() != "USD"]
        dividends = [
            (day_of_text(row.get("ex_dividend_date")), number_of(row.get("cash_amount")))
            for row in paid
            if row not in foreign
        ]
        bars = with_actions(ticker, bars, dividends, splits)
        if foreign:
            day = day_of_text(foreign[0].get("ex_dividend_date"))
            text = (
                f"{ticker} {iso_day(day)}: a dividend in {foreign[0].get('currency')} ({len(foreign)} in all) is not "
                "in the currency of the price; dropped."
            )
            bars = replace(bars, notes=(*bars.notes, Problem(ticker, "Q8", "warn", day, len(foreign), text)))
        return bars

    def _actions(self, ticker: str, path: str, date: str, window: Window) -> Iterable[Mapping[str, Any]]:
        parameters: dict[str, str | int] = {
            "ticker": ticker,
            f"{date}.gte": window.first_iso,
            f"{date}.lte": window.last_iso,
            "limit": _PAGE_ACTIONS,
        }
        return self._rows(ticker, path, parameters)

    def _rows(self, ticker: str, path: str, parameters: Mapping[str, str | int]) -> Iterable[Mapping[str, Any]]:
        seen: set[str] = set()
        answer = self._session.get_json(path, parameters)
        for _ in range(_MAX_PAGES):
            if not isinstance(answer, dict):
                raise BadAnswerError(200, f"the response says {mask(str(answer))[:100]}")
            is_said = "results" in answer or answer.get("status") in _GOOD
            if not is_said or answer.get("status", "OK") not in _GOOD:
                raise BadAnswerError(200, f"the response says {said_instead(answer)}")
            yield from rows_of(ticker, answer, "results")
            following = answer.get("next_url")
            if not following:
                return
            if following in seen:
                raise BadAnswerError(200, "the same next page was returned twice")
            seen.add(following)
            answer = self._session.get_json(str(following))
        raise BadAnswerError(200, f"more than {_MAX_PAGES:,} pages in one response")


def _day_of_stamp(value: object) -> int:
    milliseconds = number_of(value)
    # Midnight in New York is 04:00 or 05:00 UTC: the same date.
    if not 0.0 <= milliseconds < 1e14 or milliseconds % _MS_A_DAY > _MS_A_DAY / 2:
        raise ValueError(value)
    return int(milliseconds // _MS_A_DAY)


def _ratio(row: Mapping[str, Any]) -> float:
    old = number_of(row.get("split_from"))
    return number_of(row.get("split_to")) / old if old else float("nan")


def open_massive(settings: Settings, folder: Path, lake: Lake | None) -> MassiveSource:
    """Source of a book whose settings name this vendor; its key is in the environment."""
    tickers, window = tickers_and_window(settings, folder, lake)
    headers = {"Authorization": f"Bearer {environment_key('massive', *KEY_NAMES)}"}
    return MassiveSource(tickers, window, session_of(settings, BASE_URL, headers, calls_per_minute=CALLS_PER_MINUTE))
