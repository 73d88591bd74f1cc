"""Terminal output: lines, tables, progress.

Belongs here: layout of plain text, colour, width. Does not belong here: any number. A terminal gets tables fitted to
its width and colour; a pipe, a file, a dumb terminal or NO_COLOR gets plain text.
"""

import io
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

from btassets.masking import mask

_GAP = 2
_FOLDED = 24
"""Minimum width to which a text column is folded; below it the table is split into blocks of columns."""

_MAX_FITTED_ROWS = 2_000
"""Longer tables are not fitted, because layout would take longer than the query."""


def say(text: str = "") -> None:
    """Write a line of the result to stdout."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """Write a line of the log to stderr; a closed stderr stops no command."""
    with suppress(OSError, ValueError):
        sys.stderr.write(mask(text) + "\n")
        sys.stderr.flush()


class _WarningLines(logging.Handler):
    """Warnings of the package as lines on the current stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        tell(f"btassets: {record.getMessage()}")


def tell_warnings() -> None:
    """Print log messages of the package, mainly about damaged files."""
    log = logging.getLogger("btassets")
    if not any(isinstance(handler, _WarningLines) for handler in log.handlers):
        log.addHandler(_WarningLines(logging.WARNING))
    # An interrupt inside of its pool would be logged with a traceback, and is answered by exit code 130 anyway.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


def on_own_line(text: str) -> None:
    """Write a line of the log below the terminal's echo of Ctrl-C."""
    tell(f"\n{text}" if is_terminal(sys.stderr) else text)


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal of any kind; a closed one is none."""
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def is_plain(stream: TextIO) -> bool:
    """Whether a stream takes no control sequences: a pipe, a file, a dumb terminal."""
    return not is_terminal(stream) or os.environ.get("TERM", "dumb") in ("dumb", "unknown", "")


def has_colour(stream: TextIO) -> bool:
    """Whether a stream shows colour: a terminal that is not dumb, and no NO_COLOR."""
    return not is_plain(stream) and not os.environ.get("NO_COLOR")


def table(
    rows: Sequence[Sequence[object]],
    head: Sequence[str] = (),
    *,
    width: int | None = None,
    styles: Mapping[str, str] | None = None,
) -> str:
    """Columns aligned by width; numbers right, text left; None is '-'.

    Parameters
    ----------
    rows, head
        Cells and the names of the columns; both empty give the empty text.
    width
        Maximum width of a line: long text is folded, then the columns are split into blocks that repeat the first one.
        None: every row on one line.
    styles
        Styles of cells by their whole text, e.g. {"FAIL": "bold red"}; None: no colour at all.

    Examples
    --------
    >>> print(table([("AAPL", 1.5), ("BRK.B", None)], ("ticker", "rr")))
    ticker   rr
    AAPL    1.5
    BRK.B     -
    """
    cells = [["-" if value is None else printable(str(value)) for value in row] for row in rows]
    names = [printable(name) for name in head]
    whole = [names, *cells] if head else cells
    if not whole:
        return ""
    columns = list(range(len(whole[0])))
    is_number = [
        any(_is_number(row[k]) for row in rows) and all(row[k] is None or _is_number(row[k]) for row in rows)
        for k in columns
    ]
    if width is None or len(rows) > _MAX_FITTED_ROWS:
        return _plain_table(whole, is_number)
    return _fitted_table(cells, names, is_number, width, styles)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain_table(whole: list[list[str]], is_number: list[bool]) -> str:
    widths = [max(len(row[k]) for row in whole) for k in range(len(is_number))]
    return "\n".join(
        (" " * _GAP)
        .join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, is_number, strict=True)
        )
        .rstrip()
        for row in whole
    )


def _fitted_table(
    cells: list[list[str]], names: list[str], is_number: list[bool], width: int, styles: Mapping[str, str] | None
) -> str:
    from rich.cells import cell_len

    whole = [names, *cells] if names else cells
    natural = [max(cell_len(row[k]) for row in whole) for k in range(len(is_number))]
    least = [size if right else min(size, _FOLDED) for size, right in zip(natural, is_number, strict=True)]
    blocks: list[list[int]] = [[]]
    for column, size in enumerate(least):
        taken = sum(least[k] + _GAP for k in blocks[-1])
        if blocks[-1] and taken + size > width and blocks[-1] != [0]:
            blocks.append([0])
        blocks[-1].append(column)
    return "\n\n".join(_block(cells, names, is_number, block, width, styles) for block in blocks)


def _block(
    cells: list[list[str]],
    names: list[str],
    is_number: list[bool],
    columns: list[int],
    width: int,
    styles: Mapping[str, str] | None,
) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colour = styles or {}
    shown = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=bool(names), header_style="bold")
    for k in columns:
        shown.add_column(
            Text(names[k]) if names else "",
            justify="right" if is_number[k] else "left",
            no_wrap=is_number[k],
            overflow="fold",
        )
    for row in cells:
        shown.add_row(*(Text(row[k], style=colour.get(row[k], "")) for k in columns))
    text = io.StringIO()
    console = Console(
        file=text,
        width=width,
        force_terminal=styles is not None,
        color_system="standard" if styles is not None else None,
        no_color=styles is None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )
    console.print(shown)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip("\n").splitlines())


def show_table(
    rows: Sequence[Sequence[object]], head: Sequence[str] = (), styles: Mapping[str, str] | None = None
) -> None:
    """Print a table: fitted to a terminal's width, a row per line elsewhere.

    A table longer than the screen goes through PAGER if that is set.
    """
    if not is_terminal(sys.stdout):
        say(table(rows, head))
        return
    size = shutil.get_terminal_size()
    text = table(rows, head, width=size.columns, styles=(styles or {}) if has_colour(sys.stdout) else None)
    if os.environ.get("PAGER") and not is_plain(sys.stdout) and text.count("\n") >= size.lines:
        import click

        click.echo_via_pager(text + "\n")
    else:
        say(text)


def printable(text: str) -> str:
    r"""Text with control characters escaped.

    >>> printable("a\x1b[31mb\tc")
    'a\\x1b[31mb\\tc'
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


