"""From settings to the vendor they name.

Belongs here: one line per vendor, and its key from the environment. Does not belong here: what a vendor answers
(the modules beside this one).
"""

import os
from collections.abc import Sequence

from btassets.errors import CredentialsError
from btassets.masking import remember
from btassets.settings.models import Settings
from btassets.sources.base import BarSource
from btassets.sources.calendar.window import window_of
from btassets.sources.vendors import alpaca, massive, tiingo, yahoo
from btassets.sources.vendors.http_session import HttpSession
from btassets.storage.lake import Lake


def open_vendor(settings: Settings, tickers: Sequence[str], lake: Lake | None) -> BarSource:
    """Source over the network for `tickers`; `lake` keeps the exchange's hours.

    Raises
    ------
    CredentialsError
        When the vendor's key is not in the environment.
    SettingError
        When the dates of the settings do not fit together.
    """
    source = settings.source
    window = window_of(source.start, source.end, settings.calendar, lake)
    if source.kind == "yahoo":
        pace = source.calls_per_minute or yahoo.CALLS_PER_MINUTE
        return yahoo.YahooSource(tickers, window, calls_per_minute=pace, timeout_s=source.timeout_s)
    if source.kind == "alpaca":
        names = dict(zip(("APCA-API-KEY-ID", "APCA-API-SECRET-KEY"), alpaca.KEY_NAMES, strict=True))
        headers = {header: environment_key("alpaca", name) for header, name in names.items()}
        session = _session(settings, alpaca.BASE_URL, headers, alpaca.CALLS_PER_MINUTE)
        return alpaca.AlpacaSource(tickers, window, session, source.feed)
    if source.kind == "tiingo":
        headers = {"Authorization": f"Token {environment_key('tiingo', *tiingo.KEY_NAMES)}"}
        session = _session(settings, tiingo.BASE_URL, headers, tiingo.CALLS_PER_MINUTE)
        return tiingo.TiingoSource(tickers, window, session)
    headers = {"Authorization": f"Bearer {environment_key('massive', *massive.KEY_NAMES)}"}
    session = _session(settings, massive.BASE_URL, headers, massive.CALLS_PER_MINUTE)
    return massive.MassiveSource(tickers, window, session)


def environment_key(source: str, *names: str) -> str:
    """Secret from the first of these environment variables that is set.

    Raises
    ------
    CredentialsError
        When none is; the text names the variable and never shows a value.
    """
    for name in names:
        value = os.environ.get(name, "").strip()
        if value:
            if not value.isascii() or not value.isprintable() or " " in value:
                raise CredentialsError(source, f"{name} in the environment holds characters that no key has")
            remember(value)
            return value
    raise CredentialsError(source, f"{names[0]} is not set in the environment")


def _session(settings: Settings, base_url: str, headers: dict[str, str], pace: float) -> HttpSession:
    source = settings.source
    return HttpSession(
        source.kind,
        source.base_url or base_url,
        headers,
        calls_per_minute=source.calls_per_minute or pace,
        timeout_s=source.timeout_s,
        max_wait_s=source.max_wait_s,
    )
