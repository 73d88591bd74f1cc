"""The history of verdicts: table `verdicts`, one row per claim and last session, never deleted.

Users look every day, and a verdict supported on one of 250 days means less than one supported for months. So every run
appends its verdict on each claim at its last session, and the page shows since when a claim has been supported.

Belongs here: appending verdicts, and the summary of a claim's history. Does not belong here: the verdicts themselves
(`engine.statistics.verdicts`) and the trials (`trials.py`).

Rows are stored in `data/verdicts/SCENARIO.parquet`. The history only grows: a second run at the same session appends
rows that differ, and the last row of a session counts. Only deleting `data/` empties it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from btassets.book.book import Book
from btassets.graph.advice import VERDICTS
from btassets.storage.hashing import digest
from btassets.storage.lake import BASE

_SUPPORTED = "supported"

Key = tuple[str, str]


@dataclass(frozen=True)
class Standing:
    """Summary of one claim's history.

    Attributes
    ----------
    n_looks
        Sessions with a verdict, including the newest.
    n_supported_in_a_row
        Length of the current streak of supported verdicts; 0: the newest is not supported.
    supported_since, first_supported, last_supported
        First session of the current streak, first and last session with a supported verdict; None: none.
    """

    n_looks: int
    n_supported_in_a_row: int
    supported_since: date | None
    first_supported: date | None
    last_supported: date | None


@dataclass(frozen=True)
class Look:
    """Verdicts of one run on its claims.

    Attributes
    ----------
    as_of
        Last session of the data behind the verdicts.
    claims
        Rows with `topic`, `item_key`, `verdict`, `estimate` and `p_adj`.
    """

    as_of: date
    claims: Sequence[Mapping[str, Any]]


def has_history(book: Book) -> bool:
    """Whether a history exists for the book's scenario or for the base."""
    return not {book.scenario, BASE}.isdisjoint(book.lake.scenarios(VERDICTS.name))


def verdict_rows(book: Book) -> list[dict[str, Any]]:
    """Rows of the scenario's history, in write order; none before its first run."""
    if book.scenario not in book.lake.scenarios(VERDICTS.name):
        return []
    return book.lake.read(VERDICTS.name, book.scenario).to_pylist()


def with_look(rows: Sequence[Mapping[str, Any]], scenario: str, look: Look) -> list[Mapping[str, Any]]:
    """`rows` of the history, followed by verdicts that differ from the last ones at their session."""
    last = {(row["topic"], row["item_key"], row["as_of"]): row["verdict"] for row in rows}
    new = [
        {
            "scenario": scenario,
            "look_no": len(rows) + k,
            "as_of": look.as_of,
            **{name: claim.get(name) for name in ("topic", "item_key", "verdict", "estimate", "p_adj")},
        }
        for k, claim in enumerate(look.claims, 1)
        if last.get((claim["topic"], claim["item_key"], look.as_of)) != claim["verdict"]
    ]
    return [*rows, *new]


def read_verdicts(book: Book) -> pa.Table:
    """The whole history, scenario by scenario, in write order."""
    parts = [book.lake.read(VERDICTS.name, name) for name in book.lake.scenarios(VERDICTS.name)]
    return pa.concat_tables([VERDICTS.schema.empty_table(), *parts])


def append_verdicts(book: Book, as_of: date, claims: Sequence[Mapping[str, Any]]) -> dict[Key, Standing]:
    """Append verdicts on the scenario's claims and return the summary of each; all rows are written at once or none.

    Parameters
    ----------
    as_of
        Last session of the data behind the verdicts.
    claims
        Rows with `topic`, `item_key`, `verdict`, `estimate` and `p_adj`.
    """
    with book.lake.bucket_lock(VERDICTS.name, 0):
        known = verdict_rows(book)
        rows = with_look(known, book.scenario, Look(as_of, claims))
        new = rows[len(known) :]
        if new:
            table = pa.Table.from_pylist([dict(row) for row in rows], schema=VERDICTS.schema)
            book.lake.write(VERDICTS.name, table, digest([sorted(row.items(), key=str) for row in new]), book.scenario)
    return standings(rows)


def standings(rows: Iterable[Mapping[str, Any]]) -> dict[Key, Standing]:
    """Summary of every claim by topic and key; rows in write order."""
    looks: dict[Key, dict[date, str]] = {}
    for row in rows:
        looks.setdefault((row["topic"], row["item_key"]), {})[row["as_of"]] = row["verdict"]
    found: dict[Key, Standing] = {}
    for key, by_day in looks.items():
        days = sorted(by_day)
        supported = [day for day in days if by_day[day] == _SUPPORTED]
        n_in_a_row = 0
        while n_in_a_row < len(days) and by_day[days[-1 - n_in_a_row]] == _SUPPORTED:
            n_in_a_row += 1
        since = days[-n_in_a_row] if n_in_a_row else None
        ends = (supported[0], supported[-1]) if supported else (None, None)
        found[key] = Standing(len(days), n_in_a_row, since, *ends)
    return found
