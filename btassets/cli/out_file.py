"""Where `--out` may write.

Belongs here: the one rule for every command that writes a file of the user's: a regular file or a new one, in a
folder that exists. Does not belong here: the content (`look.py`), atomic writing (`btassets.storage.files`).
"""

import stat
from collections.abc import Iterable
from pathlib import Path

from btassets.book.book import Book
from btassets.errors import UsageError

_OF_THE_SYSTEM = ("/dev", "/proc", "/sys")
_ADVICE = "name a file, new or existing, in a folder that exists."


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
        Endings that name a format; empty: any.
    book
        The book that is read: its own files are never a target.
    inputs
        Files and folders that the command reads, or writes otherwise.
    word
        The option, for the message.

    Raises
    ------
    UsageError
        For a device, a folder, a missing folder, an unknown ending, or a file that is read.
    """
    shown = f"{word} {path}"
    ending = path.suffix.lower()
    if endings and ending not in endings:
        raise UsageError(f"{shown}: ends in {ending or 'nothing'}", f"write {' or '.join(endings)}.")
    real = path.absolute()
    if not real.parent.is_dir():
        raise UsageError(f"{shown}: there is no folder {real.parent}", "make it first, or name another one.")
    if any(real.resolve().is_relative_to(place) for place in _OF_THE_SYSTEM):
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
            raise UsageError(f"{shown}: the command uses this file itself", "name another file.")
    if book is not None:
        own = (book.lake.root, book.instance, book.folder / "btassets.toml", book.folder / "warehouse.duckdb")
        if any(real == place.resolve() or place.resolve() in real.parents for place in own):
            raise UsageError(f"{shown}: a file of the book itself", "name a file outside of data/ and .dagster/.")
