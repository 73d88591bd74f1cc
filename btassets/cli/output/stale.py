"""Whether the tables that a command reads were computed, and are up to date.

Belongs here: refusing a book that was never run, and naming what is stale. Does not belong here: what makes a stage
stale (`btassets.run.freshness`).
"""

from collections.abc import Iterable

from btassets.book.book import Book
from btassets.cli.terminal import tell
from btassets.errors import BtassetsError, NeverRunError, UsageError
from btassets.graph.flow import STAGES, upstream
from btassets.run.freshness import input_hash, is_fresh
from btassets.run.tables import key_of
from btassets.settings.load import BASE_SCENARIO

_SWEPT = ("sessions", "bar_problems", "benchmark_closes", "candidates", "factor_signals")
"""Stages whose tables a sweep reads."""


def require_run(book: Book, table: str = "sessions") -> None:
    """Refuse a book, or a scenario, that was never run.

    Parameters
    ----------
    table
        A table that the command reads.

    Raises
    ------
    NeverRunError
        With the command that makes the tables.
    """
    if book.lake.footer("sessions") is None:
        raise NeverRunError(str(book.folder))
    stage = STAGES.get(table)
    if stage is not None and book.lake.footer(table, key_of(stage, book)) is None:
        raise NeverRunError(str(book.folder), book.scenario)


def stale_stages(book: Book, names: Iterable[str] = STAGES) -> list[str]:
    """Computed stages whose inputs changed since: bars, settings, or code."""
    stale: list[str] = []
    for name in names:
        if name == "ohlcv_history":  # whether a source has newer bars is asked by `run`
            continue
        stage = STAGES[name]
        if name != "candidates" and book.lake.footer(name, key_of(stage, book)) is None:
            continue
        if name == "candidates" and not book.lake.bucket_files(book.candidates):
            continue
        try:
            is_stale = not is_fresh(name, book, input_hash(name, book))
        except BtassetsError:  # an input that cannot be read any more: `run` says which
            is_stale = True
        if is_stale:
            stale.append(name)
    return stale


def run_command(book: Book) -> str:
    """Command that brings a scenario up to date."""
    scenario = "" if book.scenario == BASE_SCENARIO else f" --scenario {book.scenario}"
    return f"btassets run{scenario}"


def warn_if_stale(book: Book, table: str) -> None:
    """Write a warning when the stage of a table, or one above it, is stale."""
    stale = stale_stages(book, _above(table))
    if stale:
        tell(
            f"warning: {table} of scenario {book.scenario} is stale: settings, bars or code changed since "
            f"{stale[0]} was computed; `{run_command(book)}` brings it up to date"
        )


def _above(table: str) -> list[str]:
    """The stage of a table and every stage that it reads, in flow order."""
    own = next((name for name, stage in STAGES.items() if table in stage.outputs), None)
    if own is None:
        return []
    wanted, waiting = {own}, [own]
    while waiting:
        for name in upstream(STAGES[waiting.pop()]):
            if name in STAGES and name not in wanted:
                wanted.add(name)
                waiting.append(name)
    return [name for name in STAGES if name in wanted]


def refuse_stale(book: Book, command: str) -> None:
    """Refuse to compute on tables that do not belong to the settings in force.

    Raises
    ------
    UsageError
        With the stale table and the command that brings it up to date.
    """
    stale = stale_stages(book, _SWEPT)
    if stale:
        problem = f"{command}: {stale[0]} is stale: settings, bars or code changed since it was computed"
        raise UsageError(problem, f"`{run_command(book)}` brings it up to date.")
