"""The settings of the last run: a second copy, for the day on which btassets.toml is lost.

Belongs here: keeping it. It is never read by itself: which settings count is for a person to say.
"""

from pathlib import Path

from btassets.settings.load import FILE_NAME
from btassets.storage.kept_twice import copy_in, keep


def copy_of_settings(folder: Path) -> Path:
    """Where the copy of a book's settings file is kept."""
    return copy_in(folder / "data", FILE_NAME)


def keep_settings(folder: Path) -> None:
    """Copy the settings file that a run is about to use, when it changed.

    Raises
    ------
    CannotWriteError
        When the disk or the folder refuses.
    """
    path, copy = folder / FILE_NAME, copy_of_settings(folder)
    if not copy.is_file() or copy.read_bytes() != path.read_bytes():
        keep(path, copy)
