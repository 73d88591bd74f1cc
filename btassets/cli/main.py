"""`btassets`: the entry point of the command line.

Belongs here: calling one command and turning every error into a message and an exit code. Nothing heavy is
imported before a command is known, so that `--help` answers at once. stdout carries the result, stderr the log.
"""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from btassets.cli.interrupts import noticing_interrupts
from btassets.cli.terminal import on_own_line, tell, tell_warnings
from btassets.errors import (
    EXIT_BUG,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    BtassetsError,
    CannotReadError,
    CannotWriteError,
    TooManyFilesError,
)
from btassets.masking import mask, remember_environment

if TYPE_CHECKING:
    import click

<<<<<<< HEAD
_MAX_USAGE = 600
_INTERRUPTED = "btassets: interrupted; finished work is kept, run again to continue."
=======
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

    null = add(
        "null-market", "null_market", "The book's own market with the edge destroyed: where the real numbers fall."
    )
    _book(null)
    null.add_argument("--k", type=int, default=19, metavar="N", help="versions of the market (default: 19)")
    null.add_argument("--scenario", default=None, metavar="NAME")
    null.add_argument("--format", choices=("table", "json"), default="table")
    _work(null)

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
>>>>>>> trust


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code.

    Parameters
    ----------
    argv
        Words after `btassets`; None: those of this process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    remember_environment(os.environ)
    tell_warnings()
    signal.signal(signal.SIGTERM, _interrupt)
    with noticing_interrupts() as was_interrupted:
        try:
            code = _outcome(words)
        except KeyboardInterrupt:
            code = EXIT_INTERRUPTED
        except Exception as error:  # noqa: BLE001  (the last resort: no traceback reaches a user)
            code = EXIT_INTERRUPTED if was_interrupted() else _unexpected(error, words)
        if code == EXIT_INTERRUPTED or (code and was_interrupted()):
            on_own_line(_INTERRUPTED)
            return EXIT_INTERRUPTED
        return code


def _outcome(words: list[str]) -> int:  # noqa: PLR0911  (one return per kind of end)
    """Exit code of a command line; every expected error is printed."""
    import click

    try:
<<<<<<< HEAD
        code = _command(words)
=======
        module = importlib.import_module(f"btassets.cli.{arguments.module}")
        code = getattr(module, f"command_{arguments.command.replace('-', '_')}")(arguments)
>>>>>>> trust
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        sys.stdout.flush()
        return end.exit_code
    except click.UsageError as error:
        tell(f"btassets: {_usage(error)}")
        return EXIT_USAGE
    except click.Abort:
        return EXIT_INTERRUPTED
    except BtassetsError as error:
        if error.exit_code != EXIT_INTERRUPTED:
            tell(f"btassets: {error}")
        return error.exit_code
    except BrokenPipeError:
        _drop_output()  # the reader of our output is gone: `btassets sql ... | head`
        return 0
    except UnicodeEncodeError as error:
        tell(f"btassets: the output's encoding {error.encoding} lacks a character; set PYTHONIOENCODING=utf-8.")
        return EXIT_USAGE
    except OSError as error:
        known = of_system(error)
        tell(f"btassets: {known}")
        if error.filename is None:
            _drop_output()
        return known.exit_code
    return code


def _command(words: list[str]) -> int:
    from btassets.cli.completion import answer, is_asked
    from btassets.cli.program import PROGRAM, program

    group = program()
    if is_asked(os.environ):
        return answer()
    with group.make_context(PROGRAM, words or ["--help"]) as context:
        return int(group.invoke(context) or 0)


def _usage(error: "click.UsageError") -> str:
    """One line for a wrong command line: what is wrong, and which help to read."""
    text = " ".join(error.format_message().replace("(Did you", "Did you").replace("?)", "?").split())
    text = text.rstrip(".").replace(". Did you mean", "; did you mean")
    text = text[:1].lower() + text[1:] if text[:1].isupper() and not text[:2].isupper() else text
    if len(text) > _MAX_USAGE:
        text = f"{text[: _MAX_USAGE // 2]} ... {text[-_MAX_USAGE // 3 :]}"
    where = error.ctx.command_path if error.ctx is not None else "btassets"
    return f"{text}{'' if text.endswith('?') else '.'} See {where} --help."


def _unexpected(error: Exception, words: Sequence[str]) -> int:
    """Write the trace of an unexpected error to a file and print one line; returns the exit code."""
    text = " ".join(str(error).split())
    said = f"unexpected {type(error).__name__}" + (f": {text[:300]}" if text else "")
    trace = mask("".join(traceback.format_exception(error)))
    path = _write_trace(f"btassets {' '.join(words)[:2000]}\n\n{trace}")
    where = f"the full trace is in {path}" if path else "its trace could not be written"
    tell(f"btassets: {said}; this is a bug in btassets; {where}; please report it.")
    return EXIT_BUG


def _write_trace(text: str) -> Path | None:
    import tempfile
    import time

    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")  # noqa: PTH111, PTH118
    name = f"error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in (Path(state) / "btassets", Path(tempfile.gettempdir()) / f"btassets-{os.getuid()}"):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
            return folder / name
    return None


def _interrupt(_number: int, _frame: object) -> None:
    """Treat SIGTERM as Ctrl-C: Dagster then closes its run before we end."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a background job of a shell without job control
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def of_system(error: OSError) -> BtassetsError:
    """Error of this project for what the operating system refused."""
    path, problem = error.filename, (error.strerror or str(error)).lower()
    shown = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else "output"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return TooManyFilesError(shown)
    if isinstance(error, PermissionError) and shown != "output" and not os.access(shown, os.R_OK):
        return CannotReadError(shown, problem)
    return CannotWriteError(shown, problem)


def run_and_exit() -> NoReturn:
    """Entry point of the installed command."""
    try:
        _open_missing()
        code = main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else EXIT_BUG
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    leave(code)


def _open_missing() -> None:
    """Open what the caller closed (`>&-`): else the next file opened would take its place and its output."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def _drop_output() -> None:
    """Let what is still buffered for stdout go nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave(code: int) -> NoReturn:
    """Flush, and end the process without tearing the interpreter down.

    Tearing down pandas, Arrow and Dagster takes half a second, and DuckDB would list what they still refer to.
    """
    with suppress(ValueError, OSError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
