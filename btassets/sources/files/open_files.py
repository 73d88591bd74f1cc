"""Opening the `files` source that the settings name.

Belongs here: which settings it takes. Does not belong here: the source itself (`bar_folder.py`).
"""

from pathlib import Path

from btassets.errors import NoBarsError
from btassets.settings.models import Settings
from btassets.sources.files.bar_folder import FilesSource
from btassets.sources.files.column_mapping import ColumnNames
from btassets.storage.lake import Lake


def open_files(settings: Settings, folder: Path, lake: Lake | None) -> FilesSource:
    """Source of a book whose settings name files; a relative path starts from the book's folder.

    Raises
    ------
    NoBarsError
        When `source.path` is empty.
    """
    del lake
    source = settings.source
    if not source.path:
        raise NoBarsError("source.path", "is empty", "set it to the folder of your bars in btassets.toml.")
    return FilesSource(
        folder / Path(source.path).expanduser(),
        columns=ColumnNames(**source.columns.model_dump()),
        basis=source.basis,
        ticker_pattern=source.ticker_pattern,
    )
