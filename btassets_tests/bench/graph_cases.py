"""The whole graph as a person runs it: real commands in processes of their own, on a book in a folder.

Belongs here: what each case starts from, the command, and the proof that it measured what its name
says. Does not belong here: kernels inside one process (`kernels.py`), the market (`markets.py`).
"""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from btassets.book.book import Book, open_book
from btassets.errors import EXIT_SOME_TICKERS
from btassets_tests.bench.figures import Figure, Target, of_commands
from btassets_tests.bench.markets import BarFolder, give_back, restate, take_last_bar, take_last_session
from btassets_tests.bench.measure import Measured, MeasureError, run_command

CASES = (
    *("cold", "multiprocess", "unchanged", "gate", "changed", "restated", "daily"),
    *("today", "sweep", "compare", "grade"),
)

TARGETS = {
    "cold": Target(in_l=5.0, peak_mb=1_000.0),
    "unchanged": Target(in_l=0.35),
    "gate": Target(in_l=2.5),
    "changed": Target(in_l=2.0),
    "restated": Target(in_l=3.0),
    "daily": Target(in_l=2.5),
    "sweep": Target(4.0),
}
"""Of 501 tickers x 5 years: an absolute time holds on one machine, so that those of whole runs are in L."""

N_CHANGED = 37
GRID = (
    "gates.min_rr=0.75:3:0.25",
    "gates.min_confidence=45:67.5:2.5",
    "gates.min_momentum_percentile=50:90:10",
    "exits.hold_days=10,30",
)
"""A thousand books."""

_PROJECT = Path(__file__).parents[2]
_GOOD_CODES = (0, EXIT_SOME_TICKERS)
_IN_PROCESS = ("--set", "executor.kind=in_process")
_NOTHING_CHANGED = "nothing changed since the last run"


