"""System calls that fail: one in the middle, or all from one on, in commands that write and that only read.

Invariant: exit code 7 (or another documented one) with words, or 0 with everything right; no traceback; no
temporary file left; the next undisturbed run is whole.
"""

import errno
from pathlib import Path

from btassets_tests.torture.books import CHANGED, Bench
from btassets_tests.torture.counts import Counts
from btassets_tests.torture.workers import Fault, Said, run

ERRORS = {
    "open": (errno.EMFILE, errno.EACCES, errno.EROFS, errno.EIO, errno.ENOSPC),
    "write": (errno.ENOSPC, errno.EIO, errno.EDQUOT),
    "fsync": (errno.EIO, errno.ENOSPC),
    "rename": (errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EIO),
    "read": (errno.EIO,),
    "mkdir": (errno.ENOSPC, errno.EROFS, errno.EACCES),
    "unlink": (errno.EACCES, errno.EROFS),
    "truncate": (errno.EIO, errno.ENOSPC),
}
_LATEST = {"open": 400, "write": 400, "fsync": 60, "rename": 60, "read": 400, "mkdir": 25, "unlink": 30, "truncate": 4}
_PER_BOOK = 5

_WRITERS: tuple[tuple[str, ...], ...] = (
    ("run", "--quiet"),
    ("run", "--quiet", "--set", CHANGED),
    ("ingest", "--quiet", "--full"),
    ("prune", "--keep-days", "0", "--keep-runs", "1"),
)
_NEW = tuple(words for words in _WRITERS if CHANGED not in words)
"""On a book that was never run: what a scenario tried before the base counts in the base's numbers."""

_READERS: tuple[tuple[str, ...], ...] = (
    ("today",),
    ("report",),
    ("sql", "select count(*) n from trades"),
    ("config",),
    ("doctor", "--deep"),
    ("export", "trades", "--out", "{folder}/data/../taken.csv"),
)


def fail_calls(bench: Bench, n: int) -> Counts:
    """Inject failures into commands, several in a row on one book, then look whether the next run is whole."""
    counts = Counts("failing system calls")
    while counts.n_faults < n:
        is_new = bench.random.random() < 0.3
        with bench.new() if is_new else bench.copy() as folder:
            before = len(counts.failures)
            n_hit = 0
            for _ in range(min(_PER_BOOK, n - counts.n_faults)):
                n_hit += _one(bench, folder, counts, _NEW if is_new else _WRITERS)
            problem = bench.whole_again(folder)
            if problem is not None:
                counts.fail(f"after failing calls: {problem}")
            elif len(counts.failures) == before:
                counts.n_recovered += n_hit
            left = [p for p in folder.rglob(".tmp-*") if ".dagster" not in p.parts]
            if left:
                counts.fail(f"left behind: {left[0]}")
    return counts


def _one(bench: Bench, folder: Path, counts: Counts, writers: tuple[tuple[str, ...], ...]) -> bool:
    """One fault in one command; whether the command went on to 0 although the fault took effect."""
    rng = bench.random
    words = rng.choice(writers if rng.random() < 0.6 else _READERS)
    kind = rng.choice(list(ERRORS))
    number = rng.choice(ERRORS[kind])
    below = folder / rng.choice(("", "", "data", "data", "reports", ".dagster"))
    nth = int(_LATEST[kind] ** rng.random())
    fault = Fault(kind, nth, number, rng.random() < 0.5, below)
    argv = [word.format(folder=folder) for word in words] + ["--book", str(folder)]
    said = run(argv, fault=fault, timeout=120)
    counts.n_faults += 1
    where = (
        f"{' '.join(words)}: {kind} {nth}{'+' if fault.is_sticky else ''} {errno.errorcode[number]} below {below.name}"
    )
    problem = _problem(said)
    if problem is not None:
        counts.fail(f"{where}: {problem}")
        return False
    if said.code:
        counts.n_refused += 1
        return False
    if not said.fired:
        counts.n_unharmed += 1
        return False
    return True


def _problem(said: Said) -> str | None:
    if said.code == -9:
        return "hung"
    if said.has_traceback:
        return f"traceback: {said.err.strip()[-500:]}"
    if said.code and not said.is_refusal:
        return f"exit code {said.code}: {said.err.strip()[-400:]}"
    return None