_QUIET_SECONDS = 2.0
"""Shorter work gets no line in a log."""


class Progress:
    """A bar on a terminal, one line per 10% in a log, nothing when quiet.

    Use it as a context manager: leaving it clears the bar and restores the terminal.
    """

    def __init__(self, *, is_quiet: bool, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_quiet = is_quiet
        self._is_log = is_plain(self._stream)
        self._step: dict[str, int] = {}
        self._started: dict[str, float] = {}
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Restore the terminal; completed work stays visible."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars, self._tasks = None, {}

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        if self._is_quiet or not total:
            return
        with self._lock:
            started = self._started.setdefault(label, time.monotonic())
            if self._is_log:
                self._log(label, done, total, started)
            else:
                self._draw(label, done, total, started)

    def _log(self, label: str, done: int, total: int, started: float) -> None:
        step = done * 10 // total
        if self._step.get(label) != step and time.monotonic() - started > _QUIET_SECONDS:
            self._step[label] = step
            with suppress(OSError, ValueError):
                self._stream.write(f"{label}: {done} of {total}, {_pace(started, done, total)}\n")
                self._stream.flush()

    def _draw(self, label: str, done: int, total: int, started: float) -> None:
        if self._bars is None:
            self._bars = _bars(self._stream)
            self._bars.start()
        task = self._tasks.get(label)
        if task is None:
            task = self._tasks[label] = self._bars.add_task(label, total=total, pace="")
        self._bars.update(task, completed=done, total=total, pace=_pace(started, done, total))
        if all(task.finished for task in self._bars.tasks):
            self._stop()


def _bars(stream: TextIO) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(file=stream, no_color=not has_colour(stream), highlight=False, legacy_windows=False)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}", markup=False),
        console=console,
        refresh_per_second=5,
        redirect_stdout=False,
        redirect_stderr=stream is sys.stderr,
    )


def _pace(started: float, done: int, total: int) -> str:
    """Rate so far and the remaining time at that rate."""
    passed = max(time.monotonic() - started, 1e-3)
    left = passed / max(done, 1) * (total - done)
    return f"{done / passed:,.1f}/s, {left:.0f} s left"
