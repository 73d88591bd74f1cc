"""The own stages of a book: the external input of their computation that `btassets/graph/outside.py` names.

Belongs here: handing over the declaration. Does not belong here: finding it (`book_flow.py`), the table
(`btassets.stages.own.own_stage`).
"""

from btassets.book.book import Book
from btassets.run.own_flow.book_flow import BookFlow, flow_of


def own_stages(book: Book) -> BookFlow:
    """Own stages and the tables of the book; the hash of their code is part of each one's input hash."""
    return flow_of(book)


def why_left_out(book: Book) -> dict[str, str]:
    """Why own stages have no rows in the last run, by name; declarations that are no stage by their place."""
    flow, found = flow_of(book), dict[str, str]()
    for text in flow.refused:
        found[text.partition(":")[0]] = text
    for name in flow.own:
        footer = book.lake.footer(name, book.scenario)
        if footer is not None and footer.facts.get("failed"):
            found[name] = footer.facts["failed"]
    return found
