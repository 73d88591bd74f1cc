"""Errors of the instance's database, SQLite or PostgreSQL, as errors of btassets.

Belongs here: messages that are caused by the disk, or by a server that went away. Does not belong here: opening the
instance (`dagster_home.py`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from btassets.errors import BtassetsError, CannotReadError, CannotWriteError, ServiceError

_REFUSALS = ("disk is full", "readonly", "read-only", "unable to open", "disk I/O error")
"""SQLite's messages for a failed write."""

_AWAY = (
    "server closed the connection",
    "terminating connection due to",
    "connection to server at",
    "the database system is",
    "too many retries for DB connection",
    "SSL connection has been closed",
)
"""Messages of PostgreSQL, its driver and dagster-postgres about a server that does not answer."""

_DAMAGE = ("malformed", "not a database", "file is encrypted")


def refusal_of(text: str, home: Path | str) -> BtassetsError | None:
    """Error for a message that is caused by the disk or by a server that is away, None for any other."""
    if any(words in text for words in (*_REFUSALS, "No space left on device")):
        return CannotWriteError(str(home), text.splitlines()[0])
    away = next((line.strip() for line in text.splitlines() if any(words in line for words in _AWAY)), None)
    if away is not None:
        return ServiceError("PostgreSQL", away, "start it, then run again; finished work is kept")
    if any(words in text for words in _DAMAGE):
        problem = f"its database is damaged: {text.splitlines()[0]}; remove the folder; tables and reports stay"
        return CannotReadError(str(home), problem)
    return None


@contextmanager
def database_refusals(home: Path) -> Iterator[None]:
    """Turn errors of the database of the instance in `home` into errors of btassets."""
    try:
        yield
    except BtassetsError:
        raise
    except Exception as error:
        # The errors of PostgreSQL are of an extra: dagster-postgres has one of its own, its driver others.
        is_of_extra = type(error).__module__.partition(".")[0] in ("psycopg2", "dagster_postgres")
        if not is_of_extra and not isinstance(error, DBAPIError | sqlite3.DatabaseError):
            raise
        known = refusal_of(str(getattr(error, "orig", None) or error), home)
        if known is None:
            raise
        raise known from error
