"""Whether the tables read by a command were computed and are up to date.

Belongs here: refusing a book that was never run, and naming stale tables. Does not belong here: the causes of staleness
(`btassets.run.freshness`).
"""

from collections.abc import Iterable

from btassets.book.book import Book
from btassets.cli.terminal import tell
from btassets.errors import BtassetsError, NeverRunError, UsageError
from btassets.graph.flow import upstream
from btassets.run.freshness import input_hash, is_fresh
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.tables import key_of
from btassets.settings.load import BASE_SCENARIO

_SWEPT = ("sessions", "bar_problems", "benchmark_closes", "candidates", "factor_signals")
"""Stages whose tables a sweep reads."""


def require_run(book: Book, table: str = "sessions") -> None:
    """Refuse a book, or a scenario, that was never run; a table that a refused run left behind may be read.

    Parameters
    ----------
    table
        A table read by the command.

    Raises
    ------
    NeverRunError
        Names the command that computes the tables.
    """
    stage = flow_of(book).stages.get(table)
    is_there = stage is None or book.lake.footer(table, key_of(stage, book)) is not None
    if book.lake.footer("sessions") is None and not (stage is not None and is_there):
        raise NeverRunError(str(book.folder))
    if not is_there:
        raise NeverRunError(str(book.folder), book.scenario)


def stale_stages(book: Book, names: Iterable[str] | None = None) -> list[str]:
    """Computed stages, or those of `names`, whose inputs changed since: bars, settings, or code."""
    stages = flow_of(book).stages
    stale: list[str] = []
    for name in stages if names is None else names:
        if name == "ohlcv_history":  # only `run` checks whether a source has newer bars
            continue
        stage = stages[name]
        if name != "candidates" and book.lake.footer(name, key_of(stage, book)) is None:
            continue
        if name == "candidates" and not book.lake.bucket_files(book.candidates):
            continue
        try:
            is_stale = not is_fresh(name, book, input_hash(name, book))
        except BtassetsError:  # an unreadable input: `run` reports which
            is_stale = True
        if is_stale:
            stale.append(name)
    return stale


def run_command(book: Book) -> str:
    """Command that updates a scenario."""
    scenario = "" if book.scenario == BASE_SCENARIO else f" --scenario {book.scenario}"
    return f"btassets run{scenario}"


def warn_if_stale(book: Book, table: str) -> None:
    """Write a warning if the stage of a table, or an upstream one, is stale."""
    stale = stale_stages(book, _above(book, table))
    if stale:
        tell(
            f"warning: {table} of scenario {book.scenario} is stale: settings, bars or code changed since "
            f"{stale[0]} was computed; `{run_command(book)}` brings it up to date"
        )


def _above(book: Book, table: str) -> list[str]:
    """The stage of a table and every upstream stage, in flow order."""
    stages = flow_of(book).stages
    own = next((name for name, stage in stages.items() if table in stage.outputs), None)
    if own is None:
        return []
    wanted, waiting = {own}, [own]
    while waiting:
        for name in upstream(stages[waiting.pop()].under(book.settings), stages):
            if name in stages and name not in wanted:
                wanted.add(name)
                waiting.append(name)
    return [name for name in stages if name in wanted]


def refuse_stale(book: Book, command: str) -> None:
    """Refuse to compute on tables computed under other settings.

    Raises
    ------
    UsageError
        Names the stale table and the command that updates it.
    """
    stale = stale_stages(book, _SWEPT)
    if stale:
        problem = f"{command}: {stale[0]} is stale: settings, bars or code changed since it was computed"
        raise UsageError(problem, f"`{run_command(book)}` brings it up to date.")
