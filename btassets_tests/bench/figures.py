"""Rows of the speed table: what was measured, beside its naive form and its target.

Belongs here: verdicts and layout. Does not belong here: measuring.
"""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from btassets.cli.terminal import table
from btassets_tests.bench.measure import Measured

QUIET_LOAD = 0.5
"""Load average from which other work makes wall times longer than they are."""

HEAD = ("case", "wall", "spread", "CPU", "L", "peak MB", "naive CPU", "ratio", "target", "verdict", "note")


@dataclass(frozen=True)
class Target:
    """What a case should take at most; None: nothing said."""

    wall_s: float | None = None
    cpu_s: float | None = None
    peak_mb: float | None = None
    in_l: float | None = None

    def __str__(self) -> str:
        parts = [] if self.wall_s is None else [duration(self.wall_s)]
        parts += [] if self.cpu_s is None else [f"{duration(self.cpu_s)} CPU"]
        parts += [] if self.in_l is None else [f"{self.in_l:g} L"]
        parts += [] if self.peak_mb is None else [f"{self.peak_mb:,.0f} MB"]
        return ", ".join(parts) or "-"


@dataclass(frozen=True)
class Figure:
    """One row of the table.

    Attributes
    ----------
    case
        Name and work.
    wall_s, cpu_s, peak_mb
        The best of the repetitions; None where it was not measured (CPU alone inside this process).
    spread_s
        Longest minus shortest wall time (CPU time where there is no wall time); None after one run.
    n_repeats
        Repetitions.
    l_s
        L in CPU seconds (`yardstick.py`); None where a figure is not one of a run.
    naive_cpu_s
        The plain form of the same work, measured in this run and scaled where `note` says so.
    target
        What it should take.
    note
        Scale of the naive form, what was checked, sizes.
    problem
        Why it could not be measured; empty when it was.
    """

    case: str
    wall_s: float | None = None
    spread_s: float | None = None
    cpu_s: float | None = None
    peak_mb: float | None = None
    n_repeats: int = 0
    naive_cpu_s: float | None = None
    target: Target = Target()
    note: str = ""
    problem: str = ""
    l_s: float | None = None

    @property
    def in_l(self) -> float | None:
        """CPU time in L."""
        return None if self.l_s is None or self.cpu_s is None else self.cpu_s / self.l_s

    @property
    def ratio(self) -> float | None:
        """How many times the naive form's CPU time is ours."""
        return None if self.naive_cpu_s is None or not self.cpu_s else self.naive_cpu_s / self.cpu_s

    @property
    def verdict(self) -> str:
        """`ok`, `over` with what is over, `failed`, or `-` without a target."""
        if self.problem:
            return "failed"
        limits = [
            (name, value, limit)
            for name, value, limit in (
                ("wall", self.wall_s, self.target.wall_s),
                ("CPU", self.cpu_s, self.target.cpu_s),
                ("memory", self.peak_mb, self.target.peak_mb),
                ("L", self.in_l, self.target.in_l),
            )
            if limit is not None and value is not None
        ]
        over = [name for name, value, limit in limits if value > limit]
        if over:
            return "over: " + ", ".join(over)
        return "ok" if limits else "-"

    def as_dict(self) -> dict[str, Any]:
        """All of it for a machine, seconds and MB."""
        return asdict(self) | {"in_l": self.in_l, "ratio": self.ratio, "verdict": self.verdict}


def of_commands(case: str, runs: Sequence[Measured], target: Target, note: str = "") -> Figure:
    """Row of the best of some equal commands."""
    walls = [run.wall_s for run in runs]
    return Figure(
        case,
        min(walls),
        max(walls) - min(walls) if len(walls) > 1 else None,
        min(run.cpu_s for run in runs),
        min(run.peak_mb for run in runs),
        len(runs),
        target=target,
        note=note,
    )


def with_naive(figure: Figure, seconds: float, note: str) -> Figure:
    """Put the naive form beside a row."""
    return replace(figure, naive_cpu_s=seconds, note="; ".join(part for part in (figure.note, note) if part))


def duration(seconds: float | None) -> str:
    """Time with the unit that suits it.

    >>> [duration(s) for s in (None, 5.4e-6, 0.0015, 0.65, 7.25, 120.4, 4000.0)]
    ['-', '5.40 us', '1.50 ms', '650 ms', '7.25 s', '120 s', '4,000 s']
    """
    if seconds is None:
        return "-"
    scale, unit = next(((f, u) for f, u in ((1.0, "s"), (1e3, "ms")) if seconds * f >= 1.0), (1e6, "us"))
    value = seconds * scale
    return f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"


def as_table(figures: Sequence[Figure]) -> str:
    """The aligned table, and below it why some rows have no number."""
    rows = [
        (
            f.case,
            duration(f.wall_s),
            duration(f.spread_s),
            duration(f.cpu_s),
            None if f.in_l is None else f"{f.in_l:.2f}",
            None if f.peak_mb is None else round(f.peak_mb),
            duration(f.naive_cpu_s),
            None if f.ratio is None else f"{f.ratio:,.{0 if f.ratio >= 10 else 1}f}x",
            str(f.target),
            f.verdict,
            f.note or None,
        )
        for f in figures
    ]
    failed = [f"{f.case}: could not be measured: {f.problem}" for f in figures if f.problem]
    return "\n".join([table(rows, HEAD), *failed])


def machine() -> dict[str, Any]:
    """Where this ran, and how busy it was before."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    return {
        "cores": os.cpu_count(),
        "processor": model,
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        **{name: version(name) for name in ("dagster", "duckdb", "numba", "numpy", "pyarrow")},
    }


def machine_line(facts: dict[str, Any]) -> str:
    """The same in one line."""
    packages = ", ".join(f"{name} {facts[name]}" for name in ("dagster", "duckdb", "numba", "numpy", "pyarrow"))
    return (
        f"{facts['cores']} cores ({facts['processor']}), Python {facts['python']}, {packages}; "
        f"load average before {facts['load_before']}"
    )
