"""`make bench`: the speed table, each figure beside its naive form and its target.

Run as `python -m btassets_tests.bench`. Exit code 1 only when something could not be measured: how
fast a machine is fails nothing.
"""

import argparse
import gc
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from btassets.cli.main import leave
from btassets.code_version import code_version
from btassets.compiled import use_cache_folder
from btassets_tests.bench import graph_cases
from btassets_tests.bench.figures import (
    QUIET_LOAD,
    Figure,
    Target,
    as_table,
    machine,
    machine_line,
    with_naive,
)
from btassets_tests.bench.markets import real_or_synthetic
from btassets_tests.bench.measure import MeasureError

if TYPE_CHECKING:
    from btassets_tests.bench.kernels import ReplayInputs, TickerBars

OF_RUNS = ("parts", "peers")
KERNELS = ("replay", "signals", "books", "factors", "statistics", "events", "page", "quality", "postgres")
DAGSTER = ("launches", "new_bars")
CASES = (*graph_cases.CASES, *OF_RUNS, *KERNELS, *DAGSTER)

FROM_SCRATCH = ("cold", "multiprocess", "unchanged", "gate", "changed")
"""Cases whose naive form is the plain replay of everything: that form starts from scratch each time."""


SOURCES = ("btassets", "dbt_like_sql")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    n_tickers: int
    n_sessions: int
    n_repeats: int
    n_changed: int
    n_naive_bars: int
    n_naive_graded: int
    n_books: int
    panel: dict[str, int]
    n_weeks: int
    n_partitions: int


