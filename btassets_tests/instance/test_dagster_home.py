"""A book's instance: its settings file, and what a refused write ends with."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

from btassets.errors import EXIT_CANNOT_WRITE, CannotWriteError, UsageError
from btassets.instance.dagster_home import is_home, open_instance, write_home
from btassets.storage.host_lock import POSTGRES_URL
from btassets_tests.support.book_factory import PROJECT, call


def test_classes_of_an_older_version_are_replaced(book: Path) -> None:
    path = book / ".dagster" / "dagster.yaml"
    text = path.read_text()
    old = text.replace("btassets.instance.event_log", "btassets.defs.event_log")
    old = old.replace("btassets.instance.runs.compute_logs", "btassets.defs.compute_logs")
    assert old != text
    path.write_text(old)
    answer = call("run", "--book", book, "--quiet", "--set", "gates.min_rr=1.8")
    assert answer.code == 0, answer.err
    assert "btassets.defs" not in path.read_text()
    assert "btassets.instance.event_log" in path.read_text()


def test_a_cut_settings_file_is_replaced(book: Path) -> None:
    path = book / ".dagster" / "dagster.yaml"
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    with open_instance(book / ".dagster") as instance:
        assert instance.get_runs_count() == 1
    assert len(path.read_text().splitlines()) == len(text.splitlines())


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("attempt to write a readonly database"),
        OperationalError("insert", {}, sqlite3.OperationalError("unable to open database file")),
        OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full")),
    ],
)
def test_a_database_that_refuses_is_a_refused_write(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(CannotWriteError) as told, open_instance(tmp_path / ".dagster"):
        raise error
    assert str(tmp_path / ".dagster") in str(told.value)


def test_another_error_of_a_database_stays_itself(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError), open_instance(tmp_path / ".dagster"):
        raise sqlite3.OperationalError("no such table: x")


# ---- a book that may only be read
@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory, finished_book: Path) -> Iterator[Path]:
    """A finished book that nobody may write, without the calendar's cache."""
    folder = Path(shutil.copytree(finished_book, tmp_path_factory.mktemp("sealed") / "book", symlinks=True))
    shutil.rmtree(folder / "data" / "exchange_calendar", ignore_errors=True)
    _seal(folder, is_sealed=True)
    yield folder
    _seal(folder, is_sealed=False)


def _seal(folder: Path, *, is_sealed: bool) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222 if is_sealed else path.stat().st_mode | 0o200)


def _unprivileged(*words: object) -> subprocess.CompletedProcess[str]:
    """Run a command without the superuser's right to write everywhere."""
    prefix = []
    if os.geteuid() == 0:
        program = shutil.which("setpriv")
        if program is None:
            pytest.skip("the superuser may write everywhere, and setpriv is not installed")
        prefix = [program, "--inh-caps=-all", "--bounding-set=-all"]
    command = [*prefix, sys.executable, "-m", "btassets.cli", *map(str, words)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=300)


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")}


@pytest.mark.parametrize(
    "words", [("today",), ("report",), ("config",), ("sql", "select count(*) from trades"), ("doctor",)]
)
def test_a_sealed_book_can_be_looked_at(read_only: Path, words: tuple[str, ...]) -> None:
    before = _state(read_only)
    done = _unprivileged(*words, "--book", read_only)
    # The doctor says in one row that no run could write here; the others have nothing to say about it.
    assert done.returncode == (EXIT_CANNOT_WRITE if words == ("doctor",) else 0), done.stderr
    assert done.stdout
    assert "Traceback" not in done.stderr
    if words == ("doctor",):
        assert [line.split()[1:3] for line in done.stdout.splitlines() if line.startswith("FAIL")] == [
            ["write", "rights"]
        ]
    assert _state(read_only) == before


@pytest.mark.parametrize("words", [("run",), ("prune",), ("schedule", "on"), ("ui", "--no-page"), ("ingest",)])
def test_a_sealed_book_refuses_work_in_words(read_only: Path, words: tuple[str, ...]) -> None:
    before = _state(read_only)
    done = _unprivileged(*words, "--book", read_only)
    assert done.returncode == EXIT_CANNOT_WRITE, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert str(read_only) in done.stderr
    assert _state(read_only) == before


@pytest.mark.parametrize("sealed", [".dagster", ".dagster/history", ".dagster/history/runs", ".dagster/schedules"])
def test_a_sealed_part_of_the_instance_is_told(book: Path, sealed: str) -> None:
    _seal(book / sealed, is_sealed=True)
    try:
        done = _unprivileged("run", "--book", book, "--quiet", "--set", "gates.min_rr=1.8")
    finally:
        _seal(book / sealed, is_sealed=False)
    assert done.returncode == EXIT_CANNOT_WRITE, done.stdout + done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    assert ".dagster" in done.stderr


def test_looking_makes_no_instance(book: Path) -> None:
    shutil.rmtree(book / ".dagster")
    for words in (("today",), ("report",), ("config",), ("doctor",), ("sql", "select 1")):
        assert call(*words, "--book", book).code == 0, words
    assert not (book / ".dagster").exists()


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


def test_an_instance_of_somebody_else_is_not_home(tmp_path):
    with open_instance(tmp_path / "book" / ".dagster") as instance:
        assert is_home(instance, tmp_path / "book" / ".dagster")
        assert is_home(instance, tmp_path / "book" / ".." / "book" / ".dagster")
        assert not is_home(instance, tmp_path / "other" / ".dagster")
    with dg.DagsterInstance.ephemeral() as instance:
        assert not is_home(instance, tmp_path / "book" / ".dagster")


def test_a_host_of_a_cluster_without_its_database_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ".dagster"
    (tmp_path / "btassets.toml").write_text('[executor]\nkind = "celery"\nshards = 8\n')
    monkeypatch.setenv(POSTGRES_URL, "postgresql+psycopg2://me@db/book")
    write_home(home)
    text = (home / "dagster.yaml").read_text()
    assert "postgres_url" in text
    monkeypatch.delenv(POSTGRES_URL)
    with pytest.raises(UsageError, match=rf'executor\.kind is "celery", and {POSTGRES_URL} is not set; export'):
        write_home(home)
    assert (home / "dagster.yaml").read_text() == text
    (tmp_path / "btassets.toml").write_text("[executor]\nshards = 8\n")
    write_home(home)
    assert "BatchedSqlite" in (home / "dagster.yaml").read_text()
