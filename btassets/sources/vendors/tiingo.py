"""Tiingo end-of-day prices: raw bars with the dividend and the split of each day in the same row.

Belongs here: Tiingo's URL, names and error responses. Does not belong here: pace and retries (`http_session.py`).

Facts: `GET /tiingo/daily/TICKER/prices` returns a whole window in one response; `close` is as printed, `divCash` the
cash on its ex-date, `splitFactor` new shares per old one, `adjClose` adjusted for both (compared by rule Q9, never
stored). A share class is written with a dash (BRK-B). An unknown ticker is a 404. Free accounts have about 50 requests
an hour and 1,000 a day (as of 2025; not verified again): a book of more tickers is filled over several runs, each
ending with exit code 5.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from btassets.errors import RateLimitedError
from btassets.settings.models import Settings
from btassets.sources.base import Basis, RawBars
from btassets.sources.calendar.window import Window
from btassets.sources.vendors.http_session import BadAnswerError, HttpSession
from btassets.sources.vendors.vendor_rows import (
    RowKeys,
    bars_of_rows,
    day_of_text,
    failed,
    rows_of,
)
from btassets.sources.vendors.vendor_settings import environment_key, session_of, tickers_and_window
from btassets.sources.vendors.vendor_source import VendorSource
from btassets.storage.lake import Lake

BASE_URL = "https://api.tiingo.com"
CALLS_PER_MINUTE = 60.0
KEY_NAMES = ("TIINGO_API_KEY",)
"""Environment variable with the token."""

_KEYS = RowKeys(dividend="divCash", split="splitFactor", adjusted_close="adjClose")
_QUOTA_WORDS = ("allocation", "rate limit", "too many requests")


def tiingo_spelling(ticker: str) -> str:
    """Spell a ticker as Tiingo does.

    >>> tiingo_spelling("BRK.B")
    'BRK-B'
    """
    return ticker.replace(".", "-")


class TiingoSource(VendorSource):
    """Tiingo as a `BarSource` of raw prices with splits and dividends.

    Parameters
    ----------
    tickers, window
        Those of every `VendorSource`.
    session
        Carries the token in its headers.
    """

    name = "tiingo"
    basis: Basis = "raw"

    def __init__(self, tickers: Sequence[str], window: Window, session: HttpSession) -> None:
        super().__init__(tickers, window)
        self._session = session

    def _asked(self, ticker: str, first: int | None) -> RawBars:
        window = self._window.since(first)
        path = f"tiingo/daily/{quote(tiingo_spelling(ticker), safe='')}/prices"
        parameters = {"startDate": window.first_iso, "endDate": window.last_iso, "format": "json"}
        try:
            answer = self._session.get_json(path, parameters)
            # Quotas are reported by HTTP 429, formerly by text in an ordinary response.
            if isinstance(answer, dict) and any(word in str(answer).lower() for word in _QUOTA_WORDS):
                raise RateLimitedError(self.name, f"it returned {str(answer.get('detail', answer))[:100]}")
            rows = rows_of(ticker, answer)
            days = [day_of_text(row.get("date")) for row in rows]
        except BadAnswerError as error:
            raise failed(ticker, error, window) from error
        except ValueError as error:
            raise failed(ticker, BadAnswerError(200, f"a bar has the timestamp {error}"), window) from error
        return bars_of_rows(ticker, days, rows, _KEYS)


def open_tiingo(settings: Settings, folder: Path, lake: Lake | None) -> TiingoSource:
    """Source of a book whose settings name this vendor; its key is in the environment."""
    tickers, window = tickers_and_window(settings, folder, lake)
    headers = {"Authorization": f"Token {environment_key('tiingo', *KEY_NAMES)}"}
    return TiingoSource(tickers, window, session_of(settings, BASE_URL, headers, calls_per_minute=CALLS_PER_MINUTE))
