"""Files of bars in a folder, and below it.

Belongs here: listing their paths, and the part of a path that a pattern is matched against. Does not belong here: their
tickers (`bar_folder.py`), what else a folder holds (`unread_files.py`).
"""

import os
from pathlib import Path

from btassets.sources.files.bar_suffix import bar_suffix


def bar_paths(folder: Path, *, is_deep: bool = False) -> list[Path]:
    """Paths of bar files, sorted; hidden files and folders are left out, and links to folders are not followed.

    Parameters
    ----------
    is_deep
        Include the files of sub-folders at any depth.

    Raises
    ------
    OSError
        If the folder cannot be read; a sub-folder that cannot be read is passed over.
    """
    found = [entry for entry in folder.iterdir() if _may_hold_bars(entry)]
    if is_deep:
        for root, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            if Path(root) != folder:
                found += [entry for name in names if _may_hold_bars(entry := Path(root, name))]
    return sorted(found)


def stem_of(path: Path, folder: Path) -> str:
    """A bar file's path below its folder, with slashes and without suffix.

    >>> stem_of(Path("bars/AAPL/daily.csv.gz"), Path("bars"))
    'AAPL/daily'
    """
    return path.relative_to(folder).as_posix().removesuffix(bar_suffix(path.name) or "")


def _may_hold_bars(entry: Path) -> bool:
    return not entry.name.startswith(".") and bar_suffix(entry.name) is not None and not entry.is_dir()
