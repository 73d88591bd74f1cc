"""Which book a command works on.

Belongs here: from arguments to an open book.
"""

import argparse
from pathlib import Path
from typing import Any

from btassets.book.book import Book, open_book, scenario_name
from btassets.errors import UsageError
from btassets.settings.load import BASE_SCENARIO, parse_assignments


def folder_of(arguments: argparse.Namespace) -> Path:
    """Folder of the book that the arguments name, else the current one."""
    return (arguments.book or Path()).expanduser().absolute()


def book_of(arguments: argparse.Namespace, *, mends: bool = False) -> Book:
    """Open the book and scenario that the arguments name; `mends`: for a command that makes tables."""
    overrides = overrides_of(arguments)
    made = scenario_name(overrides)
    asked = getattr(arguments, "scenario", None) or BASE_SCENARIO
    if made == BASE_SCENARIO:
        return open_book(folder_of(arguments), scenario=asked, overrides=overrides, mends=mends)
    name = getattr(arguments, "name", None) or (made if asked == BASE_SCENARIO else f"{asked}-{made}")
    return open_book(folder_of(arguments), scenario=name, overlay=asked, overrides=overrides, mends=mends)


def overrides_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Settings of the command line: `--set`, `--profile`, `--workers`."""
    overrides = parse_assignments(getattr(arguments, "assignments", []))
    if getattr(arguments, "profile", None) is not None:
        overrides["profile"] = arguments.profile
    workers = getattr(arguments, "workers", None)
    if workers is not None:
        if workers < 1:
            raise UsageError(f"--workers {workers}: less than one", "give the number of parallel workers.")
        overrides["executor.shards"] = workers
    return overrides
