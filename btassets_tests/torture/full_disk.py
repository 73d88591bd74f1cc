"""A disk that fills up: a small tmpfs where the system lets us mount one, else failing writes.

Invariant: exit code 7 with words, the last report stays, and with room again the next run is whole.
"""

import errno
import shutil
import subprocess
from pathlib import Path

from btassets_tests.torture.books import CHANGED, Bench
from btassets_tests.torture.counts import Counts
from btassets_tests.torture.workers import Fault, run

_WORDS = (("run", "--quiet", "--set", CHANGED), ("ingest", "--quiet", "--full"))


def fill_disks(bench: Bench, n: int) -> Counts:
    """Run with a few hundred kilobytes left, then with room."""
    counts = Counts("full disk")
    place = bench.root / "small-disk"
    for _ in range(n):
        is_new = bench.random.random() < 0.5
        left_kb = int(8 * 300 ** bench.random.random())
        counts.n_faults += 1
        with bench.new() if is_new else bench.copy() as folder:
            book = _mounted(place, folder, left_kb)
            words = ("run", "--quiet") if is_new else bench.random.choice(_WORDS)
            if book is None:
                fault = Fault("write", bench.random.randint(1, 120), errno.ENOSPC, is_sticky=True, below=folder)
                said = run([*words, "--book", folder], fault=fault)
            else:
                said = run([*words, "--book", book])
            try:
                if said.has_traceback or said.code not in (0, 7):
                    counts.fail(f"{left_kb} KB left, {words[0]} ended with {said.code}: {said.err.strip()[-500:]}")
                    continue
                if book is not None:
                    subprocess.run(["mount", "-o", "remount,size=400m", place], check=True)
                problem = bench.whole_again(book or folder)
                if problem is not None:
                    counts.fail(f"{left_kb} KB left, then room: {problem}")
                elif said.code:
                    counts.n_refused += 1
                else:
                    counts.n_unharmed += 1
            finally:
                if book is not None:
                    subprocess.run(["umount", "-l", place], check=True)
    return counts


def _mounted(place: Path, folder: Path, left_kb: int) -> Path | None:
    """The book on a disk of its own with so much left; None where nothing may be mounted."""
    place.mkdir(exist_ok=True)
    used_kb = sum(4 * (-(-p.lstat().st_size // 4096) + 1) for p in folder.rglob("*"))
    size = f"size={used_kb + left_kb}k"
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        return None
    shutil.copytree(folder, place / "book", symlinks=True)
    return place / "book"
