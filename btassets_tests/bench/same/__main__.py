"""`make same OTHER=<path>`: do two installs write the same tables, at the same cost?

Belongs here: running both installs on the same markets (the demo book; with BTASSETS_REAL_BARS the real one), each
with its base and a scenario in both profiles, and the costs side by side. Does not belong here: comparing tables
(`values.py`), old and new names (`renamed.py`).

Run as `python -m btassets_tests.bench.same --other PATH`, where PATH is a checkout with its own `.venv`. Exit code 1
when a value differs, 3 when a cost is more than 5% higher (only with `--strict-costs`: other work on the machine
moves CPU times by more than that).
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from btassets_tests.bench.markets import VARIABLE, real_or_synthetic
from btassets_tests.bench.measure import Measured, MeasureError, run_command
from btassets_tests.bench.same.renamed import Words, words_of
from btassets_tests.bench.same.values import MAX_SHOWN, compare_books

HERE = Path(__file__).parents[3]
MAX_COST_RATIO = 1.05
_EXIT_VALUES, _EXIT_COSTS = 1, 3
_GOOD_CODES = (0, 4)

SCENARIOS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("strict", "standard", {"gates.min_rr": 2, "portfolio.max_positions": 15}),
    ("earlier", "legacy", {}),
    ("earlier_strict", "legacy", {"gates.min_rr": 2, "portfolio.max_positions": 15}),
)
"""Name, profile and settings of the scenarios beside the base: one in each profile, and the legacy base."""


@dataclass
class Install:
    """One checkout with its environment, the folder of its books, and what its commands took.

    Attributes
    ----------
    root
        Folder that holds `btassets/` and `.venv/`.
    work
        Folder of its books.
    taken
        Measured runs by case.
    """

    root: Path
    work: Path
    words: Words
    taken: dict[str, list[Measured]] = field(default_factory=dict)

    def run(self, case: str, *words: str) -> Measured:
        """Run one command of this install and keep what it took under `case`."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("BTASSETS", "DAGSTER", "PYTHON"))}
        measured = run_command(
            [str(self.root / ".venv" / "bin" / "python"), "-m", "btassets.cli", *words],
            cwd=self.work,
            environ=environ | {"PYTHONPATH": str(self.root)},
            good_codes=_GOOD_CODES,
            timeout_s=1_800.0,
        )
        self.taken.setdefault(case, []).append(measured)
        return measured

    def scenario_words(self, name: str, profile: str, settings: dict[str, object]) -> list[str]:
        """Options that make one scenario, in the words of this install."""
        sets = [f"--set={self.words.of_setting(key)}={value}" for key, value in settings.items()]
        return [f"--profile={self.words.of_profile(profile)}", *sets, "--as", name]


def run_demo(installs: Sequence[Install], tickers: int) -> None:
    """Make the demo book in every install: base, then the scenarios, then a run with nothing to do."""
    for install in installs:
        install.run("demo", "demo", "--book", str(install.work / "demo"), "--tickers", str(tickers), "--quiet")
    _scenarios(installs, "demo")


def run_real(installs: Sequence[Install], market: Path, repeats: int) -> None:
    """Read the real bars once an install, then run cold `repeats` times, in turn."""
    bars = real_or_synthetic(market, n_tickers=500, n_sessions=1_260)
    print(f"market: {bars.about}")
    source = ("--source", "files", "--path", str(bars.folder), "--benchmark", str(bars.benchmark))
    for install in installs:
        book = install.work / "real"
        install.run("init", "init", str(book), *source, "--calendar", bars.calendar)
        install.run("real: read the bars", "ingest", "--book", str(book), "--quiet")
        shutil.copytree(book, install.work / "pristine")
    for number in range(repeats):
        # In turn, and each first once: what warms up or disturbs one does the same to the other.
        for install in installs if number % 2 == 0 else reversed(installs):
            book = install.work / "real"
            shutil.rmtree(book)
            shutil.copytree(install.work / "pristine", book)
            install.run("real: cold", "run", "--book", str(book), "--quiet", "--set=executor.kind=in_process")
    _scenarios(installs, "real")
    for _ in range(max(0, repeats - 1)):
        for install in installs:
            install.run("real: nothing changed", "run", "--book", str(install.work / "real"), "--quiet")


