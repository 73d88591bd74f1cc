"""What SQLite says of the disk, in words and with exit code 7."""

import sqlite3
from pathlib import Path

import pytest

from btassets.errors import CannotReadError, CannotWriteError
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


def test_anything_else_is_left_alone(tmp_path: Path) -> None:
    assert refusal_of("no such column: x", tmp_path) is None
    with pytest.raises(sqlite3.OperationalError, match="no such column"), database_refusals(tmp_path):
        raise sqlite3.OperationalError("no such column: x")
