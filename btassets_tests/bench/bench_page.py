"""Seconds from a click on the page to its end, through the page's own GraphQL.

Run as `python -m btassets_tests.bench.bench_page`. CPU is that of page, daemon, code server, runs and
steps together, sampled: what a process used in its last twentieth of a second may be missing.
"""

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from btassets_tests.bench.figures import Figure, Target, as_table, machine, machine_line
from btassets_tests.bench.graph_cases import Lab
from btassets_tests.bench.markets import real_or_synthetic
from btassets_tests.support.running_page import RunningPage, processes_of

_KEPT = ("ohlcv_history", "exchange_calendar")
_SAMPLE_SECONDS = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")
_RANGES, _PER_RANGE = 5, 8
PROCESSES = {"execution": {"config": {"kind": "multiprocess"}}}


@dataclass
class _Cpu:
    """CPU seconds of a command and all processes in the sessions that it started."""

    pid: int
    used: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        for pid in processes_of(self.pid):
            try:
                words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            self.used[pid] = (int(words[11]) + int(words[12])) / _TICKS


@contextmanager
def _sampled(pid: int) -> Iterator[Callable[[], float]]:
    """Sample CPU while the block runs; the yielded call gives the seconds since its start."""
    cpu = _Cpu(pid)
    cpu.look()
    before = dict(cpu.used)
    is_over = threading.Event()

    def sample() -> None:
        while not is_over.wait(_SAMPLE_SECONDS):
            cpu.look()

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield lambda: sum(seconds - before.get(child, 0.0) for child, seconds in cpu.used.items())
    finally:
        is_over.set()
        thread.join()


def forget_results(book: Path) -> None:
    """Leave the bars in the lake and nothing else."""
    for table in (book / "data").iterdir():
        if table.is_dir() and table.name not in _KEPT:
            shutil.rmtree(table)
    shutil.rmtree(book / "reports", ignore_errors=True)


def measure_page(book: Path, tell: Callable[[str], None], *, has_targets: bool) -> list[Figure]:
    """Figures of launches and backfills on a book whose bars are in its lake."""
    page = RunningPage(book)
    try:
        keys = page.partitions()
        whole = (keys[0], keys[-1])
        length = max(1, min(_PER_RANGE, len(keys) // (2 * _RANGES)))
        step = max(length + 1, len(keys) // _RANGES)
        ranges = [keys[n * step : n * step + length] for n in range(_RANGES) if n * step < len(keys)]
        scattered = [key for part in ranges for key in part]

        def launch(config: dict | None = None) -> str:
            run_id = page.launch(tickers=whole, config=config)
            status = page.wait(run_id, seconds=900)
            return "" if status == "SUCCESS" else f"run {run_id}: {status}"

        def backfill(tickers: list[str]) -> str:
            done = page.wait_backfill(page.backfill(tickers), seconds=900)
            return "" if done["status"] == "COMPLETED_SUCCESS" else done["status"]

        def measure(case: str, work: Callable[[], str], target: Target) -> Figure:
            tell(f"page: {case}")
            with _sampled(page.process.pid) as cpu:
                started = time.perf_counter()
                problem = work()
                wall = time.perf_counter() - started
                used = cpu()
            target = target if has_targets else Target()
            return Figure(f"page: {case}", wall, None, used, None, 1, target=target, problem=problem)

        forget_results(book)
        figures = [
            measure("everything, nothing computed, a process per step", lambda: launch(PROCESSES), Target(wall_s=15.0)),
            measure("everything, nothing changed", launch, Target(wall_s=8.0)),
        ]
        forget_results(book)
        in_process = {
            "execution": {"config": {"kind": "in_process"}},
            "resources": {"book": {"config": {"threads": 2}}},
        }
        figures += [
            measure("everything, nothing computed, one process", lambda: launch(in_process), Target()),
            measure(f"backfill of {len(scattered)} in {len(ranges)} ranges", lambda: backfill(scattered), Target()),
            measure(f"backfill of all {len(keys)}", lambda: backfill(keys), Target()),
        ]
    finally:
        page.stop()
    return figures


def main() -> int:
    """Measure and print the table."""
    facts = machine()
    print(machine_line(facts))
    with tempfile.TemporaryDirectory(prefix="btassets-bench-", ignore_cleanup_errors=True) as name:
        market = real_or_synthetic(Path(name) / "market", n_tickers=500, n_sessions=1_260, is_real_wanted=True)
        lab = Lab(Path(name), market, 1)
        lab.prepare()
        figures = measure_page(
            lab.book_folder, lambda text: print(f"  {text} ...", file=sys.stderr, flush=True), has_targets=True
        )
    print(f"market: {market.about}\n")
    print(as_table(figures))
    return 1 if any(figure.problem for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
