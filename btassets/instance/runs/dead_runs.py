"""Runs whose process has ended without closing them.

Belongs here: marking a run with its process, and closing runs whose process is gone, so that none stays
open for ever. Does not belong here: deleting old runs (`btassets.instance.runs.old_runs`).

A run is judged only where that is certain: on the machine that it was marked on, by process id and the
time at which that process began; before it is marked, by the code server that was asked to start it; and
before that, by its age.
"""

import datetime as dt
import hashlib
import json
import os
import socket
from functools import cache
from pathlib import Path

import dagster as dg
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.storage.tags import GRPC_INFO_TAG

PID_TAG = "btassets/pid"
"""Run tag with the process that a run lives in."""

HOST_TAG = "btassets/host"
"""Run tag with the machine of that process; on another machine nobody judges it."""

BIRTH_TAG = "btassets/pid_began"
"""Run tag with the time at which the process began: another one may have its number by now."""

_OPEN = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_UNMARKED_SECONDS = 60.0
"""A run that was created and is asked of nobody: within this time its creator may still be at it."""


def process_tags() -> dict[str, str]:
    """Tags of a run that lives in this process."""
    pid = os.getpid()
    return {PID_TAG: str(pid), HOST_TAG: socket.gethostname(), BIRTH_TAG: _birth(pid) or ""}


def socket_folder_prefix() -> str:
    """Start of the name of a folder with a code server's socket; it names the machine."""
    return f"btassets-{hashlib.blake2b(socket.gethostname().encode(), digest_size=4).hexdigest()}-"


def close_dead_runs(instance: dg.DagsterInstance) -> int:
    """Close runs whose process has ended: canceled when that was asked for, else failed; return how many.

    Runs in the queue wait for a daemon and are no dead ones.
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
            instance.report_run_failed(run, f"closed: {reason}; run again, what is done stays done")
        n_closed += 1
    return n_closed


def _death(instance: dg.DagsterInstance, run: dg.DagsterRun, age: dt.timedelta) -> str | None:
    """Why a run cannot live any more; None when it may."""
    tags = _own_tags(instance, run)
    pid = tags.get(PID_TAG)
    if pid is not None:
        host = tags.get(HOST_TAG, socket.gethostname())
        if host != socket.gethostname() or _lives(pid, tags.get(BIRTH_TAG, "")):
            return None
        return f"its process {pid} on {host} ended without a word (killed, or the machine went down)"
    if GRPC_INFO_TAG in tags:
        return _death_of_server(tags[GRPC_INFO_TAG])
    is_ours = run.status == dg.DagsterRunStatus.NOT_STARTED or isinstance(instance.run_launcher, DefaultRunLauncher)
    if is_ours and age.total_seconds() > _UNMARKED_SECONDS:
        return "it was created and never started; the program that created it ended before"
    return None


def _own_tags(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str, str]:
    """Tags about a run's process, without those that a re-execution has from the run before it."""
    found = {key: run.tags[key] for key in (PID_TAG, HOST_TAG, BIRTH_TAG, GRPC_INFO_TAG) if key in run.tags}
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
    """Boot of the machine and clock ticks since then at which a process began; None when there is none such."""
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
    """Why the code server that was asked to start a run will not; only a socket of this machine is judged."""
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
            return "the page that was asked to start it has ended"
        except OSError:
            return None
    return None
