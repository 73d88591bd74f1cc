"""`btassets`: the command line.

Belongs here: the words of every command and turning errors into messages and exit codes. Nothing
heavy is imported before a command is known, so that `--help` answers at once. stdout carries the
result, stderr the log.
"""

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from btassets import __version__
from btassets.cli.terminal import tell
from btassets.errors import EXIT_BUG, EXIT_INTERRUPTED, BtassetsError, CannotReadError, CannotWriteError

_ABOUT = "Backtest research on daily bars: does the ranking predict, what qualifies today, what should change?"

_SOURCES = ("demo", "files", "sql", "alpaca", "tiingo", "massive", "yahoo")


def _book(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--book", type=Path, default=None, metavar="DIR", help="the book's folder (default: this one)")


def _work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--no-wait", action="store_true", help="exit 2 when another run holds the book")
    parser.add_argument(
        "--workers", type=int, default=None, metavar="N", help="parallel workers (default: one per core)"
    )


def _set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="a setting for this run, e.g. gates.min_rr=2; runs a scenario of its own",
    )


def build_parser() -> argparse.ArgumentParser:  # noqa: PLR0915  (one line per word of the command line)
    """Parser of every command."""
    parser = argparse.ArgumentParser(prog="btassets", description=_ABOUT)
    parser.add_argument("--version", action="version", version=f"btassets {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, module: str, about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(module=module)
        return command

    demo = add("demo", "run", "A synthetic market and the whole graph; needs no data of your own.")
    demo.add_argument("--book", type=Path, default=None, metavar="DIR", help="where (default: .btassets/demo)")
    demo.add_argument("--preset", choices=("demo", "null", "edge"), default=None, help="planted edge (default: demo)")
    demo.add_argument("--tickers", type=int, default=None, metavar="N", help="how many (default: 60; edge 150)")
    demo.add_argument("--years", type=float, default=None, metavar="N", help="how long (default: 5)")
    demo.add_argument("--seed", type=int, default=None, metavar="N", help="another market")
    demo.add_argument("--extend", type=int, default=None, metavar="N", help="append N sessions to the market")
    _work(demo)

    init = add("init", "books", "Make a book: a folder with a settings file that explains every setting.")
    init.add_argument("folder", type=Path, metavar="DIR")
    init.add_argument("--source", choices=_SOURCES, default="demo", help="where bars come from")
    init.add_argument("--path", default=None, metavar="PATH", help="folder or file of the bars (files)")
    init.add_argument("--benchmark", default=None, metavar="FILE|TICKER", help="what to compare with; none: nothing")
    init.add_argument("--calendar", default=None, metavar="CODE", help="exchange code such as XNYS, or data")
    init.add_argument("--basis", choices=("raw", "split", "total"), default=None, help="what the source's prices are")
    init.add_argument("--profile", choices=("standard", "legacy"), default=None, help="named set of method switches")

    doctor = add("doctor", "books", "Look at the book: versions, source, calendar, coverage, rights, disk.")
    _book(doctor)
    doctor.add_argument(
        "--max-age", type=int, default=None, metavar="N", help="exit 3 when bars are older, in sessions"
    )

    config = add("config", "books", "The settings in force, and where each comes from.")
    _book(config)
    config.add_argument("--scenario", default="base", metavar="NAME")
    config.add_argument("--changed", action="store_true", help="only what differs from the defaults")
    _set(config)

    ingest = add("ingest", "run", "Read new bars from the source; resumes where it stopped.")
    _book(ingest)
    ingest.add_argument("--full", action="store_true", help="read the whole window of every ticker again")
    ingest.add_argument("--tickers", default="", metavar="A,B", help="only these")
    _work(ingest)

    run = add("run", "run", "Bring everything up to date: bars, replay, analysis, report.")
    _book(run)
    run.add_argument("--scenario", default=None, metavar="NAME", help="a [scenario.NAME] of the settings file")
    run.add_argument("--profile", choices=("standard", "legacy"), default=None, help="the same as --set profile=...")
    run.add_argument("--as", dest="name", default=None, metavar="NAME", help="name of the scenario that --set makes")
    run.add_argument(
        "--promote", action="store_true", help="write what --set says into btassets.toml and run it as base"
    )
    run.add_argument("--tickers", default="", metavar="A,B", help="read and replay only these")
    _set(run)
    _work(run)

    plan = add("plan", "plan", "What a run would do, and why: settings, bars, tables and code that changed.")
    _book(plan)
    plan.add_argument("--why", action="store_true", help="say what changed, stage by stage")
    plan.add_argument("--scenario", default="base", metavar="NAME")
    plan.add_argument("--format", choices=("table", "json"), default="table")

    today = add("today", "look", "What qualifies at the last session, with sizes, and the nearest misses.")
    _book(today)
    today.add_argument("--format", choices=("table", "csv", "json"), default="table")
    today.add_argument("--capital", type=float, default=10_000.0, metavar="USD", help="for the position sizes")
    today.add_argument("--signal-day", action="store_true", help="the last week end instead of the last session")
    today.add_argument("--max-age", type=int, default=None, metavar="N", help="exit 3 when bars are older, in sessions")
    today.add_argument("--scenario", default="base", metavar="NAME")

    grade = add("grade", "grade", "The whole report for a table of setups made elsewhere.")
    grade.add_argument("--candidates", type=Path, required=True, metavar="F", help="Parquet or CSV table of setups")
    grade.add_argument("--bars", type=Path, required=True, metavar="DIR", help="folder of bars, one file per ticker")
    grade.add_argument("--benchmark", type=Path, default=None, metavar="F", help="file of the benchmark")
    grade.add_argument("--profile", choices=("standard", "legacy"), default="standard")
    grade.add_argument("--activation", type=Path, default=None, metavar="F", help="JSON with the [gates] table")
    grade.add_argument("--out", type=Path, required=True, metavar="F", help="report as JSON")
    grade.add_argument("--out-rows", type=Path, default=None, metavar="F", help="graded rows as Parquet")
    _set(grade)

    compare = add("compare", "compare", "Two scenarios, paired: differences with intervals, trades added and removed.")
    _book(compare)
    compare.add_argument("first", metavar="A", help="a scenario that was run; base: the book's own settings")
    compare.add_argument("second", metavar="B", help="another; differences are B minus A")
    compare.add_argument("--format", choices=("table", "json"), default="table")
    compare.add_argument("--open", action="store_true", help="open the page in the browser")
    compare.add_argument("--no-wait", action="store_true", help="exit 2 when another run holds the book")

    sweep = add("sweep", "sweep", "A grid over settings: thousands of books over one replay, plateaus, how many tries.")
    _book(sweep)
    sweep.add_argument(
        "grid", nargs="+", metavar="KEY=FIRST:LAST:STEP", help="values of a setting; also KEY=A,B,C, and several keys"
    )
    sweep.add_argument("--exit", choices=("hold", "target"), default="hold", help="exit of the books (default: hold)")
    sweep.add_argument(
        "--by",
        choices=("sharpe", "cagr_pct", "total_return_pct", "max_drawdown_pct", "net_avg_r"),
        default="sharpe",
        help="what cells are compared by (default: sharpe)",
    )
    sweep.add_argument("--scenario", default=None, metavar="NAME", help="settings that every cell starts from")
    _set(sweep)
    sweep.add_argument("--format", choices=("table", "csv", "json"), default="table")
    sweep.add_argument("--out", type=Path, default=None, metavar="F.{parquet,csv,json}", help="all cells as a table")
    sweep.add_argument("--open", action="store_true", help="open its page in the browser")
    _work(sweep)

    report = add("report", "look", "Where the report is, and its headline.")
    _book(report)
    report.add_argument("--scenario", default="base", metavar="NAME")
    report.add_argument("--open", action="store_true", help="open it in the browser")

    export = add("export", "look", "Take a table along as Parquet, CSV or JSON.")
    _book(export)
    export.add_argument("table", metavar="TABLE")
    export.add_argument("--out", type=Path, required=True, metavar="F.{parquet,csv,json}")
    export.add_argument(
        "--grid", choices=("week", "bar", "all"), default="all", help="rows of candidates (default: all)"
    )
    export.add_argument("--profile", choices=("standard", "legacy"), default=None, help="grid and rows of that profile")
    export.add_argument("--scenario", default=None, metavar="NAME")

    sql = add("sql", "look", "Ask the tables in SQL (DuckDB, read-only).")
    _book(sql)
    sql.add_argument("query", metavar="SELECT ...")
    sql.add_argument("--format", choices=("table", "csv", "json"), default="table")

    ui = add("ui", "ui", "The Dagster page of the book and its reports, on this machine only.")
    _book(ui)
    ui.add_argument("--port", type=int, default=3000, metavar="N", help="port of the page; reports on N+1")
    ui.add_argument("--no-page", action="store_true", help="the daemon alone")

    schedule = add("schedule", "schedule", "The daily run after the session's close, and the new-bars sensor.")
    schedule.add_argument("action", choices=("on", "off", "status"))
    _book(schedule)
    schedule.add_argument(
        "--install", action="store_true", help="on: also write the unit or crontab line of the daemon; off: remove it"
    )

    prune = add("prune", "prune", "Forget old runs, landed files and reports; numbers and tables stay.")
    _book(prune)
    prune.add_argument("--keep-runs", type=int, default=30, metavar="N", help="newest runs kept (default: 30)")
    prune.add_argument("--keep-days", type=int, default=90, metavar="N", help="days whose runs are kept (default: 90)")
    prune.add_argument("--dry-run", action="store_true", help="only say how many")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = build_parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        module = importlib.import_module(f"btassets.cli.{arguments.module}")
        code = getattr(module, f"command_{arguments.command}")(arguments)
        sys.stdout.flush()
    except BtassetsError as error:
        tell(f"btassets: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        tell("btassets: interrupted; what is done stays done, run again to go on.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away: nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        known = _from_system(error)
        tell(f"btassets: {known}")
        return known.exit_code
    return code


def _interrupt(_number: int, _frame: object) -> None:
    """Treat SIGTERM as Ctrl-C: Dagster then closes its run before we end."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a background job of a shell without job control
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _from_system(error: OSError) -> BtassetsError:
    path, problem = error.filename, (error.strerror or str(error)).lower()
    if isinstance(error, PermissionError) and isinstance(path, str | os.PathLike) and not os.access(path, os.R_OK):
        return CannotReadError(os.fspath(path), problem)
    return CannotWriteError(str(path or "output"), problem)


def run_and_exit() -> None:
    """Entry point of the installed command."""
    try:
        code = main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else EXIT_BUG
    leave(code)


def leave(code: int) -> NoReturn:
    """Flush, and end the process without tearing the interpreter down.

    Tearing down pandas, Arrow and Dagster takes half a second that nobody needs, and DuckDB would list what
    they still refer to.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
