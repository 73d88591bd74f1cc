"""Paths to which `--out` may write.

Belongs here: the one rule for every command that writes a user's file: a regular file or a new one, in an existing
folder. Does not belong here: the content (`look.py`), atomic writing (`btassets.storage.files`).
"""

import stat
from collections.abc import Iterable
from pathlib import Path

from btassets.book.book import Book
from btassets.errors import UsageError

_OF_THE_SYSTEM = ("/dev", "/proc", "/sys")
_IN_MEMORY = Path("/dev/shm")  # noqa: S108  (ordinary files)
_ADVICE = "name a file in an existing folder."


def checked_out(
    path: Path,
    *,
    endings: Iterable[str] = (".parquet", ".csv", ".json"),
    book: Book | None = None,
    inputs: Iterable[Path | None] = (),
    word: str = "--out",
) -> None:
    """Refuse a path that a command must not write.

    Parameters
    ----------
    endings
        Suffixes that select a format; empty: any.
    book
        The book being read: its own files are never a target.
    inputs
        Other files and folders that the command reads or writes.
    word
        The option, for the message.

    Raises
    ------
    UsageError
        For a device, a folder, a missing folder, an unknown suffix, or an input file.
    """
    shown = f"{word} {path}"
    ending, known = path.suffix.lower(), list(endings)
    if known and ending not in known:
        raise UsageError(
            (f"{shown}: has the suffix {ending or 'none'}"), f"use {', '.join(known[:-1])} or {known[-1]}."
        )
    real = path.absolute()
    if not real.parent.is_dir():
        raise UsageError(f"{shown}: there is no folder {real.parent}", "create it first, or name another one.")
    place = real.resolve()
    if any(place.is_relative_to(devices) for devices in _OF_THE_SYSTEM) and not place.is_relative_to(_IN_MEMORY):
        raise UsageError(f"{shown}: a folder of devices", _ADVICE)
    if path.exists():
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise UsageError(f"{shown}: a folder", _ADVICE)
        if not stat.S_ISREG(kind):
            raise UsageError(f"{shown}: a device, pipe or socket", _ADVICE)
    real = path.resolve()
    for other in inputs:
        if other is not None and other.resolve() == real:
            raise UsageError(f"{shown}: an input file of this command", "name another file.")
    if book is not None:
        own = (book.lake.root, book.instance, book.folder / "btassets.toml", book.folder / "warehouse.duckdb")
        if any(real == place.resolve() or place.resolve() in real.parents for place in own):
            raise UsageError(f"{shown}: a file of the book itself", "name a file outside of data/ and .dagster/.")
