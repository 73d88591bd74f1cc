"""Small books of every kind, and the rows of their statistics tables."""

import pyarrow as pa
import pyarrow.compute as pc

BOOKS = (
    "base",
    "legacy",
    "nothing",
    "everything",
    "one ticker, no benchmark",
    "nobody is ranked",
    "five years",
)


def read(book, table):
    return book.lake.read(table, book.scenario)


def rows(book, table, **wanted):
    found = read(book, table)
    for name, value in wanted.items():
        found = found.filter(pc.equal(found[name], pa.scalar(value)))
    return found.to_pylist()
