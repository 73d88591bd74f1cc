"""From settings to the source they name.

Belongs here: the one place that knows every kind of source.
"""

from pathlib import Path

from btassets.errors import NoBarsError
from btassets.settings.models import Settings
from btassets.sources.base import BarSource
from btassets.sources.calendars import exchange_sessions
from btassets.sources.columns import ColumnNames
from btassets.sources.demo import DemoSource, calendar_span
from btassets.sources.files import FilesSource
from btassets.storage.lake import Lake


def open_source(settings: Settings, folder: Path, lake: Lake | None = None) -> BarSource:
    """Source of a book.

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
    """
    source = settings.source
    if source.kind == "demo":
        demo = settings.demo
        n_sessions = round(demo.years * 252)
        sessions = None if lake is None else exchange_sessions(lake, "XNYS", *calendar_span(n_sessions, demo.extend))
        return DemoSource(
            sessions,
            demo.preset,
            n_tickers=demo.tickers,
            seed=demo.seed,
            n_sessions=n_sessions,
            extend=demo.extend,
        )
    if not source.path:
        raise NoBarsError("source.path", "is empty", "set it to the folder of your bars in btassets.toml.")
    return FilesSource(
        folder / Path(source.path).expanduser(),
        columns=ColumnNames(**source.columns.model_dump()),
        basis=source.basis,
        ticker_pattern=source.ticker_pattern,
    )
