"""Locks in PostgreSQL: one holder across hosts, named, gone with its process, taken again after a restart."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from btassets.errors import BookBusyError, LockLostError, ServiceError, UsageError
from btassets.storage import host_lock
from btassets.storage.host_lock import POSTGRES_URL, STEPS, HostLock, connect, holders_of
from btassets.storage.lock import book_lock
from btassets_tests.support.cluster_services import Postgres, lacks_postgres, wait_for

pytestmark = pytest.mark.postgres

_HOLD = (
    "import sys; from pathlib import Path; from btassets.storage.lock import book_lock\n"
    "with book_lock(Path(sys.argv[1]), 'the other run'):\n    print('held', flush=True)\n    sys.stdin.read()"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    reason = lacks_postgres()
    if reason:
        pytest.skip(reason)
    made = Postgres("127.0.0.1")
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def url(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(POSTGRES_URL, server.url())
    return server.url()


def other_host(folder: Path) -> subprocess.Popen[str]:
    """A process that holds the lock of a book; another folder acts as one whose file locks do not reach here."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_run_on_another_host_holds_the_book(url: str, tmp_path: Path) -> None:
    holder = other_host(tmp_path / "there")
    said = rf"the other run, process {holder.pid} on .*, from 127\.0\.0\.1"
    with pytest.raises(BookBusyError, match=said), book_lock(tmp_path / "here", "mine", wait=False):
        pass
    assert holders_of(url, "run")[0].startswith("the other run")
    told: list[str] = []
    freed = threading.Thread(target=lambda: (wait_for("the waiting run", lambda: told), holder.kill()))
    freed.start()
    with book_lock(tmp_path / "here", "mine", on_wait=told.append):  # a killed process frees it
        assert holders_of(url, "run")[0].startswith("mine, process")
    freed.join()
    holder.communicate()
    assert (len(told), holders_of(url, "run")) == (1, [])


def test_without_a_database_the_file_alone_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(POSTGRES_URL, raising=False)
    with book_lock(tmp_path, "mine") as lease:
        lease.check()


def test_a_run_that_a_command_starts_is_the_holder(url: str, tmp_path: Path) -> None:
    with book_lock(tmp_path, "command"):
        with book_lock(tmp_path, "run 1a2b3c4d of everything", wait=False):
            assert holders_of(url, "run")[0].startswith("run 1a2b3c4d of everything, process")
        assert holders_of(url, "run")[0].startswith("command, process")


def test_a_run_waits_for_a_step_of_a_dead_one(url: str, tmp_path: Path) -> None:
    step = HostLock(url, STEPS, "step replay_shard_1 of run 0f0f0f0f", is_shared=True)
    beside = HostLock(url, STEPS, "step replay_shard_2 of run 0f0f0f0f", is_shared=True)
    assert (step.try_acquire(), beside.try_acquire()) == (None, None)
    with pytest.raises(BookBusyError, match="step replay_shard_1"), book_lock(tmp_path, "mine", wait=False):
        pass
    assert holders_of(url, "run") == []
    step.release()
    beside.release()
    with book_lock(tmp_path, "mine", wait=False):
        pass


def test_a_restart_of_the_database_is_survived(url: str, server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_lock, "_BEAT_SECONDS", 0.05)
    lock = HostLock(url, "restarted", "mine")
    assert lock.try_acquire() is None
    server.restart()
    wait_for("the lock", lambda: holders_of(url, "restarted"))
    lock.check()
    lock.release()


def test_a_lock_that_another_took_meanwhile_is_lost(
    url: str, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_lock, "_BEAT_SECONDS", 600.0)  # the watcher is called by hand
    mine, theirs = HostLock(url, "lost", "mine"), HostLock(url, "lost", "theirs")
    assert mine.try_acquire() is None
    server.restart()
    assert theirs.try_acquire() is None
    mine.look()
    with pytest.raises(LockLostError, match="theirs, process"):
        mine.check()
    assert (mine.look(), holders_of(url, "lost")[0].startswith("theirs")) == (False, True)
    theirs.release()
    mine.release()


def test_no_database_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceError, match=f"PostgreSQL does not answer .*correct {POSTGRES_URL}") as caught:
        connect("postgresql+psycopg2://me:hush-hush@127.0.0.1:1/none")
    assert "hush" not in str(caught.value)
    assert caught.value.exit_code == 7
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(UsageError, match=r'pip install "btassets\[cluster\]"'):
        connect("postgresql://127.0.0.1/none")
