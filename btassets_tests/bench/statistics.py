"""CPU time of the statistics layer on a book that has run: each stage, and the random books alone.

Run as `python -m btassets_tests.bench.statistics BOOK` on a book of one's own, or as case `statistics` of
`make bench`. A stage is computed again and not stored. Does not belong here: judging the figures.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from btassets.book.book import Book, open_book
from btassets.compiled import use_cache_folder
from btassets.graph import flow
from btassets.run.run_stage import compute
from btassets.run.tables import inputs_of
from btassets.stages.portfolio.simulation_inputs import read_book_inputs
from btassets.stages.statistics import stat_portfolio
from btassets_tests.bench.figures import Figure, Target, as_table

STAGES = ("stat_signals", "stat_groups", "stat_calibration", "stat_portfolio", "stat_claims")
LAYER_S, RANDOM_BOOKS_S, SIGNALS_S = 2.0, 0.8, 0.5
_REPEATS = 3


def timed(work: Callable[[], object], repeats: int = _REPEATS) -> tuple[float, float, float]:
    """Least CPU and wall seconds of some repeats after one that is not counted, and the spread of the CPU."""
    work()
    cpu, wall = [], []
    for _ in range(repeats):
        began, at = time.process_time(), time.perf_counter()
        work()
        cpu.append(time.process_time() - began)
        wall.append(time.perf_counter() - at)
    return min(cpu), min(wall), max(cpu) - min(cpu)


def statistics_figures(book: Book, *, has_targets: bool) -> list[Figure]:
    """The layer as a whole, each of its stages, and the 499 random books of `stat_portfolio`."""
    parts = {name: timed(lambda name=name: compute(flow.STAGES[name], book)) for name in STAGES}
    inputs = read_book_inputs(*inputs_of("stat_portfolio", book))
    books = stat_portfolio.policy_books(inputs)
    drawn = timed(lambda: stat_portfolio.random_rows(book.settings, inputs, books))

    def figure(case: str, cpu: float, spread: float, target: float | None, note: str = "") -> Figure:
        limit = Target(cpu_s=target) if has_targets and target is not None else Target()
        return Figure(case, cpu_s=cpu, spread_s=spread, n_repeats=_REPEATS, target=limit, note=note)

    whole, spread = sum(cpu for cpu, _, _ in parts.values()), sum(s for _, _, s in parts.values())
    return [
        figure("statistics layer", whole, spread, LAYER_S, "all its stages, one after the other"),
        *(
            figure(f"  {name}", cpu, s, SIGNALS_S if name == "stat_signals" else None)
            for name, (cpu, _, s) in parts.items()
        ),
        figure("  499 random books", drawn[0], drawn[2], RANDOM_BOOKS_S, "within stat_portfolio"),
    ]


def main() -> int:
    """Print the figures of one book."""
    parser = argparse.ArgumentParser(prog="statistics", description=__doc__.splitlines()[0])
    parser.add_argument("book", type=Path, help="folder of a book that has run")
    use_cache_folder()
    print(as_table(statistics_figures(open_book(parser.parse_args().book), has_targets=True)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
