"""The book and scenario of a command.

Belongs here: from command-line arguments to an open book.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from btassets.book.book import Book, open_book, scenario_name
from btassets.errors import UsageError
from btassets.settings.load import BASE_SCENARIO, parse_assignments
from btassets.settings.names import checked_name


def folder_of(book: Path | None) -> Path:
    """Absolute folder of the book: the given one, else the current one."""
    return (book or Path()).absolute()


def book_of(
    book: Path | None,
    *,
    scenario: str | None = None,
    overrides: dict[str, Any] | None = None,
    name: str | None = None,
    mends: bool = False,
) -> Book:
    """Open the book in the scenario given on the command line.

    Parameters
    ----------
    book
        Folder; None: the current one.
    scenario
        A scenario of the file, or one created before; None: `base`.
    overrides
        Settings of the command line by their dotted key.
    name
        Name of the scenario created by `overrides`; None: a derived name.
    mends
        For a command that computes tables: damaged files count as missing.

    Raises
    ------
    UsageError
        If `name` is not a valid scenario name, or names an existing scenario.
    """
    overrides = overrides or {}
    asked = BASE_SCENARIO if scenario is None else checked_name("--scenario", scenario)
    if name is not None:
        _check_new(name)
    made = scenario_name(overrides)
    folder = folder_of(book)
    if made == BASE_SCENARIO:
        if name is not None:
            raise UsageError(f"--as {name}: requires --set", "it names the scenario created by --set.")
        return open_book(folder, scenario=asked, overrides=overrides, mends=mends)
    chosen = name or (made if asked == BASE_SCENARIO else f"{asked}-{made}")
    opened = open_book(folder, scenario=chosen, overlay=asked, overrides=overrides, mends=mends)
    if chosen in opened.resolved.scenarios:
        if name is not None:
            raise UsageError(f"--as {name}: btassets.toml already has this scenario", "choose another name.")
        # A [scenario.legacy] of the file is not the profile of that name.
        return open_book(folder, scenario=f"profile-{chosen}", overlay=asked, overrides=overrides, mends=mends)
    return opened


def _check_new(name: str) -> None:
    if checked_name("--as", name) == BASE_SCENARIO:
        raise UsageError(
            f"--as {name}: {BASE_SCENARIO} is the book's own settings", "choose another name, or use --promote."
        )


def overrides_of(
    assignments: Sequence[str] = (), *, profile: str | None = None, workers: int | None = None
) -> dict[str, Any]:
    """Settings of the command line: `--set`, `--profile`, `--workers`."""
    overrides = parse_assignments(assignments)
    if profile is not None:
        overrides["profile"] = profile
    if workers is not None:
        overrides["executor.shards"] = workers
    return overrides
