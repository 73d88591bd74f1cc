"""`btassets`: the entry point of the command line.

Belongs here: calling one command and turning every error into a message and an exit code. Nothing heavy is imported
before the command is known, so that `--help` is fast. stdout carries the result, stderr the log.
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

from btassets.cli.interrupts import ToldInterrupt, noticing_interrupts
from btassets.cli.terminal import on_own_line, tell, tell_warnings
from btassets.errors import (
    EXIT_BUG,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    BtassetsError,
    CannotReadError,
    CannotWriteError,
    TooManyFilesError,
    UsageError,
)
from btassets.masking import mask, remember_environment

if TYPE_CHECKING:
    import click

_MAX_USAGE = 600
_INTERRUPTED = "btassets: interrupted; finished work is kept, run again to continue."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code.

    Parameters
    ----------
    argv
        Arguments after `btassets`; None: those of this process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    remember_environment(os.environ)
    tell_warnings()
    signal.signal(signal.SIGTERM, _interrupt)
    with noticing_interrupts() as was_interrupted:
        try:
            code = _outcome(words)
        except ToldInterrupt:
            return EXIT_INTERRUPTED
        except KeyboardInterrupt:
            code = EXIT_INTERRUPTED
        except Exception as error:  # noqa: BLE001  (the last resort: no traceback reaches a user)
            code = EXIT_INTERRUPTED if was_interrupted() else _unexpected(error, words)
        if code == EXIT_INTERRUPTED or (code and was_interrupted()):
            on_own_line(_INTERRUPTED)
            return EXIT_INTERRUPTED
        return code


def _outcome(words: list[str]) -> int:  # noqa: PLR0911  (one return per kind of end)
    """Exit code of a command line; prints every expected error."""
    import click

    try:
        code = _command(words)
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
        _drop_output()  # our output's reader has closed it: `btassets sql ... | head`
        return 0
    except UnicodeEncodeError as error:
        tell(f"btassets: the output encoding {error.encoding} lacks a character; set PYTHONIOENCODING=utf-8.")
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

    for place, word in enumerate(words, start=1):
        if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
            raise UsageError(f"argument {place} of the command line is not UTF-8 text", "encode it as UTF-8.")
    group = program()
    if is_asked(os.environ):
        return answer()
    with group.make_context(PROGRAM, words or ["--help"]) as context:
        return int(group.invoke(context) or 0)


def _usage(error: "click.UsageError") -> str:
    """One line for an invalid command line: the error, and the help to read."""
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
    """Error of this project for an operating-system error."""
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
    """Reopen descriptors closed by the caller (`>&-`), or the next opened file would get their output."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def _drop_output() -> None:
    """Discard output still buffered for stdout."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave(code: int) -> NoReturn:
    """Flush, and end the process without interpreter teardown.

    Tearing down pandas, Arrow and Dagster takes half a second, and DuckDB would list objects still referenced.
    """
    with suppress(ValueError, OSError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
