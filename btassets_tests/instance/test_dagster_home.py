"""Opening a book's instance: made whole whatever was interrupted, wherever the book is."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from btassets.instance.dagster_home import open_instance


def _empty(index: Path) -> None:
    index.write_bytes(b"")


def _some_tables(index: Path) -> None:
    with sqlite3.connect(index) as connection:
        connection.execute("create table event_logs (id integer primary key)")


def _no_version(index: Path) -> None:
    with sqlite3.connect(index) as connection:
        connection.execute("create table alembic_version (version_num varchar)")
        connection.execute("create table secondary_indexes (name varchar, migration_completed timestamp)")


@pytest.mark.parametrize("left", [_empty, _some_tables, _no_version])
def test_an_instance_whose_making_was_killed_is_made_anew(tmp_path: Path, left: Callable[[Path], None]) -> None:
    home = tmp_path / ".dagster"
    (home / "history" / "runs").mkdir(parents=True)
    left(home / "history" / "runs" / "index.db")
    with open_instance(home) as instance:
        instance.add_dynamic_partitions("tickers", ["AAPL"])
        assert list(instance.get_dynamic_partitions("tickers")) == ["AAPL"]
    with open_instance(home) as instance:
        assert list(instance.get_dynamic_partitions("tickers")) == ["AAPL"], "a whole one is kept"


@pytest.mark.parametrize("name", ["[x]*", "tab\there", 'quote"s', "a: b # c"])
def test_the_home_of_a_book_with_any_name(tmp_path: Path, name: str) -> None:
    with open_instance(tmp_path / name / ".dagster") as instance:
        instance.add_dynamic_partitions("tickers", ["AAPL"])
    assert (tmp_path / name / ".dagster" / "history" / "runs" / "index.db").is_file()
    assert [p.name for p in tmp_path.iterdir()] == [name]
