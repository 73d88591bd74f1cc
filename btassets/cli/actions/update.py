"""Updating a book: the work behind `demo`, `ingest` and `run`.

Belongs here: the order of plan, run and last lines. Dagster is imported only when something is stale. Does not
belong here: what is stale (`btassets.plan`), the run itself (`btassets.defs.launch`), the options.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from btassets import progress
from btassets.arrivals.bar_damage import owed_tickers, settle_owed
from btassets.arrivals.landing import SETTLE_SECONDS, Taken, take_landed
from btassets.arrivals.of_book import active_tickers, has_bars, is_source_away
from btassets.book.book import Book
from btassets.book.settings_copy import keep_settings
from btassets.cli.output.findings import finding_lines, refused_signals, run_findings
from btassets.cli.output.first_run import CompileWatch
from btassets.cli.output.summary import headline_lines
from btassets.cli.terminal import Progress, say, tell
from btassets.compiled import use_cache_folder
from btassets.engine.days import EPOCH
from btassets.errors import (
    EXIT_CHECK_FAILED,
    EXIT_INTERRUPTED,
    EXIT_SOME_TICKERS,
    NoBarsError,
    SourceStoppedError,
    UsageError,
)
from btassets.graph.flow import STAGES
from btassets.instance.processes.fork_server import launch_words, prepare_launch
from btassets.plan import RunPlan, make_plan
from btassets.run.freshness import is_scenario_fresh
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.own_flow.own_stages import left_out
from btassets.settings.load import BASE_SCENARIO
from btassets.stages.bars.bar_store import TABLE
from btassets.storage.arrow_start import start_arrow_alone
from btassets.storage.files import sweep
from btassets.storage.lock import book_lock
from btassets.storage.view_files import is_current

if TYPE_CHECKING:
    from btassets.defs.launch import RunFailure

BARS = ("ohlcv_history", "sessions", "bar_problems")
_BARS_AND_REPLAY = tuple(name for name, stage in STAGES.items() if stage.keyed != "scenario")
_MAX_LISTED = 10


@dataclass(frozen=True)
class Work:
    """Options of an update.

    Attributes
    ----------
    only
        Tickers to read and replay; empty: all.
    is_quiet
        Show no progress.
    waits
        Wait while another run holds the book.
    reads
        Query the source for new bars.
    """

    only: Sequence[str] = ()
    is_quiet: bool = False
    waits: bool = True
    reads: bool = True


def tickers_of(text: str) -> list[str]:
    """Tickers of `--tickers A,B`."""
    return [name.strip() for name in text.split(",") if name.strip()]


def take_landing(book: Book) -> Taken:
    """Accept the files of landing/; report those still being written."""
    taken = take_landed(book)
    if taken.n_files:
        tell(f"{taken.n_files} files taken from landing/, bars of {len(taken.tickers)} tickers")
    if taken.unsettled:
        tell(f"landing/{taken.unsettled[0]} changed within the last {SETTLE_SECONDS:g} seconds; the next run takes it")
    return taken


def sweep_book(book: Book) -> None:
    """Delete half-written files of killed runs, and copy the settings used by this run."""
    keep_settings(book.folder)
    for folder in (book.lake.root, book.reports):
        sweep(folder)
    for folder in (book.folder, book.instance):
        sweep(folder, is_deep=False)
    for name in (book.candidates, book.signals):
        book.lake.drop_left_over(name)


def waiting(holder: str) -> None:
    """Name the run that a command waits for."""
    tell(f"waiting for another run of this book ({holder})")


def bring_up_to_date(book: Book, work: Work) -> int:
    """Read, replay and analyse, then print headline, findings and paths; returns the exit code."""
    start_arrow_alone()
    use_cache_folder()
    with book_lock(book.folder, f"run of scenario {book.scenario}", wait=work.waits, on_wait=waiting):
        sweep_book(book)
        base = book.in_base()
        landed = take_landing(base)
        plan, unreached = _planned(base, work)
        owed = owed_tickers(base)
        if book.scenario != BASE_SCENARIO:
            plan = RunPlan(plan.ingest, plan.replay, [n for n in plan.stages if n in _BARS_AND_REPLAY])
        code, gave_up = _run_planned(base, plan, work) if plan.stages else (0, "")
        unreached = unreached or gave_up
        lost = settle_owed(base, owed) if owed and not work.only and not code else {}
        is_idle = not plan.stages
        if not code and book.scenario != BASE_SCENARIO and not is_scenario_fresh(book):
            is_idle = False
            code = _run_scenario(book, work)
        if code:
            return code
        write_warehouse(book)
        if is_idle:
            tell("nothing changed since the last run: its tables and report are up to date")
        for line in headline_lines(book):
            say(line)
        if unreached:
            tell(f"! {unreached}")
        for sentence in lost.values():
            tell(sentence)
        refused = refused_signals(book)
        for sentence in refused:
            tell(f"own signal left out: {sentence}")
        missing = left_out(book)
        for sentence in missing:
            tell(f"own stage left out: {sentence}")
        code = last_lines(book, landed) or (EXIT_SOME_TICKERS if lost else 0)
        return code or (EXIT_CHECK_FAILED if refused or missing else 0)


def _planned(base: Book, work: Work) -> tuple[RunPlan, str]:
    """The plan of a run, and a sentence if the source is unreachable and the book's bars are used."""
    base.lake.ticker_footers(TABLE)  # damage is detected when a file is read
    owed = owed_tickers(base)
    if not work.reads and owed:
        rule = f"the bars of {len(owed)} tickers, first {owed[0]}, were in a damaged file and must be read again"
        raise UsageError(f"--no-read: {rule}", "run without --no-read.")
    if not work.reads:
        return make_plan(base, reads=False), ""
    try:
        return make_plan(base, only=list(work.only)), ""
    except (NoBarsError, SourceStoppedError) as error:
        if work.only or owed or not is_source_away(base) or not has_bars(base):
            raise
        return make_plan(base, reads=False), _without_source(base, str(error))


