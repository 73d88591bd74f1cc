"""Runs whose process has ended are closed, and no other."""

import ast
import datetime as dt
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import GRPC_INFO_TAG

from btassets.instance.dagster_home import open_instance
from btassets.instance.runs import dead_runs
from btassets.instance.runs.dead_runs import (
    BIRTH_TAG,
    HOST_TAG,
    LOCK_TAG,
    PID_TAG,
    close_dead_runs,
    process_tags,
    socket_folder_prefix,
)
from btassets.storage.host_lock import POSTGRES_URL, holders_of
from btassets_tests.support.book_factory import PROJECT
from btassets_tests.support.cluster_services import Postgres, lacks_postgres, wait_for

Status = dg.DagsterRunStatus
OPEN = (Status.NOT_STARTED, Status.STARTING, Status.STARTED, Status.CANCELING)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with open_instance(tmp_path / ".dagster") as opened:
        yield opened


@pytest.fixture(scope="module")
def dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


@dg.job
def work() -> None:
    """Nothing."""


def run_of(instance: dg.DagsterInstance, status: Status, tags: dict[str, str], **more: str) -> dg.DagsterRun:
    return instance.create_run_for_job(work, status=status, tags=tags, **more)


def status_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Status:
    return instance.get_run_by_id(run.run_id).status


