"""A command measured from outside: wall time, CPU time and peak memory of it and all its descendants.

Belongs here: starting a process and asking the kernel what it took. Does not belong here: which commands
(`graph_cases.py`), and work inside this process (`kernels.py`).
"""

import ctypes
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_MB = 1e6
_SAMPLE_SECONDS = 0.1
_ORPHAN_SECONDS = 10.0
_LAST_LINES = 6


class MeasureError(Exception):
    """A case could not be measured."""


@dataclass(frozen=True)
class Measured:
    """What one command took.

    Attributes
    ----------
    wall_s
        From starting it to its exit, seconds.
    cpu_s
        User and system time, its children and what outlived it (a fork server) included, seconds.
    peak_mb
        Most memory at one time, MB of 1e6 bytes: of one process its largest resident set, of several
        the sum in which a shared page counts once, sampled every 0.1 s.
    stdout, stderr
        What it said.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    stdout: str
    stderr: str


def run_command(
    words: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    good_codes: Sequence[int] = (0,),
    timeout_s: float = 900.0,
) -> Measured:
    """Run a command to its end and measure it.

    Raises
    ------
    MeasureError
        When it ends with another exit code, or not within `timeout_s`.
    """
    # Pages that the command before left to be written would be written at this one's expense.
    os.sync()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, _adopting_orphans():
        started = time.perf_counter()
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        sampler = _MemorySampler(process.pid)
        sampler.start()
        alarm = threading.Timer(timeout_s, _kill_group, (process.pid,))
        alarm.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            # Interrupted: the command is in a session of its own and would continue without us.
            _kill_group(process.pid)
            raise
        finally:
            alarm.cancel()
            sampler.is_over.set()
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime + _cpu_of_orphans(process.pid)
        sampler.join()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    if process.returncode not in good_codes:
        last = " | ".join(texts[1].strip().splitlines()[-_LAST_LINES:])
        late = f"after {wall:.0f} s, " if wall >= timeout_s else ""
        raise MeasureError(f"exit code {process.returncode} {late}of {' '.join(words[1:])}: {last}")
    # Linux reports the resident set in KiB; of several processes it is that of the largest one.
    return Measured(wall, cpu, max(usage.ru_maxrss * 1024, sampler.peak_bytes) / _MB, *texts)


@contextmanager
def _adopting_orphans() -> Iterator[None]:
    """Become the parent of descendants that outlive theirs, where the kernel can do that (Linux)."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        if prctl is not None:
            prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _cpu_of_orphans(group: int) -> float:
    """CPU seconds of the processes of a group whose leader is gone; those that stay are ended."""
    seconds = 0.0
    deadline = time.monotonic() + _ORPHAN_SECONDS
    while True:
        try:
            pid, _, usage = os.wait4(-group, os.WNOHANG)
        except ChildProcessError:
            return seconds
        if pid:
            seconds += usage.ru_utime + usage.ru_stime
        elif time.monotonic() > deadline:
            _kill_group(group)
            deadline = float("inf")
        else:
            time.sleep(0.01)


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


class _MemorySampler(threading.Thread):
    """Largest sum of the proportional sets of a session's processes, when there are several."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self._session = session
        self.is_over = threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        """Sample until it is over."""
        while not self.is_over.wait(_SAMPLE_SECONDS):
            members = _members(self._session)
            if len(members) > 1:
                self.peak_bytes = max(self.peak_bytes, sum(_proportional_bytes(pid) for pid in members))


def _members(session: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in brackets, may hold blanks; the session is the fourth field after it.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields and int(fields[3]) == session:
            found.append(int(folder.name))
    return found


def _proportional_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
