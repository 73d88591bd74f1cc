"""A book whose runs are kept in PostgreSQL: a real server on the loopback, started and stopped here."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from btassets.book.book import Book
from btassets.defs.schedules import switch, switches
from btassets.instance.dagster_home import open_instance
from btassets.storage.host_lock import POSTGRES_URL
from btassets_tests.support.book_factory import finish, start
from btassets_tests.support.running_page import RunningPage, free_port
from btassets_tests.support.small_market import make_book, names

pytestmark = pytest.mark.postgres

N = 12
_PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")


def _programs() -> Path | None:
    """Folder of `initdb` and `postgres`; distributions keep them off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = [initdb.parent for place in _PLACES for initdb in sorted(Path(place).glob("*/bin/initdb"))]
    return folders[-1] if folders else None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a server of the test's own on the loopback, without a password and without a database's name."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs (initdb, postgres) are not installed")
    pytest.importorskip("dagster_postgres", reason="dagster-postgres is not installed: pip install btassets[postgres]")
    # The server refuses to run as root.
    owner = pwd.getpwnam("postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name)
    user = {"user": owner.pw_uid, "group": owner.pw_gid} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="btassets-pg-", dir="/tmp") as name:
        os.chown(name, owner.pw_uid, owner.pw_gid)
        data, port = Path(name) / "data", free_port()
        words = [programs / "initdb", "-D", data, "-U", "btassets", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([*map(str, words)], check=True, capture_output=True, cwd=name, **user)
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-p", str(port), "-F"]
        process = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), *options], stderr=subprocess.DEVNULL, cwd=name, **user
        )
        try:
            ready = [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-t", "30"]
            while subprocess.run(ready, capture_output=True, check=False).returncode:
                assert process.poll() is None, "the server did not start"
            yield f"postgresql+psycopg2://btassets@127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def book(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Book:
    # One database serves one book.
    engine = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{tmp_path.name}"')
    engine.dispose()
    monkeypatch.setenv(POSTGRES_URL, f"{server}/{tmp_path.name}")
    return make_book(tmp_path, N)


def test_runs_are_kept_in_postgresql(book: Book) -> None:
    folder = book.folder
    first = finish(start("run", "--book", folder, "--quiet", "--set", "executor.kind=multiprocess"), 300)
    assert first.code == 0, first.err
    with open_instance(book.instance) as instance:
        assert type(instance.event_log_storage).__name__ == "PostgresEventLogStorage"
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.SUCCESS
        for asset in ("ohlcv_history", "candidates"):
            assert instance.get_materialized_partitions(dg.AssetKey(asset)) == set(names(N))
        assert not list(book.instance.rglob("*.db")), "nothing of it is in SQLite"
        switch(instance, book, is_on=True)
        assert all(s.is_on for s in switches(instance, book))
        switch(instance, book, is_on=False)
    with open_instance(book.instance) as instance:
        assert not any(s.is_on for s in switches(instance, book))
    again = finish(start("run", "--book", folder, "--quiet"), 300)
    assert (again.code, "nothing changed" in again.err) == (0, True)


@pytest.mark.slow
def test_page_over_postgresql(book: Book) -> None:
    page = RunningPage(book.folder)
    try:
        run_id = page.launch(
            tickers=("T000", f"T{N - 1:03d}"), config={"execution": {"config": {"kind": "multiprocess"}}}
        )
        assert page.wait(run_id) == "SUCCESS"
        assert page.numbers(run_id, "candidates")["recomputed"] == N
        done = page.wait_backfill(page.backfill([*names(N)[:3], *names(N)[6:9]]))
        assert (done["status"], len(done["runs"])) == ("COMPLETED_SUCCESS", 2)
    finally:
        page.stop()
