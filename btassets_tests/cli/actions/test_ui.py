"""`ui`: its words, and that nothing of it outlives it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from btassets.book.book import open_book
from btassets.errors import BookBusyError
from btassets.instance.dagster_home import open_instance
from btassets.storage.lock import book_lock
from btassets_tests.support.book_factory import call
from btassets_tests.support.running_page import RunningPage, free_port, is_alive, processes_of


@pytest.mark.parametrize("port", ["70000", "65535", "0", "-1", "99999999999999999999"])
def test_an_impossible_port_is_refused(book: Path, port: str) -> None:
    answer = call("ui", "--book", book, "--port", port)
    assert answer.code == 2
    assert "--port" in answer.err
    assert port in answer.err
    assert "65534" in answer.err
    assert "Traceback" not in answer.err


def test_a_port_of_the_system_is_refused_in_words(book: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may bind any port")
    answer = call("ui", "--book", book, "--port", "1")
    assert answer.code == 2
    assert "port 1: permission denied" in answer.err.lower()


def _is_daemon_there(book: Path) -> bool:
    try:
        with book_lock(book, "test", wait=False, name="daemon"):
            return False
    except BookBusyError:
        return True


def _until(what: str, condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.1)


@pytest.mark.slow
def test_kill_leaves_nothing(book: Path) -> None:
    page = RunningPage(book)
    started = processes_of(page.process.pid) - {page.process.pid}
    assert len(started) >= 4, "keeper, code server with its own, daemon, page"
    _until("daemon", lambda: _is_daemon_there(book))
    page.process.kill()
    page.process.wait()
    _until("the end", lambda: not [pid for pid in started if is_alive(pid)], 20.0)
    assert not _is_daemon_there(book)
    again = RunningPage(book)
    _until("daemon", lambda: _is_daemon_there(book))
    second = RunningPage(book)
    try:
        time.sleep(1)
        daemons = [
            pid
            for folder in Path("/proc").glob("[0-9]*")
            if (pid := folder.name)
            and b"btassets.instance.processes.daemon" in (folder / "cmdline").read_bytes()
            and str(book).encode() in (folder / "cmdline").read_bytes()
        ]
        assert len(daemons) == 1
    finally:
        assert second.stop() == 130
        assert again.stop() == 130
    assert "this starts the page only" in second.process.stdout.read()


@pytest.mark.slow
def test_a_killed_page_leaves_no_open_run(book: Path) -> None:
    page = RunningPage(book)
    with book_lock(book, "run of scenario base"):
        run_id = page.launch("report")
        page.wait(run_id, "STARTED")
        started = processes_of(page.process.pid)
        page.process.kill()
        page.process.wait()
        _until("the end", lambda: not [pid for pid in started if is_alive(pid)], 20.0)
    answer = call("run", "--book", book, "--quiet", "--set", "gates.min_rr=1.9")
    assert answer.code == 0, answer.err
    with open_instance(open_book(book).instance) as instance:
        assert [run.run_id for run in instance.get_runs() if not run.is_finished] == []
        texts = [str(entry.dagster_event.message) for entry in instance.all_logs(run_id) if entry.dagster_event]
    assert any("ended without notice" in text or "interrupted" in text.lower() for text in texts)


@pytest.mark.slow
def test_ctrl_c_ends_with_words(book: Path) -> None:
    command = [sys.executable, "-m", "btassets.cli", "ui", "--book", str(book), "--port", str(free_port())]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("Ctrl-C"):
            break
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "loading the book's definitions ..." in told
    assert "starting the page ..." in told
    assert told.rstrip().endswith("page, daemon and runs have ended. `btassets ui` starts them again.")
    assert "finished work is kept" not in told
