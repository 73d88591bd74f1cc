"""The own stages of a book: the external input of their computation that `btassets/graph/outside.py` names.

Belongs here: passing the declarations, and what the last run left out. Does not belong here: finding declarations
(`book_flow.py`), the table of one (`btassets.stages.own.own_stage`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from btassets.book.book import Book
from btassets.errors import EXIT_CHECK_FAILED, BtassetsError
from btassets.run.own_flow.book_flow import BookFlow, flow_of


def own_stages(book: Book) -> BookFlow:
    """Own stages and the tables of the book; the hash of their code is part of each one's input hash."""
    return flow_of(book)


def failure_of(book: Book, name: str) -> str | None:
    """Why an own stage has no rows in the last run; None if it has, or was not run."""
    footer = book.lake.footer(name, book.scenario)
    return None if footer is None else footer.facts.get("failed")


def left_out(book: Book) -> list[str]:
    """Why own stages were left out of the last run, one sentence each; declarations that are no stage included."""
    flow = flow_of(book)
    return [*flow.refused, *(why for name in flow.own if (why := failure_of(book, name)))]


def refuse_left_out(book: Book, names: Iterable[str]) -> None:
    """Refuse to read tables of own stages that were left out.

    Raises
    ------
    StageLeftOutError
        Names the first of them, with the reason.
    """
    for name in sorted({*names} & flow_of(book).own.keys()):
        why = failure_of(book, name)
        if why:
            raise StageLeftOutError(name, why)


@dataclass(eq=False)
class StageLeftOutError(BtassetsError):
    """A table of an own stage that has no rows, because the stage failed."""

    exit_code = EXIT_CHECK_FAILED

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: was left out of the last run: {self.reason}"
