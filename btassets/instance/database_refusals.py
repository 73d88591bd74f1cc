"""The instance's SQLite files refusing to be written or read, in the words of any other file.

Belongs here: which of SQLite's messages are the disk's doing. Does not belong here: opening the instance
(`dagster_home.py`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from btassets.errors import BtassetsError, CannotReadError, CannotWriteError

_REFUSALS = ("disk is full", "readonly", "read-only", "unable to open", "disk I/O error")
"""How SQLite says that it cannot write."""

_DAMAGE = ("malformed", "not a database", "file is encrypted")


def refusal_of(text: str, home: Path | str) -> BtassetsError | None:
    """Error for a message of SQLite that is the disk's doing, None for any other."""
    if any(words in text for words in (*_REFUSALS, "No space left on device")):
        return CannotWriteError(str(home), text.splitlines()[0])
    if any(words in text for words in _DAMAGE):
        problem = f"its database is damaged: {text.splitlines()[0]}; take the folder away, tables and reports stay"
        return CannotReadError(str(home), problem)
    return None


@contextmanager
def database_refusals(home: Path) -> Iterator[None]:
    """Turn SQLite's refusals over the instance in `home` into errors of btassets."""
    try:
        yield
    except (DBAPIError, sqlite3.DatabaseError) as error:
        known = refusal_of(str(getattr(error, "orig", None) or error), home)
        if known is None:
            raise
        raise known from error
