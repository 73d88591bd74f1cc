"""`demo`, `ingest`, `run`: bring a book up to date.

Belongs here: the order of plan, run and last words. Dagster is imported only when something is
stale. Does not belong here: what is stale (`btassets.plan`), the run itself
(`btassets.defs.launch`).
"""

import argparse
import os
from pathlib import Path

from btassets import progress
from btassets.arrivals.landing import SETTLE_SECONDS, Taken, take_landed
from btassets.arrivals.of_book import active_tickers
from btassets.book.book import Book, open_book
from btassets.book.new_book import DEMO_FOLDER, DEMO_SETTINGS, EDGE_TICKERS, make_demo_book, settings_text
from btassets.book.settings_file import set_in_file
from btassets.cli.summary import headline_lines
from btassets.cli.terminal import Progress, say, tell
from btassets.cli.where import book_of, folder_of
from btassets.compiled import use_cache_folder
from btassets.errors import EXIT_SOME_TICKERS, UsageError
from btassets.graph.flow import STAGES, views
from btassets.instance.fork_server import launch_words, prepare_launch
from btassets.plan import RunPlan, make_plan
from btassets.run.freshness import is_scenario_fresh
from btassets.settings.load import BASE_SCENARIO, FILE_NAME, parse_assignments
from btassets.stages.bars.bar_store import TABLE
from btassets.storage.arrow_start import start_arrow_alone
from btassets.storage.files import replace_text, sweep
from btassets.storage.lock import book_lock

_BARS = ("ohlcv_history", "sessions", "bar_problems")
_BARS_AND_REPLAY = tuple(name for name, stage in STAGES.items() if stage.keyed != "scenario")
_MOST_LISTED = 10


def command_demo(arguments: argparse.Namespace) -> int:
    """Make the demo book where it does not exist yet, and run it."""
    flags = {
        "preset": arguments.preset,
        "tickers": arguments.tickers,
        "years": arguments.years,
        "seed": arguments.seed,
        "extend": arguments.extend,
    }
    preset = arguments.preset or "demo"
    if preset == "edge" and arguments.tickers is None:
        flags["tickers"] = EDGE_TICKERS
    values = {f"demo.{name}": value for name, value in flags.items() if value is not None}
    default = Path(DEMO_FOLDER) if preset == "demo" else Path(DEMO_FOLDER).with_name(f"demo-{preset}")
    folder = make_demo_book((arguments.book or default).absolute(), values)
    text = settings_text(DEMO_SETTINGS | values)
    if values and (folder / FILE_NAME).read_text(encoding="utf-8") != text:
        replace_text(folder / FILE_NAME, text)
    return _update(open_book(folder, overrides=_workers(arguments)), arguments)


def command_run(arguments: argparse.Namespace) -> int:
    """Bring everything up to date for the scenario that was asked for."""
    if arguments.promote:
        if not arguments.assignments:
            raise UsageError("--promote: no --set beside it", "it writes what --set says into btassets.toml.")
        set_in_file(folder_of(arguments) / FILE_NAME, parse_assignments(arguments.assignments))
        arguments.assignments = []
    book = book_of(arguments)
    if book.scenario in book.resolved.scenarios and arguments.name == book.scenario:
        raise UsageError(f"--as {arguments.name}: btassets.toml has a scenario of that name", "choose another name.")
    return _update(book, arguments, only=_tickers(arguments))


def command_ingest(arguments: argparse.Namespace) -> int:
    """Read what is new in the source; nothing is replayed."""
    book = open_book(folder_of(arguments), overrides=_workers(arguments))
    use_cache_folder()
    with book_lock(book.folder, "ingest", wait=not arguments.no_wait, on_wait=waiting):
        _sweep(book)
        landed = _take_landed(book)
        plan = make_plan(book, full=arguments.full, only=_tickers(arguments))
        before = {t: f.get("version") for t, f in book.lake.ticker_footers(TABLE).items()}
        stages = [name for name in plan.stages if name in _BARS]
        if stages:
            code = _run_base(book, RunPlan(plan.ingest, [], stages), arguments, is_full=arguments.full)
            if code:
                return code
            _write_warehouse(book)
        after = book.lake.ticker_footers(TABLE)
        n_changed = sum(before.get(t) != facts["version"] for t, facts in after.items())
        n_bars = sum(facts["n_rows"] for facts in after.values())
        say(
            f"{len(plan.ingest.stale)} of {len(plan.ingest.listed)} tickers read, {n_changed} changed, "
            f"{n_bars:,} bars in the lake"
        )
        return _report_blocked(book, landed)


