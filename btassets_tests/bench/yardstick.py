"""L, the unit of the table: what the machine takes for the least that any run must do.

Belongs here: both halves of L, measured in the same run as the cases. Does not belong here: the cases
(`graph_cases.py`), the plain form of the replay (`kernels.py`).
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from btassets.stages.replay.candidates import replay_one
from btassets_tests.bench.bench_book import cpu_seconds
from btassets_tests.bench.figures import Figure
from btassets_tests.bench.graph_cases import command_environment
from btassets_tests.bench.measure import run_command

if TYPE_CHECKING:
    from btassets_tests.bench.kernels import ReplayInputs, TickerBars

_N_IMPORTS = 3


@dataclass(frozen=True)
class Yardstick:
    """Both halves of L in CPU seconds.

    Attributes
    ----------
    replay_s
        The compiled pass alone over every ticker's as-of bars of the week grid, bars in memory.
    import_s
        One `import dagster` in a process of its own, the best of some.
    """

    replay_s: float
    import_s: float

    @property
    def l_s(self) -> float:
        """L."""
        return self.replay_s + self.import_s

    def figures(self) -> list[Figure]:
        """Rows of L and of its halves."""
        return [
            Figure("L", cpu_s=self.l_s, l_s=self.l_s, note="the unit: the next two rows together"),
            Figure("L: the compiled replay pass", cpu_s=self.replay_s, l_s=self.l_s, note="week grid, bars in memory"),
            Figure("L: import dagster", cpu_s=self.import_s, l_s=self.l_s, n_repeats=_N_IMPORTS),
        ]


def measure_yardstick(folder: Path, inputs: "ReplayInputs", items: "Sequence[TickerBars]") -> Yardstick:
    """Measure L over the bars of the bench's own book."""

    def replay() -> None:
        for item in items:
            replay_one(item, inputs)

    words = [sys.executable, "-c", "import dagster"]
    imports = [run_command(words, cwd=folder, environ=command_environment()) for _ in range(_N_IMPORTS)]
    return Yardstick(cpu_seconds(replay), min(run.cpu_s for run in imports))
