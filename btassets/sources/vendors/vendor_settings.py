"""Inputs of a vendor source from settings and environment: tickers, window, key, session.

Belongs here: what every vendor needs alike. Does not belong here: any one vendor's address, pace and names of
keys (its module), asking over the network (`http_session.py`).
"""

import os
from collections.abc import Mapping
from pathlib import Path

from btassets.errors import CredentialsError
from btassets.masking import remember
from btassets.settings.models import Settings
from btassets.sources.calendar.window import Window, window_of
from btassets.sources.universe.benchmark_name import NO_BENCHMARK
from btassets.sources.universe.membership import read_membership
from btassets.sources.universe.ticker_names import canonical_ticker
from btassets.sources.vendors.http_session import HttpSession
from btassets.storage.lake import Lake


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


def tickers_and_window(settings: Settings, folder: Path, lake: Lake | None) -> tuple[list[str], Window]:
    """Tickers that the book names, and the dates of a whole fetch: the first two arguments of a vendor's source."""
    source = settings.source
    return named_tickers_of(settings, folder), window_of(
        source.start, source.end, settings.calendar, lake, history_days=source.history_days
    )


def named_tickers_of(settings: Settings, folder: Path) -> list[str]:
    """Tickers that the book names, alone or in its file of dated membership, and the benchmark when it is no file."""
    named = [canonical_ticker(name) for name in settings.universe.tickers]
    if settings.universe.membership and not named:
        named = list(read_membership(folder / Path(settings.universe.membership).expanduser()).spells)
    benchmark = settings.benchmark
    is_ticker = benchmark != NO_BENCHMARK and not (folder / Path(benchmark).expanduser()).is_file()
    return [*named, canonical_ticker(benchmark)] if named and is_ticker else named


def session_of(
    settings: Settings, base_url: str, headers: Mapping[str, str], *, calls_per_minute: float
) -> HttpSession:
    """Session with a vendor's own address and pace, each unless the settings name another."""
    source = settings.source
    return HttpSession(
        source.kind,
        source.base_url or base_url,
        dict(headers),
        calls_per_minute=source.calls_per_minute or calls_per_minute,
        timeout_s=source.timeout_s,
        max_wait_s=source.max_wait_s,
    )
