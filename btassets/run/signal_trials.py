"""Own sources of a book, and the ledger of own signals that were judged: table `signal_trials`.

Trying ideas costs certainty: the false discovery rate of own signals is taken over every idea that was ever judged on
this book, not over those that are left. A trial is one distinct content; comments and layout do not count, another
number does. The ledger only grows; only deleting `data/` empties it.

Belongs here: the external inputs and the output that `btassets/graph/outside.py` names. Does not belong here: the
family (`stages.statistics.stat_signals`), trials of portfolios (`trials.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from btassets.book.book import Book
from btassets.graph.own import SIGNAL_TRIALS
from btassets.own.discover import OwnSource, find_sources
from btassets.own.stages.stage_names import has_only_stages
from btassets.storage.hashing import digest
from btassets.storage.lake import BASE, Footer

Try = tuple[str, str]
"""Name and content of an own signal."""


def own_sources(book: Book) -> Sequence[OwnSource]:
    """Sources of own signals, the book's files first."""
    return [source for source in find_sources(book.folder) if not has_only_stages(source)]


def own_sources_version(book: Book) -> dict[str, str]:
    """Hash of each file behind own signals, by its name."""
    return {name: found for source in own_sources(book) for name, found in source.code.items()}


def read_signal_trials(book: Book) -> pa.Table:
    """The ledger, in the order of first trial."""
    if BASE not in book.lake.scenarios(SIGNAL_TRIALS.name):
        return SIGNAL_TRIALS.schema.empty_table()
    return book.lake.read(SIGNAL_TRIALS.name)


def signals_tried(book: Book) -> frozenset[Try]:
    """Every own signal that was judged."""
    ledger = read_signal_trials(book)
    return frozenset(zip(ledger["signal"].to_pylist(), ledger["content"].to_pylist(), strict=True))


def signals_tried_version(book: Book) -> str | None:
    """Hash of all tries, those of the present signals included: a run that adds itself is not stale afterwards."""
    footer = book.lake.footer("own_signals", book.replay)
    now = [] if footer is None else _tries(footer.facts)
    tried = signals_tried(book).union(now)
    return digest(sorted(tried)) if tried else None


def write_signal_trials(book: Book, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add signals that the ledger lacks; all at once or none.

    Parameters
    ----------
    rows
        `signal`, `content` and `last_session` of each judged signal.
    """
    if not rows:
        return
    with book.lake.bucket_lock(SIGNAL_TRIALS.name, 0):
        ledger = read_signal_trials(book).to_pylist()
        known = {(row["signal"], row["content"]) for row in ledger}
        new = [row for row in rows if (row["signal"], row["content"]) not in known]
        if not new:
            return
        last = max((row["trial_no"] for row in ledger), default=0)
        ledger += [{**row, "trial_no": last + k, "scenario": book.scenario} for k, row in enumerate(new, 1)]
        table = pa.Table.from_pylist(ledger, schema=SIGNAL_TRIALS.schema)
        book.lake.write(SIGNAL_TRIALS.name, table, digest(sorted(known), len(ledger)))


def has_signal_trials(book: Book, footers: Sequence[Footer | None]) -> bool:
    """Whether the ledger contains the signals that the stage judged."""
    judged = _tries(footers[0].facts) if footers and footers[0] is not None else []
    return not judged or signals_tried(book).issuperset(judged)


def _tries(facts: Mapping[str, Any]) -> Iterable[Try]:
    return [(signal, content) for signal, content in facts.get("tried", ())]
