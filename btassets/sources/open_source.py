"""Creates the source named by the settings.

Belongs here: the one place that knows every kind of source.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from btassets.engine.conventions import SESSIONS_A_YEAR
from btassets.errors import CredentialsError, NoBarsError
from btassets.masking import remember
from btassets.settings.models import Settings
from btassets.sources.base import BarSource
from btassets.sources.calendar.calendars import exchange_sessions
from btassets.sources.files.bar_folder import FilesSource
from btassets.sources.files.column_mapping import ColumnNames
from btassets.sources.files.landed import with_landed
from btassets.sources.synthetic.demo import DemoSource, calendar_span
from btassets.sources.universe.membership import read_membership
from btassets.sources.universe.ticker_names import canonical_ticker
from btassets.storage.lake import Lake

if TYPE_CHECKING:
    from btassets.sources.vendors.http_session import HttpSession

NO_BENCHMARK = "none"


KEPT_FOLDER = Path("landing") / "bars"
"""Folder of landed bars, below the book's folder."""


def open_source(settings: Settings, folder: Path, lake: Lake | None = None) -> BarSource:
    """Source of a book, merged with its landed bars.

    Parameters
    ----------
    folder
        Base of a relative `source.path`.
    lake
        Cache of the demo's exchange sessions, so that the calendar library is loaded once.

    Raises
    ------
    NoBarsError
        If a files source has no path.
    CredentialsError
        If a vendor's key is not in the environment.
    SettingError
        If the settings of the source contradict each other.
    """
    return with_landed(_own_source(settings, folder, lake), folder / KEPT_FOLDER)


def _own_source(settings: Settings, folder: Path, lake: Lake | None) -> BarSource:
    source = settings.source
    if source.kind == "demo":
        demo = settings.demo
        n_sessions = round(demo.years * SESSIONS_A_YEAR)
        sessions = None if lake is None else exchange_sessions(lake, "XNYS", *calendar_span(n_sessions, demo.extend))
        return DemoSource(
            sessions,
            demo.preset,
            n_tickers=demo.tickers,
            seed=demo.seed,
            n_sessions=n_sessions,
            extend=demo.extend,
        )
    columns = ColumnNames(**source.columns.model_dump())
    if source.kind == "sql":
        from btassets.sources.vendors.sql import SqlSource

        return SqlSource(source.url, source.query, columns, source.basis, folder)
    if source.kind != "files":
        return _vendor(settings, folder, lake)
    if not source.path:
        raise NoBarsError("source.path", "is empty", "set it to the folder of your bars in btassets.toml.")
    return FilesSource(
        folder / Path(source.path).expanduser(),
        columns=columns,
        basis=source.basis,
        ticker_pattern=source.ticker_pattern,
    )


def _vendor(settings: Settings, folder: Path, lake: Lake | None) -> BarSource:
    """Network source; its modules are imported only on demand."""
    from btassets.sources.calendar.window import window_of

    source = settings.source
    tickers = _named(settings, folder)
    window = window_of(source.start, source.end, settings.calendar, lake)
    if source.kind == "yahoo":
        from btassets.sources.vendors.yahoo import CALLS_PER_MINUTE, YahooSource

        pace = source.calls_per_minute or CALLS_PER_MINUTE
        return YahooSource(tickers, window, calls_per_minute=pace, timeout_s=source.timeout_s)
    if source.kind == "alpaca":
        from btassets.sources.vendors import alpaca

        names = dict(zip(("APCA-API-KEY-ID", "APCA-API-SECRET-KEY"), alpaca.KEY_NAMES, strict=True))
        headers = {header: environment_key("alpaca", name) for header, name in names.items()}
        session = _session(settings, alpaca.BASE_URL, headers, alpaca.CALLS_PER_MINUTE)
        return alpaca.AlpacaSource(tickers, window, session, source.feed)
    if source.kind == "tiingo":
        from btassets.sources.vendors import tiingo

        headers = {"Authorization": f"Token {environment_key('tiingo', *tiingo.KEY_NAMES)}"}
        session = _session(settings, tiingo.BASE_URL, headers, tiingo.CALLS_PER_MINUTE)
        return tiingo.TiingoSource(tickers, window, session)
    from btassets.sources.vendors import massive

    headers = {"Authorization": f"Bearer {environment_key('massive', *massive.KEY_NAMES)}"}
    session = _session(settings, massive.BASE_URL, headers, massive.CALLS_PER_MINUTE)
    return massive.MassiveSource(tickers, window, session)


def environment_key(source: str, *names: str) -> str:
    """Secret from the first of these environment variables that is set.

    Raises
    ------
    CredentialsError
        If none is set; the text names the variable and never shows a value.
    """
    for name in names:
        value = os.environ.get(name, "").strip()
        if value:
            if not value.isascii() or not value.isprintable() or " " in value:
                raise CredentialsError(source, f"{name} in the environment contains characters not allowed in a key")
            remember(value)
            return value
    raise CredentialsError(source, f"{names[0]} is not set in the environment")


def _session(settings: Settings, base_url: str, headers: dict[str, str], pace: float) -> "HttpSession":
    from btassets.sources.vendors.http_session import HttpSession

    source = settings.source
    return HttpSession(
        source.kind,
        source.base_url or base_url,
        headers,
        calls_per_minute=source.calls_per_minute or pace,
        timeout_s=source.timeout_s,
        max_wait_s=source.max_wait_s,
    )


def _named(settings: Settings, folder: Path) -> list[str]:
    """Tickers named by the settings or the membership file, plus the benchmark if it is not a file."""
    named = [canonical_ticker(name) for name in settings.universe.tickers]
    if settings.universe.membership and not named:
        named = list(read_membership(folder / Path(settings.universe.membership).expanduser()).spells)
    benchmark = settings.benchmark
    is_ticker = benchmark != NO_BENCHMARK and not (folder / Path(benchmark).expanduser()).is_file()
    return [*named, canonical_ticker(benchmark)] if named and is_ticker else named
