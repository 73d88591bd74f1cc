"""`make ladder`: what each stage costs as a market grows, its affine fit, and what larger markets would take by it.

Each stage runs once in a process of its own, so that its CPU time and its peak of memory are its own: the peak counts
from what the process held when it began. The fit is CPU = fixed + slope x bars, and the same for memory, by least
squares over the sizes; the largest deviation from it is printed, since an extrapolation is worth no more than that.

Belongs here: the sizes, one measured stage, the fit and the table. Does not belong here: whole commands
(`graph_cases.py`).
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from btassets.arrivals.of_book import ingest, plan_ingest
from btassets.book.book import open_book
from btassets.book.new_book import make_demo_book
from btassets.cli.terminal import table
from btassets.compiled import use_cache_folder
from btassets.graph.flow import STAGES
from btassets.plan import replay_in_process
from btassets.run.run_stage import MOST_THREADS, run_stage

RUNGS = ((250, 5.0), (500, 5.0), (1_000, 5.0), (2_000, 5.0), (500, 10.0))
"""Tickers and years of each measured market."""

ASKED = ((6_281, 10.0), (60_000, 20.0))
"""Tickers and years to which the fit is extended."""

MEMORIES_GB = (16.0, 64.0, 256.0)
"""Machines whose largest market is printed."""

_SHARE_FOR_STAGES = 0.75
"""Of a machine's memory; the rest is for the system, the page and Dagster."""

BARS_A_YEAR = 252
_SHOWN_FROM = 0.005
"""Share of all CPU at the last asked size from which a stage has a row of its own."""


@dataclass(frozen=True)
class Rung:
    """One stage on one market.

    Attributes
    ----------
    n_bars
        Stored bars of the market, tickers x sessions.
    cpu_s
        CPU seconds, children included.
    memory_mb
        Peak of resident memory above that of the start.
    """

    stage: str
    n_bars: int
    cpu_s: float
    memory_mb: float


@dataclass(frozen=True)
class Fit:
    """Affine cost of a stage.

    Attributes
    ----------
    cpu_s, memory_mb
        Fixed part, and slope a million bars.
    cpu_miss
        Largest deviation of a measured CPU time from the fit, as a share of the largest one.
    """

    stage: str
    cpu_s: tuple[float, float]
    memory_mb: tuple[float, float]
    cpu_miss: float

    def cpu_at(self, n_bars: float) -> float:
        """CPU seconds at a size."""
        return self.cpu_s[0] + self.cpu_s[1] * n_bars / 1e6

    def memory_at(self, n_bars: float) -> float:
        """MB at a size."""
        return self.memory_mb[0] + self.memory_mb[1] * n_bars / 1e6


