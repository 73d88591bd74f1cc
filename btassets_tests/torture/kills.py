"""SIGKILL and Ctrl-C at random moments, in every kind of process that writes.

Invariant: after any kill, the next run ends with 0 and its tables equal the undisturbed book's; an
interrupt ends with 130 and without a traceback.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

from btassets_tests.support.book_factory import PROJECT
from btassets_tests.torture.books import CHANGED, Bench
from btassets_tests.torture.counts import Counts
from btassets_tests.torture.workers import Started, start

KINDS: dict[str, tuple[str, ...]] = {
    "run": ("run", "--quiet"),
    "shards": ("run", "--quiet", "--workers", "2", "--set", "executor.kind=multiprocess"),
    "ingest": ("ingest", "--quiet", "--full"),
    "scenario": ("run", "--quiet", "--set", CHANGED),
    "sweep": ("sweep", "gates.min_rr=1,2", "--quiet"),
}
_PER_BOOK = 6
"""Kills of one book before it has to be whole again."""

_SECONDS = {"run": 2.5, "shards": 6.0, "ingest": 2.0, "scenario": 3.0, "sweep": 1.5}


def kill_commands(bench: Bench, n: int) -> Counts:
    """Kill commands of each kind, several in a row on one book, then look whether the next run is whole."""
    counts = Counts("kill -9 of run, shards, ingest, scenario, sweep")
    while counts.n_faults < n:
        is_new = bench.random.random() < 0.5
        with bench.new() if is_new else bench.copy() as folder:
            told: list[str] = []
            n_hit = 0
            for _ in range(min(_PER_BOOK, n - counts.n_faults)):
                kind = bench.random.choice([*KINDS, "run", "ingest"])
                kind = "run" if is_new and kind in ("sweep", "scenario") else kind
                after = bench.random.uniform(0.0, _SECONDS[kind])
                n_hit += _killed(start([*KINDS[kind], "--book", folder]), after)
                counts.n_faults += 1
                told.append(f"{kind} after {after:.3f} s")
            problem = bench.whole_again(folder)
            if problem is not None:
                counts.fail(f"kills ({'; '.join(told)}): {problem}")
            else:
                counts.n_recovered += n_hit
                counts.n_unharmed += len(told) - n_hit
    return counts


def _killed(process: Started, after: float) -> bool:
    """Kill a command `after` seconds; False when it was over before."""
    deadline = time.monotonic() + after
    while time.monotonic() < deadline and process.is_running():
        time.sleep(0.002)
    is_hit = process.is_running()
    process.kill()
    process.finish()
    return is_hit


def interrupt_commands(bench: Bench, n: int) -> Counts:
    """SIGINT and SIGTERM at random moments: exit code 130 or the end, never a traceback."""
    counts = Counts("Ctrl-C and SIGTERM")
    while counts.n_faults < n:
        with bench.new() as folder:
            for _ in range(min(_PER_BOOK, n - counts.n_faults)):
                number = bench.random.choice((signal.SIGINT, signal.SIGTERM))
                after = bench.random.uniform(0.2, 2.5)
                process = start(["run", "--quiet", "--book", folder])
                deadline = time.monotonic() + after
                while time.monotonic() < deadline and process.is_running():
                    time.sleep(0.002)
                is_hit = process.is_running()
                if is_hit:
                    process.kill(number)
                said = process.finish()
                counts.n_faults += 1
                if said.has_traceback or said.code not in (0, 130):
                    counts.fail(f"{number.name} after {after:.3f} s ended with {said.code}: {said.err[-400:]}")
                elif said.code == 130:
                    counts.n_refused += 1
                else:
                    counts.n_unharmed += 1
            problem = bench.whole_again(folder)
            if problem is not None:
                counts.fail(f"after interrupts: {problem}")
    return counts


def kill_servers(bench: Bench, n: int) -> Counts:
    """Kill the installed command's long-lived processes: `ui` (page, daemon, code server) while it starts."""
    counts = Counts("kill -9 of ui: page, daemon")
    for k in range(n):
        with bench.copy() as folder:
            words = ["ui", "--book", str(folder), "--port", str(23000 + 2 * k)]
            words += ["--no-page"] if k % 2 else []
            process = subprocess.Popen(
                [sys.executable, "-m", "btassets.cli", *words],
                cwd=PROJECT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            time.sleep(bench.random.uniform(0.5, 12.0))
            process.kill()
            process.wait()
            counts.n_faults += 1
            left = _alive(folder)
            problem = bench.whole_again(folder)
            if left:
                counts.fail(f"kill -9 of {' '.join(words[:1] + words[3:])}: {len(left)} processes live on ({left[0]})")
                for pid, _ in left:
                    _end(pid)
            elif problem is not None:
                counts.fail(f"kill -9 of ui: {problem}")
            else:
                counts.n_recovered += 1
    return counts


def _alive(folder: Path, seconds: float = 20.0) -> list[tuple[int, str]]:
    """Processes that still name the book after some seconds: number and command line."""
    deadline = time.monotonic() + seconds
    while True:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    environ = (entry / "environ").read_bytes()
                except OSError:
                    continue
                if str(folder) in line or f"={folder}".encode() in environ:
                    found.append((int(entry.name), line[:80]))
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def _end(pid: int) -> None:
    import os

    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