def command_environment() -> dict[str, str]:
    """Environment of the measured commands: this project, and no setting of the user's."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("BTASSETS", "DAGSTER", "PYTHON"))}
    return environ | {"PYTHONPATH": str(_PROJECT)}


def btassets(cwd: Path, *words: str, timeout_s: float = 900.0) -> Measured:
    """Measure one command of the command line."""
    return run_command(
        [sys.executable, "-m", "btassets.cli", *words],
        cwd=cwd,
        environ=command_environment(),
        good_codes=_GOOD_CODES,
        timeout_s=timeout_s,
    )


def warm_up(folder: Path) -> None:
    """Compile what is not compiled yet (engine, byte code), on a market too small to matter."""
    btassets(folder, "demo", "--book", str(folder / "warm"), "--tickers", "3", "--years", "2", "--quiet")
    shutil.rmtree(folder / "warm")


@dataclass
class Lab:
    """A book whose bars were read, and copies of the state that the cold cases start from."""

    folder: Path
    market: BarFolder
    n_repeats: int = 2
    n_changed: int = N_CHANGED

    def __post_init__(self) -> None:
        step = max(1, len(self.market.tickers) // (self.n_changed * self.n_repeats))
        chosen = self.market.tickers[::step][: self.n_changed * self.n_repeats]
        self._late = [chosen[k :: self.n_repeats] for k in range(self.n_repeats)]
        self._whole: list[dict[str, bytes]] = []

    @property
    def book_folder(self) -> Path:
        """Where the book is; always the same place, because an instance knows its own."""
        return self.folder / "book"

    @property
    def _pristine(self) -> Path:
        return self.folder / "pristine"

    def book(self) -> Book:
        """Open the book in this process, to read the result of a command."""
        return open_book(self.book_folder)

    def prepare(self) -> Figure:
        """Make the book and read the bars: those of the `changed` case without their last session."""
        self._whole = [take_last_session(self.market, group) for group in self._late]
        btassets(
            self.folder,
            "init",
            str(self.book_folder),
            *("--source", "files", "--path", str(self.market.folder)),
            *("--benchmark", str(self.market.benchmark), "--calendar", self.market.calendar),
        )
        read = btassets(self.folder, "ingest", "--book", str(self.book_folder), "--quiet")
        shutil.copytree(self.book_folder, self._pristine)
        return of_commands("read all bars (ingest)", [read], Target(), read.stdout.strip().splitlines()[-1])

    def measure(self, case: str, target: Target) -> Figure:
        """One case with its repetitions; a case that cannot be measured says so in its row."""
        about, repeat = self._repeat_of(case)
        try:
            results = [repeat(number) for number in range(self.n_repeats)]
        except MeasureError as problem:
            return Figure(about, target=target, problem=str(problem))
        return of_commands(about, [run for run, _ in results], target, results[-1][1])

    def _repeat_of(self, case: str) -> tuple[str, Callable[[int], tuple[Measured, str]]]:
        return {
            "cold": ("cold, in process", self._cold),
            "multiprocess": ("cold, multiprocess", self._multiprocess),
            "unchanged": ("nothing changed", self._unchanged),
            "gate": ("one gate changed", self._gate),
            "changed": (f"{self.n_changed} of {len(self.market.tickers)} tickers got a bar", self._changed),
            "restated": (f"{self.n_changed} tickers restated over their history", self._restated),
            "daily": ("a new bar for every ticker", self._daily),
            "today": ("today", self._today),
            "sweep": ("sweep of 1,000 books", self._sweep),
            "compare": ("compare two scenarios", self._compare),
            "grade": ("grade of all candidates", self._grade),
        }[case]

    def _run(self, *words: str) -> Measured:
        return btassets(self.folder, "run", "--book", str(self.book_folder), "--quiet", *words)

    def back_to_bars(self) -> None:
        """The book as it was after the bars were read."""
        shutil.rmtree(self.book_folder)
        shutil.copytree(self._pristine, self.book_folder)

    def ensure_run(self) -> None:
        """Make sure that the base scenario is up to date; not measured."""
        if not (self.book_folder / "reports" / "latest").exists():
            self._run(*_IN_PROCESS)

    def _whole_graph(self, *words: str) -> tuple[Measured, str]:
        self.back_to_bars()
        run = self._run(*words)
        book = self.book()
        versions = replay_versions(book)
        if len(versions) != len(self.market.tickers):
            raise MeasureError(f"{len(versions)} of {len(self.market.tickers)} tickers were replayed")
        return run, ""

    def _cold(self, _number: int) -> tuple[Measured, str]:
        return self._whole_graph(*_IN_PROCESS)

    def _multiprocess(self, _number: int) -> tuple[Measured, str]:
        return self._whole_graph("--set", "executor.kind=multiprocess")

    def _unchanged(self, _number: int) -> tuple[Measured, str]:
        self.ensure_run()
        run = self._run()
        if _NOTHING_CHANGED not in run.stderr:
            raise MeasureError("the run found something to do")
        return run, ""

    def _gate(self, number: int) -> tuple[Measured, str]:
        self.ensure_run()
        before = _stamps(self.book())
        # A scenario of its own each time: the same words again would find nothing to do.
        run = self._run("--set", f"gates.min_rr={2 + number / 4:g}")
        if _NOTHING_CHANGED in run.stderr or _stamps(self.book()) != before:
            raise MeasureError("the run found nothing to do, or replayed")
        return run, "no replay"

    def _changed(self, number: int) -> tuple[Measured, str]:
        self.ensure_run()
        before = replay_versions(self.book())
        give_back(self.market, self._whole[number])
        run = self._run(*_IN_PROCESS)
        after = replay_versions(self.book())
        changed = {ticker for ticker, version in after.items() if before.get(ticker) != version}
        n_replayed = replayed_in_last_run(self.book())
        if changed != set(self._late[number]) or n_replayed != len(self._late[number]):
            wanted = f"{len(self._late[number])} tickers got a bar"
            raise MeasureError(f"{wanted}, {n_replayed} were replayed and {len(changed)} changed")
        return run, f"{n_replayed} replayed"

    def _restated(self, number: int) -> tuple[Measured, str]:
        self.ensure_run()
        self._run(*_IN_PROCESS)
        restate(self.market, self._late[number])
        run = self._run(*_IN_PROCESS)
        n_replayed = replayed_in_last_run(self.book())
        if n_replayed != len(self._late[number]):
            raise MeasureError(f"{len(self._late[number])} tickers were restated, {n_replayed} were replayed")
        return run, f"{n_replayed} replayed"

    def _daily(self, _number: int) -> tuple[Measured, str]:
        """The evening: every file and the benchmark gain a session, and one command reads and computes it."""
        cut = take_last_session(self.market, self.market.tickers)
        benchmark = take_last_bar(self.market.benchmark)
        self._run(*_IN_PROCESS)
        before = replay_versions(self.book())
        give_back(self.market, cut)
        self.market.benchmark.write_bytes(benchmark)
        run = self._run(*_IN_PROCESS)
        after = replay_versions(self.book())
        # One that was a session behind the others may have no as-of bar more.
        n_changed = sum(before.get(ticker) != version for ticker, version in after.items())
        n_replayed = replayed_in_last_run(self.book())
        if n_replayed != n_changed or n_changed < 0.9 * len(self.market.tickers):
            raise MeasureError(f"{n_changed} of {len(after)} tickers changed, {n_replayed} were replayed")
        return run, f"{n_replayed} replayed"

    def _today(self, _number: int) -> tuple[Measured, str]:
        self.ensure_run()
        return btassets(self.folder, "today", "--book", str(self.book_folder)), ""

    def _sweep(self, _number: int) -> tuple[Measured, str]:
        self.ensure_run()
        run = btassets(self.folder, "sweep", "--book", str(self.book_folder), "--quiet", *GRID)
        if not run.stdout.startswith("1,000 portfolios tried here"):
            raise MeasureError(f"the sweep said {run.stdout[:60]!r}")
        (page,) = self.book().reports.glob("sweep-*/sweep.html")
        return run, f"page {page.stat().st_size / 1000:.0f} kB"

    def _compare(self, _number: int) -> tuple[Measured, str]:
        self.ensure_run()
        self._run("--set", "gates.min_rr=1.75", "--as", "to-compare")
        words = ("compare", "base", "to-compare", "--book", str(self.book_folder))
        run = btassets(self.folder, *words)
        page = self.book().reports / "compare-base-to-compare" / "compare.html"
        return run, f"page {page.stat().st_size / 1000:.0f} kB"

    def _grade(self, number: int) -> tuple[Measured, str]:
        self.ensure_run()
        table = self.exported()
        out = self.folder / f"grade-{number}.json"
        run = btassets(
            self.folder,
            "grade",
            *("--candidates", str(table), "--bars", str(self.market.folder)),
            *("--benchmark", str(self.market.benchmark), "--out", str(out)),
        )
        return run, f"{n_rows_of(table):,} setups"

    def exported(self) -> Path:
        """File of all candidates of the week grid."""
        path = self.folder / "candidates.parquet"
        if not path.exists():
            words = (
                "export",
                "candidates",
                "--book",
                str(self.book_folder),
                "--grid",
                "week",
                "--out",
                str(path),
            )
            btassets(self.folder, *words)
        return path


def _stamps(book: Book) -> list[tuple[int, int]]:
    """What tells whether a bucket of the base replay was written again."""
    return [(s.st_mtime_ns, s.st_ino) for s in (p.stat() for p in book.lake.bucket_files("candidates/base"))]


def replay_versions(book: Book) -> dict[str, str]:
    """Fingerprint of every replayed ticker, from the footers."""
    return {ticker: facts["version"] for ticker, facts in book.lake.ticker_footers(book.candidates).items()}


def replayed_in_last_run(book: Book) -> int | None:
    """How many tickers the last run replayed, by what it logged; None when it replayed none."""
    import dagster as dg

    from btassets.instance.dagster_home import open_instance

    kept = dict(os.environ)
    try:
        with open_instance(book.instance) as instance:
            event = instance.get_latest_materialization_event(dg.AssetKey("candidates"))
    finally:
        os.environ.clear()
        os.environ.update(kept)
    if event is None or event.asset_materialization is None:
        return None
    return int(event.asset_materialization.metadata["recomputed"].value)


def n_rows_of(path: Path) -> int:
    """Rows of a Parquet file."""
    return pq.read_metadata(path).num_rows


def measure_all(lab: Lab, cases: Sequence[str], tell: Callable[[str], None], *, has_targets: bool) -> dict[str, Figure]:
    """Figures of the chosen cases, in the order in which each leaves the book for the next."""
    figures: dict[str, Figure] = {}
    for case in CASES:
        if case in cases:
            tell(case)
            figures[case] = lab.measure(case, TARGETS.get(case, Target()) if has_targets else Target())
    return figures
