"""Second copies of what cannot be made again: the ledger of trials, landed bars, the settings file.

Belongs here: keeping a copy, and putting it in the place of a file that is damaged or gone. The copy is the
same bytes in another folder, so that one torn write or one bad sector does not take both. Does not belong
here: which files are kept twice (`lake.py`, `btassets.book`, `btassets.stages.bars`).
"""

import datetime as dt
import shutil
from pathlib import Path

from btassets.storage.files import replace_file, writing
from btassets.storage.sealed import tell_damage, verify

FOLDER = ".copies"
TORN = ".torn-"
"""First letters of a damaged file that was set aside for good: nothing makes it again."""


def copy_in(root: Path, place: str) -> Path:
    """Second copy of what has its place below `root`."""
    return root / FOLDER / place


def keep(path: Path, copy: Path) -> None:
    """Copy `path` to `copy`, atomically and flushed to the disk."""
    replace_file(copy, lambda temporary: shutil.copyfile(path, temporary), is_durable=True)


def intact_footer(path: Path, place: str) -> bytes | None:
    """Footer of the sealed file at `path`, None when there is none or it is damaged."""
    try:
        seal = verify(path, place)
    except FileNotFoundError:
        return None
    return seal.footer if seal.problem is None else None


def restore(path: Path, place: str, copy: Path, problem: str, *, is_kept: bool = True) -> bytes | None:
    """Answer for a damaged `path` with its copy's footer; None when the copy is not intact either.

    Parameters
    ----------
    problem
        What is wrong with `path`, for the log.
    is_kept
        Set the damaged file aside and put the copy in its place; False: only say so, the copy is to be read.
    """
    footer = intact_footer(copy, place)
    if not is_kept:
        if footer is not None:
            tell_damage(path, f"damaged ({problem}); its second copy is read")
        return footer
    aside = aside_for_good(path)
    if footer is None:
        tell_damage(path, f"damaged ({problem}), and so is its second copy; set aside as {aside.name}")
        with writing(path):
            path.replace(aside)
        return None
    tell_damage(path, f"damaged ({problem}); set aside as {aside.name}, its second copy is in its place")
    keep(path, aside)
    keep(copy, path)
    return footer


def aside_for_good(path: Path) -> Path:
    """Name under which a damaged file stays: nothing makes it again, and a person may want to look."""
    now = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S")
    return path.with_name(f"{TORN}{now}-{path.name}")