def _run_planned(base: Book, plan: RunPlan, work: Work) -> tuple[int, str]:
    """Run a plan; if the source becomes unreachable and the book has every ticker, continue with the existing bars."""
    failure = _launched(base, plan, work)
    known = base.lake.ticker_footers(TABLE)
    is_complete = all(known.get(ticker, {}).get("n_rows") for ticker in plan.ingest.listed)
    if failure is None or failure.kind != "SourceUnreachableError" or not is_complete:
        return _code_of(failure), ""
    plan = make_plan(base, reads=False)
    code = run_base(base, plan, work) if plan.stages else 0
    return code, _without_source(base, failure.text)


def _without_source(base: Book, reason: str) -> str:
    footer = base.lake.footer("sessions")
    as_of = "" if footer is None else f", as of {EPOCH + dt.timedelta(days=int(footer.facts['last']))}"
    return f"the source is unreachable; the book's bars were used{as_of}: {reason}"


def _run_scenario(book: Book, work: Work) -> int:
    from btassets.defs.launch import launch_scenario

    with Progress(is_quiet=work.is_quiet) as bar, progress.listening(bar):
        failure = launch_scenario(book, n_threads=_n_threads(book))
    return _code_of(failure)


def _n_threads(book: Book) -> int:
    return book.settings.executor.threads


def run_base(book: Book, plan: RunPlan, work: Work, *, is_full: bool = False) -> int:
    """Run the stages of a plan for the book's own settings; returns the exit code."""
    return _code_of(_launched(book, plan, work, is_full=is_full))


def _launched(book: Book, plan: RunPlan, work: Work, *, is_full: bool = False) -> "RunFailure | None":
    kind = book.settings.executor.kind
    if kind == "celery":
        from btassets.instance.cluster.celery_options import app_arguments

        app_arguments(book.settings.executor)  # what is missing is reported before anything starts
    if kind == "multiprocess":
        # Started first, so that the server imports while this process does.
        prepare_launch(book.folder, launch_words(book.overrides, work.only, is_full=is_full))
    from btassets.defs.launch import launch

    with (
        Progress(is_quiet=work.is_quiet) as bar,
        CompileWatch(bar, is_quiet=work.is_quiet or set(plan.stages) <= set(BARS)),
        progress.listening(bar),
    ):
        return launch(
            book,
            plan,
            n_threads=_n_threads(book),
            kind=kind,
            is_full=is_full,
            only=work.only,
        )


def _code_of(failure: "RunFailure | None") -> int:
    """Exit code of a run, 0 if it succeeded; prints the reason of a failure."""
    if failure is None:
        return 0
    if failure.exit_code != EXIT_INTERRUPTED:
        tell(f"btassets: {failure.text}")
    return failure.exit_code


def write_warehouse(book: Book) -> None:
    """Rewrite the views of warehouse.duckdb if tables were added or removed."""
    views = flow_of(book).views()
    if not is_current(book.folder, book.lake, views):
        from btassets.storage.warehouse import write_views

        write_views(book.folder, book.lake, views)


def last_lines(book: Book, landed: Taken) -> int:
    """Print refused tickers and landed files, then the important findings; returns the exit code."""
    for name, reason in landed.refused.items():
        tell(f"landing/{name} stays there: {reason}")
    footers = book.lake.ticker_footers(TABLE)
    blocked = {t: footers[t]["blocked"] for t in active_tickers(book) if footers[t]["blocked"]}
    failed = {t: f["failed"] for t, f in book.lake.ticker_footers(book.candidates).items() if f.get("failed")}
    problems = {**{t: f"replay failed: {why}" for t, why in failed.items()}, **blocked}
    for ticker in sorted(problems, key=str.encode)[:_MAX_LISTED]:
        tell(f"{ticker}: {problems[ticker]}" if not problems[ticker].startswith(ticker) else problems[ticker])
    if len(problems) > _MAX_LISTED:
        tell(f"... and {len(problems) - _MAX_LISTED} more: `btassets export bar_problems --out problems.csv`")
    for line in finding_lines(run_findings(book)):
        tell(line)
    return EXIT_SOME_TICKERS if problems or landed.refused else 0
