"""The settings of the last run: a second copy, in case btassets.toml is lost.

Belongs here: writing it, and detecting a settings file that is a prefix of it. It is never used as the settings: the
user decides which ones count.
"""

from pathlib import Path

from btassets.errors import SettingsFileError
from btassets.settings.load import FILE_NAME
from btassets.storage.kept_twice import copy_in, keep


def copy_of_settings(folder: Path) -> Path:
    """Location of the copy of a book's settings file."""
    return copy_in(folder / "data", FILE_NAME)


def keep_settings(folder: Path) -> None:
    """Copy the settings file about to be used by a run, if it changed.

    Raises
    ------
    CannotWriteError
        If the disk or the folder rejects the write.
    """
    path, copy = folder / FILE_NAME, copy_of_settings(folder)
    if not copy.is_file() or copy.read_bytes() != path.read_bytes():
        keep(path, copy)


def refuse_cut_settings(folder: Path) -> None:
    """Refuse a settings file that is a prefix of the last run's, truncated inside a line.

    Raises
    ------
    SettingsFileError
        Names the complete copy.
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
