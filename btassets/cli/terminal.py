"""What the terminal sees: tables, progress, warnings.

Belongs here: layout of plain text. Does not belong here: any number.
"""

import logging
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from btassets.masking import mask


def say(text: str = "") -> None:
    """Write a line of the result to stdout."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """Write a line of the log to stderr."""
    sys.stderr.write(mask(text) + "\n")
    sys.stderr.flush()


class _Told(logging.Handler):
    """Warnings of the package as lines on stderr, whatever stderr is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        tell(f"btassets: {record.getMessage()}")


def tell_warnings() -> None:
    """Show what the package logs, damaged files above all, to the person at the terminal."""
    log = logging.getLogger("btassets")
    if not any(isinstance(handler, _Told) for handler in log.handlers):
        log.addHandler(_Told(logging.WARNING))


def table(rows: Sequence[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Columns aligned by width; numbers right, text left; None is '-'.

    >>> print(table([("AAPL", 1.5), ("BRK.B", None)], ("ticker", "rr")))
    ticker   rr
    AAPL    1.5
    BRK.B     -
    """
    cells = [["-" if value is None else str(value) for value in row] for row in rows]
    whole = [list(head), *cells] if head else cells
    if not whole:
        return ""
    widths = [max(len(row[k]) for row in whole) for k in range(len(whole[0]))]
    is_number = [
        any(isinstance(row[k], int | float) for row in rows)
        and all(row[k] is None or isinstance(row[k], int | float) for row in rows)
        for k in range(len(widths))
    ]
    lines = [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in whole
    ]
    return "\n".join(lines)


_QUIET_SECONDS = 2.0
"""A log hears nothing of work that is over sooner."""


class Progress:
    """A bar on a terminal, one line per 10% in a log, nothing when quiet."""

    def __init__(self, *, is_quiet: bool, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_quiet = is_quiet
        self._is_terminal = self._stream.isatty()
        self._shown: dict[str, int] = {}
        self._started: dict[str, float] = {}

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        if self._is_quiet or not total:
            return
        started = self._started.setdefault(label, time.monotonic())
        step = done * 10 // total
        if self._is_terminal:
            bar = "#" * (done * 30 // total)
            end = "\n" if done >= total else ""
            self._stream.write(f"\r{label:<12} [{bar:<30}] {done}/{total}  {_pace(started, done, total)}{end}")
            self._stream.flush()
        elif self._shown.get(label) != step and time.monotonic() - started > _QUIET_SECONDS:
            self._shown[label] = step
            self._stream.write(f"{label}: {done} of {total}, {_pace(started, done, total)}\n")
            self._stream.flush()


def _pace(started: float, done: int, total: int) -> str:
    """Rate so far and the time that the rest takes at it."""
    passed = max(time.monotonic() - started, 1e-3)
    left = passed / max(done, 1) * (total - done)
    return f"{done / passed:,.1f}/s, {left:.0f} s left"
