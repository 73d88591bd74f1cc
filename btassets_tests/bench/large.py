"""The large market: 7,000 synthetic tickers x 2,520 bars through the whole graph.

Belongs here: its three cases. It takes minutes and several GB of disk in the folder for temporary files.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from btassets.book.new_book import make_demo_book
from btassets_tests.bench.figures import Figure, Target, of_commands
from btassets_tests.bench.graph_cases import btassets
from btassets_tests.bench.measure import MeasureError

N_TICKERS = 7_000
N_YEARS = 10.0
NEEDED_DISK_BYTES = 8e9

COLD = Target(80.0, None, 2_500.0)
UNCHANGED = Target(3.0)
GATE = Target(15.0)

_HOUR = 3_600.0


def measure_large(
    folder: Path,
    tell: Callable[[str], None],
    *,
    n_tickers: int = N_TICKERS,
    n_years: float = N_YEARS,
    has_targets: bool = True,
) -> list[Figure]:
    """Figures of reading the bars, then of cold, unchanged and gate, one run each."""
    size = f"{n_tickers:,} x {n_years * 252:,.0f}"
    free = shutil.disk_usage(folder).free
    if free < NEEDED_DISK_BYTES * n_tickers / N_TICKERS:
        return [
            Figure(
                f"{size}",
                problem=f"{free / 1e9:.1f} GB free in {folder}; it needs {NEEDED_DISK_BYTES / 1e9:.0f}",
            )
        ]
    book = make_demo_book(folder / "large", {"demo.tickers": n_tickers, "demo.years": n_years})
    demo = ("demo", "--book", str(book), "--tickers", str(n_tickers), "--years", str(n_years), "--quiet")
    gate = ("run", "--book", str(book), "--set", "gates.min_rr=2", "--quiet")
    steps = (
        ("make and read the bars", ("ingest", "--book", str(book), "--quiet"), Target()),
        ("cold", demo, COLD),
        ("nothing changed", demo, UNCHANGED),
        ("one gate changed", gate, GATE),
    )
    figures: list[Figure] = []
    for name, words, target in steps:
        tell(f"large: {name}")
        wanted = target if has_targets else Target()
        try:
            run = btassets(folder, *words, timeout_s=_HOUR)
        except MeasureError as problem:
            figures.append(Figure(f"{size}, {name}", target=wanted, problem=str(problem)))
            break
        note = f"{_bytes_in(book / 'data') / 1e9:.2f} GB in the lake" if name == "cold" else ""
        figures.append(of_commands(f"{size}, {name}", [run], wanted, note))
    shutil.rmtree(book, ignore_errors=True)
    return figures


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