def _affine(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Intercept and slope, both at least zero: no stage costs less than nothing.

    >>> _affine([1.0, 2.0, 3.0], [3.0, 5.0, 7.0])
    (1.0, 2.0)
    >>> _affine([1.0, 2.0], [1.0, 4.0])
    (0.0, 1.8)
    """
    slope, start = np.polyfit(x, y, 1) if len(set(x)) > 1 else (0.0, float(np.mean(y)))
    if start < 0.0:
        start, slope = 0.0, float(np.dot(x, y) / np.dot(x, x))
    if slope < 0.0:
        start, slope = float(np.mean(y)), 0.0
    return round(float(start), 6), round(float(slope), 6)


def fits(rungs: Iterable[Rung]) -> list[Fit]:
    """Fit of every stage, in the order of the first measurements.

    >>> fits([Rung("a", 1_000_000, 3.0, 10.0), Rung("a", 2_000_000, 5.0, 20.0), Rung("a", 3_000_000, 7.0, 30.0)])
    [Fit(stage='a', cpu_s=(1.0, 2.0), memory_mb=(0.0, 10.0), cpu_miss=0.0)]
    """
    by_stage: dict[str, list[Rung]] = {}
    for rung in rungs:
        by_stage.setdefault(rung.stage, []).append(rung)
    found = []
    for stage, own in by_stage.items():
        x = [rung.n_bars / 1e6 for rung in own]
        cpu, memory = (_affine(x, [getattr(rung, name) for rung in own]) for name in ("cpu_s", "memory_mb"))
        misses = [abs(rung.cpu_s - cpu[0] - cpu[1] * size) for rung, size in zip(own, x, strict=True)]
        most = max(rung.cpu_s for rung in own)
        found.append(Fit(stage, cpu, memory, round(max(misses) / most, 3) if most else 0.0))
    return found


def as_ladder(rungs: Sequence[Rung], asked: Sequence[tuple[int, float]] = ASKED) -> str:
    """Table of the fit, and the sums at the asked sizes."""
    found = fits(rungs)
    sizes = [n_tickers * n_years * BARS_A_YEAR for n_tickers, n_years in asked]
    names = [f"{n_tickers:,} x {n_years:g} y" for n_tickers, n_years in asked]
    last = sizes[-1]
    whole = sum(fit.cpu_at(last) for fit in found)
    found.sort(key=lambda fit: -fit.cpu_at(last))
    shown = [fit for fit in found if fit.cpu_at(last) >= _SHOWN_FROM * whole]
    rest = [fit for fit in found if fit not in shown]
    head = (
        *("stage", "CPU s, fixed", "CPU s a million bars", "off the fit", "MB a million bars"),
        *(text for name in names for text in (f"{name}: CPU s", "GB")),
    )

    def row(name: str, own: Sequence[Fit], *, is_sum: bool = False) -> tuple[str, ...]:
        peaks = [(sum if is_sum else max)([fit.memory_at(size) for fit in own]) for size in sizes]
        return (
            name,
            f"{sum(fit.cpu_s[0] for fit in own):.2f}",
            f"{sum(fit.cpu_s[1] for fit in own):.2f}",
            "" if len(own) > 1 else f"{own[0].cpu_miss:.0%}",
            "" if len(own) > 1 else f"{own[0].memory_mb[1]:.0f}",
            *(
                text
                for size, peak in zip(sizes, peaks, strict=True)
                for text in (f"{sum(fit.cpu_at(size) for fit in own):,.0f}", f"{peak / 1e3:,.1f}")
            ),
        )

    rows = [row(fit.stage, [fit]) for fit in shown]
    if rest:
        rows.append(row(f"{len(rest)} others, the largest of them", rest))
    rows.append(row("all, one at a time", found))
    return table(rows, head)


def carried(rungs: Sequence[Rung], memories_gb: Sequence[float] = MEMORIES_GB) -> str:
    """Largest market that each size of memory carries: the stages that may run at once, the largest ones, fit into it.

    >>> print(carried([Rung(name, n * 1_000_000, 1.0, 100.0 * n) for name in "ab" for n in (1, 2)], [10.0]))
    memory  million bars  tickers x 10 y
    10 GB   37            14,880
    """
    found = fits(rungs)
    rows = []
    for memory_gb in memories_gb:
        room = _SHARE_FOR_STAGES * memory_gb * 1e3

        def needed(n_bars: float) -> float:
            return sum(sorted((fit.memory_at(n_bars) for fit in found), reverse=True)[:MOST_THREADS])

        low, high = 0.0, 1e12
        while high - low > 1e3:
            middle = (low + high) / 2
            low, high = (middle, high) if needed(middle) <= room else (low, middle)
        n_tickers = int(low / (10 * BARS_A_YEAR) // 10 * 10)
        rows.append((f"{memory_gb:g} GB", f"{low / 1e6:.0f}", f"{n_tickers:,}"))
    return table(rows, ("memory", "million bars", "tickers x 10 y"))


def _peak_mb() -> float:
    """Peak of resident memory of this process since the last reset."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds and memory of `work` in a forked process of its own.

    Raises
    ------
    RuntimeError
        If it fails there.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            sys.stderr.flush()
            os.close(reader)
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            before, start = _peak_mb(), time.process_time()
            work()
            answer = [time.process_time() - start, max(_peak_mb() - before, 0.0)]
            os.write(writer, json.dumps(answer).encode())
            code = 0
        except BaseException:  # noqa: BLE001  (the child must not continue the parent's work)
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    if os.waitpid(child, 0)[1] or not text:
        message = "a stage failed in its own process"
        raise RuntimeError(message)
    cpu_s, memory_mb = json.loads(text)
    return cpu_s, memory_mb


def _here(work: Callable[[], object]) -> tuple[float, float]:
    """Run `work` in this process, unmeasured: what it imports and loads is there for every later fork."""
    work()
    return 0.0, 0.0


def climb(
    folder: Path,
    n_tickers: int,
    n_years: float,
    tell: Callable[[str], None],
    measure: Callable[[Callable[[], object]], tuple[float, float]] = measured,
) -> list[Rung]:
    """Every stage on one synthetic market, in flow order."""
    name = f"{n_tickers}-{n_years:g}"
    place = make_demo_book(folder / name, {"demo.tickers": n_tickers, "demo.years": n_years})
    n_bars = round(n_tickers * n_years * BARS_A_YEAR)
    rungs = []
    for stage in STAGES:
        tell(f"{n_tickers:,} x {n_years:g} y: {stage}")

        def work(stage: str = stage) -> None:
            book = open_book(place, environ={}, mends=True)
            if stage == "ohlcv_history":
                ingest(book, plan_ingest(book).stale)
            elif stage == "candidates":
                replay_in_process(book, n_threads=1, log=lambda _: None)
            else:
                run_stage(stage, book)

        rungs.append(Rung(stage, n_bars, *measure(work)))
    return rungs


def ladder(folder: Path, tell: Callable[[str], None], rungs: Sequence[tuple[int, float]] = RUNGS) -> list[Rung]:
    """Every stage on every market; each market is deleted before the next."""
    found: list[Rung] = []
    climb(folder, 8, 2.0, lambda _: None, _here)
    for n_tickers, n_years in rungs:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            found += climb(Path(name), n_tickers, n_years, tell)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m btassets_tests.bench.ladder", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="F", help="the measurements for a machine")
    parser.add_argument("--from-json", type=Path, metavar="F", help="print the table of measurements made before")
    parser.add_argument("--quick", action="store_true", help="two tiny markets: does the ladder still work?")
    arguments = parser.parse_args(argv)
    if arguments.from_json is not None:
        raw: list[Mapping[str, object]] = json.loads(arguments.from_json.read_text(encoding="utf-8"))
        return _told([Rung(**row) for row in raw])  # type: ignore[arg-type]
    use_cache_folder()
    rungs = ((4, 2.0), (8, 2.0)) if arguments.quick else RUNGS
    with tempfile.TemporaryDirectory(prefix="btassets-ladder-", ignore_cleanup_errors=True) as name:
        found = ladder(Path(name), lambda text: print(f"  {text} ...", file=sys.stderr, flush=True), rungs)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([asdict(rung) for rung in found], indent=1) + "\n", encoding="utf-8")
    return _told(found)


def _told(rungs: Sequence[Rung]) -> int:
    print(as_ladder(rungs))
    print()
    print(carried(rungs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