def reason(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    return " ".join(str(entry.dagster_event.message) for entry in instance.all_logs(run.run_id) if entry.dagster_event)


@pytest.mark.parametrize("status", OPEN)
def test_a_run_of_a_dead_process_is_closed(instance: dg.DagsterInstance, dead_pid: int, status: Status) -> None:
    run = run_of(instance, status, {**process_tags(), PID_TAG: str(dead_pid)})
    assert close_dead_runs(instance) == 1
    assert status_of(instance, run) == (Status.CANCELED if status == Status.CANCELING else Status.FAILURE)
    assert f"its process {dead_pid} on {socket.gethostname()} ended without notice" in reason(instance, run)
    assert close_dead_runs(instance) == 0


@pytest.mark.parametrize("status", OPEN)
def test_a_run_of_a_living_process_stays(instance: dg.DagsterInstance, status: Status) -> None:
    run = run_of(instance, status, process_tags())
    assert close_dead_runs(instance) == 0
    assert status_of(instance, run) == status


def test_a_run_of_another_machine_stays(instance: dg.DagsterInstance, dead_pid: int) -> None:
    run = run_of(instance, Status.STARTED, {**process_tags(), PID_TAG: str(dead_pid), HOST_TAG: "another"})
    assert close_dead_runs(instance) == 0
    assert status_of(instance, run) == Status.STARTED


@pytest.mark.parametrize(
    ("looks", "tag", "end"),
    [
        ([[], []], {LOCK_TAG: "held"}, Status.FAILURE),
        ([["alive, process 7 on another"]], {LOCK_TAG: "held"}, Status.STARTED),
        ([[], ["alive, process 7 on another"]], {LOCK_TAG: "held"}, Status.STARTED),  # the database was restarted
        ([], {}, Status.STARTED),  # of an older version, without a lock
    ],
)
def test_a_run_of_another_machine_is_judged_by_the_lock_of_its_process(
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    looks: list[list[str]],
    tag: dict[str, str],
    end: Status,
) -> None:
    asked: list[str] = []
    run = run_of(instance, Status.STARTED, {PID_TAG: "7", HOST_TAG: "another", BIRTH_TAG: "boot:1"} | tag)
    monkeypatch.setenv(POSTGRES_URL, "postgresql://db/book")
    monkeypatch.setattr(dead_runs, "holders_of", lambda _url, name: asked.append(name) or looks[len(asked) - 1])
    monkeypatch.setattr(dead_runs, "SECOND_LOOK_SECONDS", 0.0)
    assert close_dead_runs(instance) == (end == Status.FAILURE)
    assert status_of(instance, run) == end
    assert asked == ["process/another/7/boot:1"] * len(looks)


@pytest.mark.postgres
def test_a_process_holds_a_lock_while_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = lacks_postgres()
    if reason:
        pytest.skip(reason)
    server = Postgres("127.0.0.1")
    try:
        server.start()
        monkeypatch.setenv(POSTGRES_URL, server.url())
        program = (
            "import sys; from btassets.instance.runs.dead_runs import process_tags\n"
            "print(process_tags(), flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
        ) as process:
            assert process.stdout is not None
            tags = ast.literal_eval(process.stdout.readline())
            name = f"process/{tags[HOST_TAG]}/{tags[PID_TAG]}/{tags[BIRTH_TAG]}"
            assert tags[LOCK_TAG] == "held"
            assert holders_of(server.url(), name)[0].startswith(f"alive, process {process.pid} on")
            process.kill()
        wait_for("the end of its lock", lambda: not holders_of(server.url(), name))
    finally:
        server.remove()


def test_a_number_that_another_process_has_by_now_is_no_life(instance: dg.DagsterInstance) -> None:
    run = run_of(instance, Status.STARTED, {**process_tags(), BIRTH_TAG: "before:1"})
    assert close_dead_runs(instance) == 1
    assert status_of(instance, run) == Status.FAILURE


def test_marks_of_an_older_version_are_judged_by_number(instance: dg.DagsterInstance, dead_pid: int) -> None:
    dead, living = (run_of(instance, Status.STARTED, {PID_TAG: str(pid)}) for pid in (dead_pid, os.getpid()))
    odd = run_of(instance, Status.STARTED, {PID_TAG: "no number"})
    assert close_dead_runs(instance) == 2
    assert [status_of(instance, run) for run in (dead, living, odd)] == [Status.FAILURE, Status.STARTED, Status.FAILURE]


def test_a_zombie_is_dead(instance: dg.DagsterInstance) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    run_of(instance, Status.STARTED, {PID_TAG: str(child.pid), HOST_TAG: socket.gethostname()})
    assert close_dead_runs(instance) == 1
    child.wait()


def test_a_re_execution_is_not_judged_by_its_parents_process(instance: dg.DagsterInstance, dead_pid: int) -> None:
    tags = {**process_tags(), PID_TAG: str(dead_pid), GRPC_INFO_TAG: json.dumps({"socket": "/none"})}
    parent = run_of(instance, Status.FAILURE, tags)
    again = run_of(instance, Status.NOT_STARTED, tags, parent_run_id=parent.run_id, root_run_id=parent.run_id)
    marked = run_of(
        instance, Status.STARTED, {**tags, BIRTH_TAG: "own:2"}, parent_run_id=parent.run_id, root_run_id=parent.run_id
    )
    assert close_dead_runs(instance) == 1
    assert status_of(instance, again) == Status.NOT_STARTED
    assert status_of(instance, marked) == Status.FAILURE


def test_a_run_that_waits_for_a_dead_code_server_is_closed(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    folder = tmp_path / f"{socket_folder_prefix()}x"
    folder.mkdir()
    path = folder / "s"
    if len(str(path)) > 100:
        pytest.skip("the temporary folder's name is too long for a socket")
    tags = {GRPC_INFO_TAG: json.dumps({"host": "localhost", "socket": str(path)})}
    foreign = run_of(instance, Status.STARTING, {GRPC_INFO_TAG: json.dumps({"socket": "/tmp-of-another/x.sock"})})
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        run = run_of(instance, Status.STARTING, tags)
        assert close_dead_runs(instance) == 0
    assert close_dead_runs(instance) == 1
    assert "the page asked to start it has ended" in reason(instance, run)
    assert status_of(instance, foreign) == Status.STARTING


@pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.STARTING])
def test_a_run_that_nobody_started_is_closed_after_a_while(
    instance: dg.DagsterInstance, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(instance, status, {})
    assert close_dead_runs(instance) == 0

    real = dt.datetime

    class Later(real):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return real.now(tz) + dt.timedelta(seconds=61)

    monkeypatch.setattr(dead_runs.dt, "datetime", Later)
    assert close_dead_runs(instance) == 1
    monkeypatch.undo()
    assert status_of(instance, run) == Status.FAILURE
    assert "created but never started" in reason(instance, run)