FULL = Size(
    n_tickers=500,
    n_sessions=1_260,
    n_repeats=2,
    n_changed=graph_cases.N_CHANGED,
    n_naive_bars=64,
    n_naive_graded=6,
    n_books=1_000,
    panel={"n_tickers": 501, "n_sessions": 1_260},
    n_weeks=240,
    n_partitions=501,
)
QUICK = Size(
    n_tickers=6,
    n_sessions=330,
    n_repeats=1,
    n_changed=1,
    n_naive_bars=2,
    n_naive_graded=1,
    n_books=20,
    panel={"n_tickers": 20, "n_sessions": 260},
    n_weeks=10,
    n_partitions=11,
)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Arguments of the bench."""
    parser = argparse.ArgumentParser(prog="python -m btassets_tests.bench", description=__doc__)
    parser.add_argument("--only", default="", metavar="CASE,CASE", help=f"some of {', '.join(CASES)}")
    parser.add_argument("--repeats", type=int, default=None, metavar="N", help="runs of each command (default: 2)")
    parser.add_argument("--synthetic", action="store_true", help="synthetic bars even where there are real ones")
    parser.add_argument("--quick", action="store_true", help="a tiny market, once: does the bench still work?")
    parser.add_argument(
        "--large",
        action="store_true",
        help="instead: 7,000 synthetic tickers x 2,520 bars; minutes, and 8 GB of temporary disk",
    )
    parser.add_argument("--json", type=Path, default=None, metavar="F", help="the figures for a machine")
    arguments = parser.parse_args(argv)
    arguments.cases = [name for name in arguments.only.split(",") if name] or list(CASES)
    unknown = sorted(set(arguments.cases) - set(CASES))
    if unknown:
        parser.error(f"--only {unknown[0]}: no such case; take some of {', '.join(CASES)}")
    return arguments


def tell(text: str) -> None:
    """Say on stderr what is being measured."""
    print(f"  {text} ...", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table; 1 when something could not be measured."""
    arguments = parse(argv)
    use_cache_folder()
    facts = machine()
    print(machine_line(facts))
    if facts["load_before"] > QUIET_LOAD:
        print(f"! the load average is above {QUIET_LOAD}: other work makes wall times longer; trust the CPU times")
    sources = code_version.__wrapped__(*SOURCES)  # the function itself remembers its answer
    with tempfile.TemporaryDirectory(prefix="btassets-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if not arguments.quick:
            tell("warm up: compiled code")
            graph_cases.warm_up(folder)
        about, figures, more = _large(folder, arguments) if arguments.large else _everything(folder, arguments)
    print(about)
    print()
    print(as_table(figures))
    print(_footnote(arguments))
    for text in more:
        print(f"\n{text}")
    if code_version.__wrapped__(*SOURCES) != sources:
        print("! the sources changed while this ran: commands compiled again or found everything stale; run again")
    if arguments.json is not None:
        _write_json(arguments.json, facts, about, figures)
    return 1 if any(figure.problem for figure in figures) else 0


def _footnote(arguments: argparse.Namespace) -> str:
    lines = [
        "\nwall, CPU and peak: the best of the runs; spread: worst less best; CPU counts children.",
        "L: CPU of the compiled replay pass over the same bars and of one import of dagster, measured in this run.",
        "naive CPU: plain Python of btassets_tests/reference in this run, scaled to the same work; beside a run of "
        "the graph it is the replay alone.",
    ]
    if not (arguments.quick or arguments.large):
        lines.append("targets: 501 tickers x 5 years, 2 cores, no other work.")
    return "\n".join(lines)


def _write_json(path: Path, facts: dict[str, Any], about: str, figures: Sequence[Figure]) -> None:
    document = {"machine": facts, "market": about, "figures": [figure.as_dict() for figure in figures]}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _large(folder: Path, arguments: argparse.Namespace) -> tuple[str, list[Figure], list[str]]:
    from btassets_tests.bench.large import measure_large

    if arguments.quick:
        return "synthetic", measure_large(folder, tell, n_tickers=10, n_years=2.0, has_targets=False), []
    return "synthetic bars of the demo source", measure_large(folder, tell), []


def _everything(folder: Path, arguments: argparse.Namespace) -> tuple[str, list[Figure], list[str]]:
    size = QUICK if arguments.quick else FULL
    n_repeats = size.n_repeats if arguments.repeats is None else max(1, arguments.repeats)
    tell("bars")
    market = real_or_synthetic(
        folder / "market",
        n_tickers=size.n_tickers,
        n_sessions=size.n_sessions,
        is_real_wanted=not (arguments.quick or arguments.synthetic),
    )
    lab = graph_cases.Lab(folder, market, n_repeats, size.n_changed)
    figures = {"ingest": lab.prepare()} if _needs_book(arguments.cases) else {}
    more: list[str] = []
    l_s = None
    if {*graph_cases.CASES, "parts"} & {*arguments.cases}:
        l_s, rows = _measured_l(lab)
        figures |= rows
        if "parts" in arguments.cases:
            from btassets_tests.bench.parts_table import measure_parts

            more.append(measure_parts(lab, l_s, tell))
    runs = graph_cases.measure_all(lab, arguments.cases, tell, has_targets=not arguments.quick)
    figures |= {case: replace(figure, l_s=l_s) for case, figure in runs.items()}
    if "peers" in arguments.cases:
        from btassets_tests.bench.peers import measure_peers

        tell("peers")
        rows, missing = measure_peers(size.panel, size.n_weeks)
        figures |= {row.case: row for row in rows}
        more += missing
    # The objects of earlier imports (Dagster) would be walked by the garbage collector within what is timed.
    gc.collect()
    gc.freeze()
    try:
        found = _with_kernels(lab, figures, arguments.cases, size, has_targets=not arguments.quick)
    finally:
        gc.unfreeze()
    found += _of_the_page(lab, arguments.cases, size, has_targets=not arguments.quick)
    return f"market: {market.about}", found, more


def _measured_l(lab: graph_cases.Lab) -> tuple[float, dict[str, Figure]]:
    """L in CPU seconds, and its rows."""
    from btassets_tests.bench.kernels import read_market
    from btassets_tests.bench.yardstick import measure_yardstick

    tell("L")
    lab.ensure_run()
    found = measure_yardstick(lab.folder, *read_market(lab.book()))
    return found.l_s, {row.case: row for row in found.figures()}


def _needs_book(cases: Sequence[str]) -> bool:
    return bool({*graph_cases.CASES, "parts", "replay", "signals", "page", "launches"} & {*cases})


def _of_the_page(lab: graph_cases.Lab, cases: Sequence[str], size: Size, *, has_targets: bool) -> list[Figure]:
    """Figures of launches, backfills and new bars; the last ones, because they change book and market."""
    found: list[Figure] = []
    if "launches" in cases:
        from btassets_tests.bench.bench_page import measure_page

        found += measure_page(lab.book_folder, tell, has_targets=has_targets)
    if "new_bars" in cases:
        from btassets_tests.bench.bench_new_bars import measure_new_bars

        found += measure_new_bars(lab.folder, lab.market, tell, size.n_changed, has_targets=has_targets)
    return found


def _with_kernels(
    lab: graph_cases.Lab, figures: dict[str, Figure], cases: Sequence[str], size: Size, *, has_targets: bool
) -> list[Figure]:
    """Figures of the commands with their naive form, then those of the kernels."""
    from btassets_tests.bench import kernels

    found: list[Figure] = []
    if {"replay", "signals", "grade", *FROM_SCRATCH} & {*cases}:
        tell("replay, plain form of the replay")
        lab.ensure_run()
        inputs, items = kernels.read_market(lab.book())
        scale = len(items) / kernels.N_TICKERS_AIMED_AT
        replay = kernels.replay_figure(
            inputs,
            items,
            n_sampled=size.n_naive_bars,
            target=Target(cpu_s=kernels.S_AN_ASOF_BAR) if has_targets else Target(),
        )
        _add_naive_replay(figures, replay, kernels.n_asof_bars(inputs, items))
        if "grade" in figures and not figures["grade"].problem:
            tell("plain form of grade")
            figures["grade"] = _graded_plainly(lab, figures["grade"], inputs, items, size)
        if "replay" in cases:
            found.append(replay)
        if "signals" in cases:
            target = Target(cpu_s=0.1 * scale) if has_targets else Target()
            found.append(kernels.signals_figure(inputs, items, n_sampled=size.n_naive_bars, target=target))
    if "books" in cases:
        tell("books")
        found += kernels.book_figures(n_books=size.n_books, size=size.panel, has_targets=has_targets)
    if "factors" in cases:
        tell("factor report")
        n_names = size.panel["n_tickers"]
        found += kernels.factor_report_figures(n_weeks=size.n_weeks, n_names=n_names, has_targets=has_targets)
    if "statistics" in cases:
        from btassets_tests.bench.statistics import statistics_figures

        tell("statistics")
        lab.ensure_run()
        found += statistics_figures(lab.book(), has_targets=has_targets)
    if "events" in cases:
        tell("events")
        found.append(kernels.event_figure(n_partitions=size.n_partitions, has_targets=has_targets))
    if {"quality", "postgres"} & {*cases}:
        from btassets_tests.bench import bench_sources

        tell("quality rules, PostgreSQL")
        folder = lab.folder / "sources"
        n_tickers, n_bars = size.n_tickers, size.n_sessions
        found += bench_sources.figures(folder, cases, n_tickers=n_tickers, n_bars=n_bars, has_targets=has_targets)
    if "page" in cases:
        tell("page")
        lab.ensure_run()
        found.append(kernels.page_figure(lab.book().reports / "latest" / "report.json", has_targets=has_targets))
    return [*figures.values(), *found]


def _add_naive_replay(figures: dict[str, Figure], replay: Figure, n_asof: int) -> None:
    for case in FROM_SCRATCH:
        figure = figures.get(case)
        if figure is not None and not figure.problem and replay.naive_cpu_s is not None:
            figures[case] = with_naive(figure, replay.naive_cpu_s * n_asof, "")


def _graded_plainly(
    lab: graph_cases.Lab,
    figure: Figure,
    inputs: "ReplayInputs",
    items: "list[TickerBars]",
    size: Size,
) -> Figure:
    from btassets_tests.bench import kernels

    n_rows = graph_cases.n_rows_of(lab.exported())
    each, n = kernels.naive_grade(lab.book(), lab.exported(), items, inputs, n_tickers=size.n_naive_graded)
    return with_naive(figure, each * n_rows, f"naive scaled from {n:,}")


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    # Ended from outside, it ends what it measures and leaves no book behind.
    signal.signal(signal.SIGTERM, _end)
    try:
        code = main()
    except MeasureError as problem:
        print(f"could not be measured: {problem}", file=sys.stderr)
        code = 1
    leave(code)
