"""Write and read errors of the instance's SQLite files, as errors of btassets.

Belongs here: SQLite's messages that are caused by the disk. Does not belong here: opening the instance
(`dagster_home.py`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from btassets.errors import BtassetsError, CannotReadError, CannotWriteError

_REFUSALS = ("disk is full", "readonly", "read-only", "unable to open", "disk I/O error")
"""SQLite's messages for a failed write."""

_DAMAGE = ("malformed", "not a database", "file is encrypted")


def refusal_of(text: str, home: Path | str) -> BtassetsError | None:
    """Error for a message of SQLite that is caused by the disk, None for any other."""
    if any(words in text for words in (*_REFUSALS, "No space left on device")):
        return CannotWriteError(str(home), text.splitlines()[0])
    if any(words in text for words in _DAMAGE):
        problem = f"its database is damaged: {text.splitlines()[0]}; remove the folder; tables and reports stay"
        return CannotReadError(str(home), problem)
    return None


@contextmanager
def database_refusals(home: Path) -> Iterator[None]:
    """Turn SQLite's errors about the instance in `home` into errors of btassets."""
    try:
        yield
    except (DBAPIError, sqlite3.DatabaseError) as error:
        known = refusal_of(str(getattr(error, "orig", None) or error), home)
        if known is None:
            raise
        raise known from error
