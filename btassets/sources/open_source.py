"""From settings to the source they name.

Belongs here: files, demo, databases, and what landed beside them. Does not belong here: the vendors over the network
(`btassets.sources.vendors.open_vendor`).
"""

from pathlib import Path

from btassets.engine.conventions import SESSIONS_A_YEAR
from btassets.errors import NoBarsError
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

NO_BENCHMARK = "none"


KEPT_FOLDER = Path("landing") / "bars"
"""Where the bars that landed are kept, below the book's folder."""


def open_source(settings: Settings, folder: Path, lake: Lake | None = None) -> BarSource:
    """Source of a book, together with what landed beside it.

    Parameters
    ----------
    folder
        What a relative `source.path` starts from.
    lake
        Where the demo's exchange sessions are kept, so that the calendar library is asked once.

    Raises
    ------
    NoBarsError
        When a files source has no path.
    CredentialsError
        When a vendor's key is not in the environment.
    SettingError
        When the settings of the source do not fit together.
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
        from btassets.sources.vendors.sql import SqlSource  # late: SQLAlchemy takes 0.2 CPU seconds

        return SqlSource(source.url, source.query, columns, source.basis, folder)
    if source.kind != "files":
        from btassets.sources.vendors.open_vendor import open_vendor  # late: urllib3 takes 0.05 CPU seconds

        return open_vendor(settings, _named(settings, folder), lake)
    if not source.path:
        raise NoBarsError("source.path", "is empty", "set it to the folder of your bars in btassets.toml.")
    return FilesSource(
        folder / Path(source.path).expanduser(),
        columns=columns,
        basis=source.basis,
        ticker_pattern=source.ticker_pattern,
    )


def _named(settings: Settings, folder: Path) -> list[str]:
    """Tickers that the book names, alone or in its file of dated membership, and the benchmark when it is no file."""
    named = [canonical_ticker(name) for name in settings.universe.tickers]
    if settings.universe.membership and not named:
        named = list(read_membership(folder / Path(settings.universe.membership).expanduser()).spells)
    benchmark = settings.benchmark
    is_ticker = benchmark != NO_BENCHMARK and not (folder / Path(benchmark).expanduser()).is_file()
    return [*named, canonical_ticker(benchmark)] if named and is_ticker else named
