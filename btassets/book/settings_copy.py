"""The settings of the last run: a second copy, for the day on which btassets.toml is lost.

Belongs here: keeping it, and noticing that the settings file is the beginning of it. It is never taken for the
settings: which ones count is for a person to say.
"""

from pathlib import Path

from btassets.errors import SettingsFileError
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


def refuse_cut_settings(folder: Path) -> None:
    """Refuse a settings file that is only the beginning of the last run's, cut inside a line.

    Raises
    ------
    SettingsFileError
        With the copy that has the rest.
    """
    path, copy = folder / FILE_NAME, copy_of_settings(folder)
    try:
        text, kept = path.read_bytes(), copy.read_bytes()
    except OSError:
        return
    if len(text) < len(kept) and kept.startswith(text) and not text.endswith(b"\n"):
        raise SettingsFileError(
            str(path),
            f"is truncated after {len(text):,} of {len(kept):,} bytes read by the last run",
            f"restore it from {copy}; to keep it as it is, end its last line.",
        )
