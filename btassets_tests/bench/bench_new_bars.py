"""New bars in a book of a whole market, as the sensor meets them: what each tick asks for and what its run does.

Run as `python -m btassets_tests.bench.bench_new_bars`. Ticks and runs are in this process, so that only
their own work is measured. Exit code 1 when an answer is not the expected one.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from btassets.book.book import open_book
from btassets.cli.main import leave
from btassets.stages.bars import ohlcv_history
from btassets_tests.bench.figures import Figure, Target, as_table, machine, machine_line
from btassets_tests.bench.graph_cases import N_CHANGED, btassets
from btassets_tests.bench.markets import BarFolder, real_or_synthetic, take_last_session
from btassets_tests.bench.measure import MeasureError
from btassets_tests.support.small_market import Home

_NO_TARGET = Target()


def _expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise MeasureError(f"{what}: {found}, expected {wanted}")


class NewBars:
    """A finished book whose files gain a session in parts."""

    def __init__(
        self, folder: Path, market: BarFolder, tell: Callable[[str], None], n_early: int, *, has_targets: bool
    ) -> None:
        self.market, self.tell, self.n_early, self.has_targets = market, tell, n_early, has_targets
        self.folder = market.folder
        self.whole = take_last_session(market, market.tickers)
        book = folder / "book-of-new-bars"
        words = ("--source", "files", "--path", str(market.folder), "--benchmark", str(market.benchmark))
        btassets(folder, "init", str(book), *words, "--calendar", market.calendar)
        self.home = Home(open_book(book))
        self.cursor: str | None = None
        self.figures: list[Figure] = []

    def tick(self, case: str, target: Target = _NO_TARGET) -> dg.SensorResult | dg.SkipReason:
        """One look of the sensor."""
        self.tell(case)
        before = time.process_time()
        answer, seconds = self.home.tick(cursor=self.cursor)
        used = time.process_time() - before
        self.figures.append(Figure(f"tick: {case}", seconds, None, used, None, 1, target=target))
        if isinstance(answer, dg.SensorResult):
            self.cursor = answer.cursor
        return answer

    def run(self, case: str, answer: dg.SensorResult | dg.SkipReason) -> dg.ExecuteInProcessResult:
        """The one run that it asked for."""
        if not isinstance(answer, dg.SensorResult) or len(answer.run_requests or ()) != 1:
            raise MeasureError(f"{case}: {answer}")
        started, before = time.perf_counter(), time.process_time()
        result = self.home.run(answer.run_requests[0])
        wall, cpu = time.perf_counter() - started, time.process_time() - before
        _expect(f"{case}: success", result.success, True)
        bars = self.home.numbers(result, "ohlcv_history")
        note = ", ".join(f"{bars[key]} {key}" for key in ("targeted", "recomputed", "cached", "tickers_blocked"))
        self.figures.append(Figure(f"run: {case}", wall, None, cpu, None, 1, note=f"{note}; T {self.as_of}"))
        return result

    @property
    def as_of(self) -> str:
        """T of the book."""
        return str(self.home.book.lake.footer("sessions").facts["numbers"]["as_of"])

    def give(self, tickers: list[str]) -> None:
        """Let the last session of some tickers land."""
        for name in tickers:
            (self.folder / f"{name}.parquet").write_bytes(self.whole[name])

    def measure(self) -> list[Figure]:
        """Every case in turn."""
        quick = Target(wall_s=0.2) if self.has_targets else _NO_TARGET
        names, early = list(self.market.tickers), self.n_early
        n = len(names)
        self.run("first", self.tick("first"))
        quiet = self.tick("no new bars", quick)
        _expect("a tick without new bars", isinstance(quiet, dg.SkipReason), True)

        before = self.as_of
        self.give(names[:early])
        result = self.run(f"{early} of {n} tickers", self.tick(f"{early} of {n} tickers have a bar"))
        for asset in ("ohlcv_history", "candidates"):
            numbers = self.home.numbers(result, asset)
            found = tuple(numbers[key] for key in ("targeted", "recomputed", "cached"))
            _expect(f"{asset}: targeted, recomputed, cached", found, (n, early, n - early))
        _expect("T", self.as_of, before)
        told = next(e for e in result.get_asset_check_evaluations() if e.check_name == "stale_tickers").metadata
        found = (told["tickers_with_it"].value, told["tickers_without_it"].value)
        _expect("tickers with and without the next session", found, (early, n - early))
        report = json.loads((self.home.book.reports / "latest" / "report.json").read_text(encoding="utf-8"))
        _expect("tickers that the report names", report["universe"]["behind"], names[early:])

        self.give(names[early:])
        self.run("the rest", self.tick("the rest has it, too"))
        _expect("T moved", self.as_of > before, True)

        for new, old in zip(("NEWA", "NEWB", "NEWC"), names, strict=False):
            shutil.copyfile(self.folder / f"{old}.parquet", self.folder / f"{new}.parquet")
        (self.folder / "CUT.parquet").write_bytes(self.whole[names[0]][:5000])
        answer = self.tick("3 new tickers, 1 truncated file")
        _expect("new partitions", {"NEWA", "NEWB", "NEWC"} <= set(self._partitions()), True)
        result = self.run("3 new tickers, 1 truncated file", answer)
        _expect("blocked", self.home.numbers(result, "ohlcv_history")["tickers_blocked"], 1)
        footers = self.home.book.lake.ticker_footers(self.home.book.candidates)
        _expect("candidates of the new", all(footers[t]["n_rows"] for t in ("NEWA", "NEWB", "NEWC")), True)
        blocked = self.home.book.lake.ticker_footers("ohlcv_history")["CUT"]["blocked"]
        _expect("the truncated file is named", "CUT.parquet cannot be read" in str(blocked), True)
        last = self.tick("no new bars, one blocked file", quick)
        _expect("the blocked file is no news", isinstance(last, dg.SkipReason), True)
        return self.figures

    def _partitions(self) -> list[str]:
        return list(self.home.instance.get_dynamic_partitions("tickers"))


def measure_new_bars(
    folder: Path, market: BarFolder, tell: Callable[[str], None], n_early: int = N_CHANGED, *, has_targets: bool
) -> list[Figure]:
    """Figures of ticks and runs; changes the market's files.

    Raises
    ------
    MeasureError
        When the sensor or a run of it did something else than it should.
    """
    # Every file counts as written a minute ago: nobody waits for files to settle.
    ohlcv_history.changed_at, changed_at = (lambda _source, _ticker: time.time() - 60.0), ohlcv_history.changed_at
    case = NewBars(folder, market, tell, n_early, has_targets=has_targets)
    try:
        return case.measure()
    finally:
        case.home.close()
        ohlcv_history.changed_at = changed_at


def _say(text: str) -> None:
    print(f"  {text} ...", file=sys.stderr, flush=True)


def main() -> int:
    """Measure and print the table."""
    print(machine_line(machine()))
    with tempfile.TemporaryDirectory(prefix="btassets-bench-", ignore_cleanup_errors=True) as name:
        market = real_or_synthetic(Path(name) / "market", n_tickers=500, n_sessions=1_260, is_real_wanted=True)
        figures = measure_new_bars(Path(name), market, _say, has_targets=True)
    print(f"market: {market.about}\n")
    print(as_table(figures))
    return 0


if __name__ == "__main__":
    leave(main())
