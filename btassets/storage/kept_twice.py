"""Second copies of data that cannot be rebuilt: trials, the history of verdicts, landed bars, the settings file.

Belongs here: writing a copy, and restoring a damaged or missing file from it. The copy has the same bytes in another
folder, so that one torn write or bad sector does not destroy both. Does not belong here: the list of files stored twice
(`lake.py`, `btassets.book`, `btassets.arrivals`).
"""

import datetime as dt
import shutil
from pathlib import Path

from btassets.storage.files import replace_file, writing
from btassets.storage.sealed import tell_damage, verify

FOLDER = ".copies"
TORN = ".torn-"
"""Prefix of a damaged file that was set aside permanently, because it cannot be rebuilt."""


def copy_in(root: Path, place: str) -> Path:
    """Second copy of a file below `root`."""
    return root / FOLDER / place


def keep(path: Path, copy: Path) -> None:
    """Copy `path` to `copy`, atomically and flushed to the disk."""
    replace_file(copy, lambda temporary: shutil.copyfile(path, temporary), is_durable=True)


def intact_footer(path: Path, place: str) -> bytes | None:
    """Footer of the sealed file at `path`, None if it is missing or damaged."""
    try:
        seal = verify(path, place)
    except FileNotFoundError:
        return None
    return seal.footer if seal.problem is None else None


def restore(path: Path, place: str, copy: Path, problem: str, *, is_kept: bool = True) -> bytes | None:
    """Use the copy's footer for a damaged `path`; None if the copy is not intact either.

    Parameters
    ----------
    problem
        Problem of `path`, for the log.
    is_kept
        Set the damaged file aside and restore it from the copy; False: only log it, the copy is read.
    """
    footer = intact_footer(copy, place)
    if not is_kept:
        if footer is not None:
            tell_damage(path, f"damaged ({problem}); its second copy is used")
        return footer
    aside = aside_for_good(path)
    if footer is None:
        tell_damage(path, f"damaged ({problem}), and so is its second copy; set aside as {aside.name}")
        with writing(path):
            path.replace(aside)
        return None
    tell_damage(path, f"damaged ({problem}); set aside as {aside.name} and restored from its second copy")
    keep(path, aside)
    keep(copy, path)
    return footer


def bring_back(path: Path, place: str, copy: Path, *, is_kept: bool = True) -> bytes | None:
    """Answer for a `path` that is gone with its copy's footer; None when the copy is damaged.

    Parameters
    ----------
    is_kept
        Put the copy in its place; False: only say so, the copy is to be read.
    """
    footer = intact_footer(copy, place)
    if footer is None:
        tell_damage(path, "is gone, and its second copy is damaged")
        return None
    tell_damage(path, f"is gone; its second copy is {'in its place' if is_kept else 'read'}")
    if is_kept:
        keep(copy, path)
    return footer


def aside_for_good(path: Path) -> Path:
    """Permanent name of a damaged file, which cannot be rebuilt and may be inspected."""
    now = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S")
    return path.with_name(f"{TORN}{now}-{path.name}")
