"""The base of every error that btassets raises on purpose, the exit codes, and the register of all errors.

Belongs here: what all errors share. Does not belong here: any single error. An error is a dataclass of facts that
builds its text in `__str__`, so that it can be pickled between processes; it registers itself when it is defined, in
any module, and carries the exit code of the command line.
"""

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

from btassets.masking import mask

EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_NO_BARS = 3
EXIT_SOME_TICKERS = 4
EXIT_RATE_LIMITED = 5
EXIT_CHECK_FAILED = 6
EXIT_CANNOT_WRITE = 7
EXIT_INTERRUPTED = 130

_registered: dict[str, "type[BtassetsError]"] = {}


@dataclass(eq=False)
class BtassetsError(Exception):
    """Base of every expected failure; `exit_code` is the exit code of the command line."""

    exit_code = EXIT_BUG

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        other = _registered.setdefault(cls.__name__, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"two errors are named {cls.__name__}: in {other.__module__} and {cls.__module__}")

    def __post_init__(self) -> None:
        # Error texts may contain output of servers, drivers and the operating system.
        for field in fields(self):
            value: object = getattr(self, field.name)
            if isinstance(value, str):
                setattr(self, field.name, mask(value))
        # The arguments from which pickle rebuilds the error.
        super().__init__(*(getattr(self, field.name) for field in fields(self)))


def error_named(name: str) -> type[BtassetsError] | None:
    """Class of an error by its name; None if this project defines no such error."""
    return _registered.get(name)


def all_errors() -> dict[str, type[BtassetsError]]:
    """Every error defined by the imported modules, by name."""
    return dict(_registered)


def brief(value: object, most: int = 80) -> str:
    """Text of a value for a message, truncated if long.

    >>> brief("two"), brief(2.5), brief("9" * 100, 5)
    ('"two"', '2.5', '"99999..." (100 characters)')
    """
    try:
        text = value if isinstance(value, str) else value.isoformat() if isinstance(value, dt.date) else repr(value)
    except ValueError:  # an integer too long for text
        text = "a number of thousands of digits"
    cut = text if len(text) <= most else f"{text[:most]}..."
    shown = f'"{cut}"' if isinstance(value, str) else cut
    return shown if len(text) <= most else f"{shown} ({len(text):,} characters)"