def _scenarios(installs: Sequence[Install], name: str) -> None:
    for scenario, profile, settings in SCENARIOS:
        for install in installs:
            options = install.scenario_words(scenario, profile, settings)
            install.run(f"{name}: {scenario}", "run", "--book", str(install.work / name), "--quiet", *options)
    for install in installs:
        install.run(f"{name}: nothing changed", "run", "--book", str(install.work / name), "--quiet")


def show_costs(old: Install, new: Install) -> list[str]:
    """Print CPU seconds and peak memory of both; return the cases in which the new one costs over 5% more."""
    print(f"\n{'case':<28}{'CPU s':>9}{'other':>9}{'ratio':>7}{'peak MB':>9}{'other':>9}{'ratio':>7}")
    over = []
    for case, runs in new.taken.items():
        if case in ("init", "demo"):  # the demo's first run compiles
            continue
        cpu, peak = min(r.cpu_s for r in runs), min(r.peak_mb for r in runs)
        cpu_old, peak_old = min(r.cpu_s for r in old.taken[case]), min(r.peak_mb for r in old.taken[case])
        ratios = cpu / cpu_old, peak / peak_old
        print(f"{case:<28}{cpu:>9.2f}{cpu_old:>9.2f}{ratios[0]:>7.2f}{peak:>9.0f}{peak_old:>9.0f}{ratios[1]:>7.2f}")
        if max(ratios) > MAX_COST_RATIO:
            over.append(case)
    return over


def show_values(old: Install, new: Install, books: Sequence[str]) -> int:
    """Print what the books of both installs differ in; return how many differences there are."""
    n_different = 0
    for book in books:
        found = compare_books(old.work / book, new.work / book)
        n_different += len(found.values)
        verdict = f"{len(found.values)} DIFFERENCES" if found.values else "the same"
        print(f"{book}: {found.n_tables} files, {found.n_values:,} values: {verdict}")
        for line in found.values[:MAX_SHOWN]:
            print(f"  {line}")
        if len(found.values) > MAX_SHOWN:
            print(f"  and {len(found.values) - MAX_SHOWN} more")
        for where, n in sorted(found.wording.items()):
            print(f"  other words, same numbers: {where}, {n}")
    return n_different


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Arguments of the comparison."""
    parser = argparse.ArgumentParser(prog="python -m btassets_tests.bench.same", description=__doc__)
    parser.add_argument("--other", type=Path, required=True, metavar="PATH", help="a checkout with its .venv")
    parser.add_argument("--only", choices=("demo", "real"), default=None, help="one market (default: both)")
    parser.add_argument("--tickers", type=int, default=60, metavar="N", help="tickers of the demo book")
    parser.add_argument("--repeats", type=int, default=2, metavar="N", help="cold runs of the real book")
    parser.add_argument("--keep", type=Path, default=None, metavar="DIR", help="keep the books in this folder")
    parser.add_argument("--strict-costs", action="store_true", help="exit 3 when a cost is over 5%% higher")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run both installs, print values and costs."""
    arguments = parse(argv)
    other = arguments.other.absolute()
    if not (other / ".venv" / "bin" / "python").exists():
        print(f"{other}: no .venv/bin/python there; name a checkout whose environment is set up", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="btassets-same-", ignore_cleanup_errors=True) as name:
        folder = arguments.keep.absolute() if arguments.keep else Path(name)
        return _compare(other, folder, arguments)


def _compare(other: Path, folder: Path, arguments: argparse.Namespace) -> int:
    installs = [Install(root, folder / side, words_of(root)) for root, side in ((other, "other"), (HERE, "this"))]
    for install in installs:
        install.work.mkdir(parents=True)
    books = []
    if arguments.only != "real":
        run_demo(installs, arguments.tickers)
        books.append("demo")
    if arguments.only != "demo" and os.environ.get(VARIABLE):
        run_real(installs, folder / "market", arguments.repeats)
        books.append("real")
    elif arguments.only == "real":
        print(f"set {VARIABLE} to the folder of the real bars", file=sys.stderr)
        return 2
    over = show_costs(*installs)
    n_different = show_values(*installs, books)
    if over:
        print(f"more than {MAX_COST_RATIO - 1:.0%} dearer: {', '.join(over)}")
    if n_different:
        return _EXIT_VALUES
    return _EXIT_COSTS if over and arguments.strict_costs else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MeasureError as problem:
        print(f"could not be run: {problem}", file=sys.stderr)
        sys.exit(2)
