"""The CPU time of whole runs by part, side by side: what a run pays that is neither replay nor analysis.

Belongs here: which runs are taken apart, and the table. Does not belong here: charging time to parts (`parts.py`).
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from btassets.cli.terminal import table
from btassets_tests.bench.graph_cases import Lab, command_environment
from btassets_tests.bench.measure import run_command

_SHOWN_FROM_L = 0.01
_STAGE = "stage "


def measure_parts(lab: Lab, l_s: float, tell: Callable[[str], None]) -> str:
    """Table of the parts of a cold run, one with a changed gate and one without news, each on one thread."""
    found: dict[str, dict[str, float]] = {}
    for case, words in (
        ("cold", ("--set", "executor.kind=in_process")),
        ("one gate", ("--set", "gates.min_rr=1.9")),
        ("unchanged", ()),
    ):
        tell(f"parts: {case}")
        if case == "cold":
            lab.back_to_bars()
        found[case] = _run_in_parts(lab, *words)
    return as_parts_table(found, l_s)


def _run_in_parts(lab: Lab, *words: str) -> dict[str, float]:
    out = lab.folder / "parts.json"
    command = ("run", "--book", str(lab.book_folder), "--quiet", "--workers", "1", *words)
    run_command(
        [sys.executable, "-m", "btassets_tests.bench.parts", str(out), *command],
        cwd=lab.folder,
        environ=command_environment(),
        good_codes=(0, 4),
    )
    return json.loads(Path(out).read_text(encoding="utf-8"))


def as_parts_table(found: Mapping[str, Mapping[str, float]], l_s: float) -> str:
    """Rows by part, most expensive first in the first run; CPU seconds and L of every run.

    >>> print(as_parts_table({"cold": {"imports": 2.0, "stage a": 1.0}, "unchanged": {"imports": 0.5}}, 2.0))
    part        cold CPU s  cold L  unchanged CPU s  unchanged L
    imports     2.00        1.00    0.50             0.25
    stage a     1.00        0.50    0.00             0.00
    all stages  1.00        0.50    0.00             0.00
    everything  3.00        1.50    0.50             0.25
    """
    first = next(iter(found.values()))
    parts = sorted({part for run in found.values() for part in run}, key=lambda part: (-first.get(part, 0.0), part))
    kept = [part for part in parts if any(run.get(part, 0.0) >= _SHOWN_FROM_L * l_s for run in found.values())]

    def row(name: str, seconds: list[float]) -> tuple[str, ...]:
        return (name, *(text for value in seconds for text in (f"{value:.2f}", f"{value / l_s:.2f}")))

    rows = [row(part, [run.get(part, 0.0) for run in found.values()]) for part in kept]
    for name, is_wanted in (
        ("all stages", lambda part: part.startswith(_STAGE)),
        ("everything", lambda _: True),
    ):
        rows.append(row(name, [sum(v for part, v in run.items() if is_wanted(part)) for run in found.values()]))
    head = ("part", *(text for case in found for text in (f"{case} CPU s", f"{case} L")))
    return table(rows, head)
