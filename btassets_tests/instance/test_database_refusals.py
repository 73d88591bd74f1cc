"""Refusals of the databases, SQLite's of the disk and PostgreSQL's, as sentences with exit code 7."""

import sqlite3
from pathlib import Path

import pytest

from btassets.errors import CannotReadError, CannotWriteError, ServiceError
from btassets.instance.database_refusals import database_refusals, refusal_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("database or disk is full", CannotWriteError),
        ("attempt to write a readonly database", CannotWriteError),
        ("unable to open database file", CannotWriteError),
        ("disk I/O error", CannotWriteError),
        ("database disk image is malformed", CannotReadError),
        ("file is not a database", CannotReadError),
    ],
)
def test_the_disk_is_named(tmp_path: Path, text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=text.split(" ", maxsplit=1)[0]) as caught, database_refusals(tmp_path):
        raise sqlite3.OperationalError(text)
    assert caught.value.exit_code == 7  # type: ignore[attr-defined]
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("module", ["psycopg2.errors", "dagster_postgres.utils"])
@pytest.mark.parametrize(
    "text",
    [
        "server closed the connection unexpectedly\n\tThis probably means",
        'connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused',
        "terminating connection due to unexpected postmaster exit",
        "FATAL:  the database system is starting up",
        "too many retries for DB connection",
    ],
)
def test_a_database_that_went_away_is_named(tmp_path: Path, text: str, module: str) -> None:
    error = type("OperationalError", (Exception,), {"__module__": module})
    said = r"PostgreSQL does not answer .*start it, then run again"
    with pytest.raises(ServiceError, match=said) as caught, database_refusals(tmp_path):
        raise error(text)
    assert caught.value.exit_code == 7
    with pytest.raises(KeyError), database_refusals(tmp_path):
        raise KeyError(text)


def test_anything_else_is_left_alone(tmp_path: Path) -> None:
    assert refusal_of("no such column: x", tmp_path) is None
    with pytest.raises(sqlite3.OperationalError, match="no such column"), database_refusals(tmp_path):
        raise sqlite3.OperationalError("no such column: x")