def _take_landed(book: Book) -> Taken:
    """Take what landed; name what is still being written."""
    taken = take_landed(book)
    if taken.n_files:
        tell(f"{taken.n_files} files taken from landing/, bars of {len(taken.tickers)} tickers")
    if taken.unsettled:
        tell(f"landing/{taken.unsettled[0]} changed within {SETTLE_SECONDS:g} seconds and waits for the next run")
    return taken


def _sweep(book: Book) -> None:
    """Delete what killed runs left half-written."""
    for folder in (book.lake.root, book.reports):
        sweep(folder)
    for folder in (book.folder, book.instance):
        sweep(folder, is_deep=False)


def _tickers(arguments: argparse.Namespace) -> list[str]:
    names = getattr(arguments, "tickers", "")
    # `demo --tickers` is a number of them, not their names.
    return [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else []


def _workers(arguments: argparse.Namespace) -> dict[str, int]:
    return {} if arguments.workers is None else {"executor.shards": arguments.workers}


def waiting(holder: str) -> None:
    """Say whom a command waits for."""
    tell(f"waiting for another run of this book ({holder})")


def _update(book: Book, arguments: argparse.Namespace, only: list[str] | None = None) -> int:
    start_arrow_alone()
    use_cache_folder()
    with book_lock(book.folder, f"run of scenario {book.scenario}", wait=not arguments.no_wait, on_wait=waiting):
        _sweep(book)
        base = book.in_base()
        landed = _take_landed(base)
        plan = make_plan(base, only=only)
        if book.scenario != BASE_SCENARIO:
            plan = RunPlan(plan.ingest, plan.replay, [n for n in plan.stages if n in _BARS_AND_REPLAY])
        code = _run_base(base, plan, arguments) if plan.stages else 0
        is_idle = not plan.stages
        if not code and book.scenario != BASE_SCENARIO and not is_scenario_fresh(book):
            is_idle = False
            from btassets.defs.launch import launch_scenario

            with progress.listening(Progress(is_quiet=arguments.quiet)):
                code = _told(launch_scenario(book, n_threads=_n_threads(book)))
        if code:
            return code
        _write_warehouse(book)
        if is_idle:
            tell("nothing changed since the last run: its tables and report stand")
        for line in headline_lines(book):
            say(line)
        return _report_blocked(book, landed)


def _n_threads(book: Book) -> int:
    return book.settings.executor.shards or os.cpu_count() or 1


def _run_base(book: Book, plan: RunPlan, arguments: argparse.Namespace, *, is_full: bool = False) -> int:
    is_multiprocess = book.settings.executor.kind == "multiprocess"
    if is_multiprocess:
        # First of all: it imports while this process does.
        prepare_launch(book.folder, launch_words(book.overrides, _tickers(arguments), is_full=is_full))
    from btassets.defs.launch import launch

    with progress.listening(Progress(is_quiet=arguments.quiet)):
        failure = launch(
            book,
            plan,
            n_threads=_n_threads(book),
            is_multiprocess=is_multiprocess,
            is_full=is_full,
            only=_tickers(arguments),
        )
    return _told(failure)


def _told(failure: object) -> int:
    """Write why a run failed and return its exit code; 0 when it did not."""
    if failure is None:
        return 0
    tell(f"btassets: {getattr(failure, 'text', failure)}")
    return getattr(failure, "exit_code", 1)


def _write_warehouse(book: Book) -> None:
    from btassets.storage.warehouse import is_current, write_views

    if not is_current(book.folder, book.lake, views()):
        write_views(book.folder, book.lake, views())


def _report_blocked(book: Book, landed: Taken) -> int:
    """Name the tickers and landed files that could not be used; exit code 4 when there are any."""
    for name, reason in landed.refused.items():
        tell(f"landing/{name} stays there: {reason}")
    footers = book.lake.ticker_footers(TABLE)
    blocked = {t: footers[t]["blocked"] for t in active_tickers(book) if footers[t]["blocked"]}
    failed = {t: f["failed"] for t, f in book.lake.ticker_footers(book.candidates).items() if f.get("failed")}
    problems = {**{t: f"replay failed: {why}" for t, why in failed.items()}, **blocked}
    for ticker in sorted(problems, key=str.encode)[:_MOST_LISTED]:
        tell(f"{ticker}: {problems[ticker]}" if not problems[ticker].startswith(ticker) else problems[ticker])
    if len(problems) > _MOST_LISTED:
        tell(f"... and {len(problems) - _MOST_LISTED} more: `btassets export bar_problems --out problems.csv`")
    return EXIT_SOME_TICKERS if problems or landed.refused else 0
