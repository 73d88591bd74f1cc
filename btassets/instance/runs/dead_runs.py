"""Runs whose process has ended without closing them.

Belongs here: marking a run with its process, and closing runs whose process is gone, so that none stays
open forever. Does not belong here: deleting old runs (`btassets.instance.runs.old_runs`).

A run is only closed if that is certain: on its own machine, by process id and start time; on another one, by the lock
that its process holds in the database of the runs; before it is marked, by the code server that was asked to start it;
and before that, by its age.
"""

import datetime as dt
import hashlib
import json
import os
import socket
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import dagster as dg
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.storage.tags import GRPC_INFO_TAG

from btassets.storage.host_lock import HostLock, database_url, holders_of

PID_TAG = "btassets/pid"
"""Run tag with the process of a run."""

HOST_TAG = "btassets/host"
"""Run tag with the machine of that process; other machines close it only by its lock."""

LOCK_TAG = "btassets/pid_lock"
"""Run tag of a process that holds a lock in the database of the runs while it lives."""

BIRTH_TAG = "btassets/pid_began"
"""Run tag with the start time of the process, because process ids are reused."""

_OPEN = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_UNMARKED_SECONDS = 60.0
"""A created run without a start request: within this time its creator may still be active."""


SECOND_LOOK_SECONDS = 15.0
"""A process takes its lock again within this time after a restart of the database."""

_living: dict[int, HostLock] = {}
"""The lock of this process, by its id: a forked process has none."""


def process_tags() -> dict[str, str]:
    """Tags of a run in this process, which holds a lock of its own from now on if the runs are in PostgreSQL."""
    pid = os.getpid()
    tags = {PID_TAG: str(pid), HOST_TAG: socket.gethostname(), BIRTH_TAG: _birth(pid) or ""}
    url = database_url()
    if not url:
        return tags
    if pid not in _living:
        lock = HostLock(url, _life(tags), "alive")
        if lock.try_acquire() is None:
            _living[pid] = lock
    return tags | ({LOCK_TAG: "held"} if pid in _living else {})


def _life(tags: Mapping[str, str]) -> str:
    """Name of the lock of a process."""
    return f"process/{tags.get(HOST_TAG)}/{tags.get(PID_TAG)}/{tags.get(BIRTH_TAG)}"


def _is_gone(tags: Mapping[str, str]) -> bool:
    """Whether a process of another machine has ended: nobody holds its lock, at two looks."""
    url = database_url()
    if not url or LOCK_TAG not in tags or holders_of(url, _life(tags)):
        return False
    time.sleep(SECOND_LOOK_SECONDS)
    return not holders_of(url, _life(tags))


def socket_folder_prefix() -> str:
    """Prefix of the folder with a code server's socket; it names the machine."""
    return f"btassets-{hashlib.blake2b(socket.gethostname().encode(), digest_size=4).hexdigest()}-"


def close_dead_runs(instance: dg.DagsterInstance) -> int:
    """Close runs whose process has ended: canceled if that was requested, else failed; return their number.

    Queued runs wait for a daemon and are not dead.
    """
    n_closed = 0
    for record in instance.get_run_records(filters=dg.RunsFilter(statuses=_OPEN)):
        run = record.dagster_run
        reason = _death(instance, run, dt.datetime.now(dt.UTC) - record.create_timestamp)
        if reason is None:
            continue
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, f"closed: {reason}")
        else:
            instance.report_run_failed(run, f"closed: {reason}; run again, finished work is kept")
        n_closed += 1
    return n_closed


def _death(instance: dg.DagsterInstance, run: dg.DagsterRun, age: dt.timedelta) -> str | None:
    """Why a run is dead; None if it may be alive."""
    tags = _own_tags(instance, run)
    pid = tags.get(PID_TAG)
    if pid is not None:
        host = tags.get(HOST_TAG, socket.gethostname())
        is_dead = not _lives(pid, tags.get(BIRTH_TAG, "")) if host == socket.gethostname() else _is_gone(tags)
        if not is_dead:
            return None
        return f"its process {pid} on {host} ended without notice (killed, or the machine went down)"
    if GRPC_INFO_TAG in tags:
        return _death_of_server(tags[GRPC_INFO_TAG])
    is_ours = run.status == dg.DagsterRunStatus.NOT_STARTED or isinstance(instance.run_launcher, DefaultRunLauncher)
    if is_ours and age.total_seconds() > _UNMARKED_SECONDS:
        return "it was created but never started; its creator has ended"
    return None


def _own_tags(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str, str]:
    """Tags about a run's process, without those inherited by a re-execution from the run before it."""
    found = {key: run.tags[key] for key in (PID_TAG, HOST_TAG, BIRTH_TAG, LOCK_TAG, GRPC_INFO_TAG) if key in run.tags}
    if run.parent_run_id is None:
        return found
    parent = instance.get_run_by_id(run.parent_run_id)
    before = {} if parent is None else parent.tags
    is_marked_anew = any(found.get(key) != before.get(key) for key in (PID_TAG, HOST_TAG, BIRTH_TAG))
    if not is_marked_anew or (parent is None and run.status == dg.DagsterRunStatus.NOT_STARTED):
        found = {GRPC_INFO_TAG: found[GRPC_INFO_TAG]} if GRPC_INFO_TAG in found else {}
    if found.get(GRPC_INFO_TAG) == before.get(GRPC_INFO_TAG):
        found.pop(GRPC_INFO_TAG, None)
    return found


def _lives(pid: str, birth: str) -> bool:
    found = _birth(int(pid)) if pid.isdigit() else None
    return found is not None and birth in ("", found)


def _birth(pid: int) -> str | None:
    """Boot of the machine and start time of a process in clock ticks; None if there is no such process."""
    if not Path("/proc/self/stat").exists():
        return _birth_without_proc(pid)
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if words[0] == "Z" else f"{_boot()}:{words[19]}"


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return "0"


def _birth_without_proc(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""


def _death_of_server(told: str) -> str | None:
    """Why the code server asked to start a run will not do so; only sockets of this machine are checked."""
    try:
        path = json.loads(told).get("socket")
    except (ValueError, AttributeError):
        return None
    if not path or not Path(path).parent.name.startswith(socket_folder_prefix()):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return "the page asked to start it has ended"
        except OSError:
            return None
    return None
