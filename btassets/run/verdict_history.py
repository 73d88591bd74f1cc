"""The history of verdicts: table `verdicts`, one row per claim and last session, kept for good.

People look every day, and a verdict supported on one of 250 days means less than one that has held for months.
So every run adds what it said of each claim at its last session, and the page says since when.

Belongs here: adding a look, and what the looks so far say of a claim. Does not belong here: the verdicts themselves
(`engine.statistics.verdicts`) and what was tried (`trials.py`).

Rows lie in `data/verdicts/SCENARIO.parquet`. The history only grows: a second run at the same session adds rows where
it says something else, and the last word at a session is the one that counts. Deleting `data/` alone empties it.
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
    """What the looks so far say of one claim.

    Attributes
    ----------
    n_looks
        Sessions at which it was judged, the newest included.
    n_supported_in_a_row
        Newest looks that all found it supported; 0 = the newest did not.
    n_weeks_in_a_row
        Calendar weeks that these looks are of.
    supported_since, first_supported, last_supported
        Session of the first of those in a row, of the first and of the last that ever did; None = none.
    """

    n_looks: int
    n_supported_in_a_row: int
    n_weeks_in_a_row: int
    supported_since: date | None
    first_supported: date | None
    last_supported: date | None


@dataclass(frozen=True)
class Look:
    """What one run says of its claims.

    Attributes
    ----------
    as_of
        The last session that the verdicts know.
    claims
        Rows with `topic`, `item_key`, `verdict`, `estimate` and `p_adj`.
    """

    as_of: date
    claims: Sequence[Mapping[str, Any]]


def has_history(book: Book) -> bool:
    """Whether there is a history of the book's scenario or of the base."""
    return not {book.scenario, BASE}.isdisjoint(book.lake.scenarios(VERDICTS.name))


def verdict_rows(book: Book) -> list[dict[str, Any]]:
    """Rows of the scenario's history, in the order in which they were written; none before its first run."""
    if book.scenario not in book.lake.scenarios(VERDICTS.name):
        return []
    return book.lake.read(VERDICTS.name, book.scenario).to_pylist()


def with_look(rows: Sequence[Mapping[str, Any]], scenario: str, look: Look) -> list[Mapping[str, Any]]:
    """`rows` of the history and, after them, what the look says otherwise than the last word at its session."""
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
    """The whole history, scenario by scenario, in the order in which it was written."""
    parts = [book.lake.read(VERDICTS.name, name) for name in book.lake.scenarios(VERDICTS.name)]
    return pa.concat_tables([VERDICTS.schema.empty_table(), *parts])


def append_verdicts(book: Book, as_of: date, claims: Sequence[Mapping[str, Any]]) -> dict[Key, Standing]:
    """Add a look at the scenario's claims and return the standing of each; all rows are written at once or none.

    Parameters
    ----------
    as_of
        The last session that the verdicts know.
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
    """Standing of every claim by topic and key; rows in the order in which they were written."""
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
        weeks = {day.isocalendar()[:2] for day in days[len(days) - n_in_a_row :]}
        found[key] = Standing(len(days), n_in_a_row, len(weeks), since, *ends)
    return found
