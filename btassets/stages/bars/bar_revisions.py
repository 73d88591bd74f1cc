"""Table `bar_revisions`: past bars revised by sources, from the footers of the stored bars.

Belongs here: the record as a table, and appending to it. Does not belong here: finding revisions
(`engine.market.overlap`).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from btassets.engine.market.overlap import Revision
from btassets.graph.bars import BAR_REVISIONS
from btassets.run.tables import TickerFacts

MOST_KEPT = 500
"""Newest entries kept per ticker; `n_revisions` in the footer counts all."""


def grown_record(known: dict[str, Any], revisions: Sequence[Revision], seen: int | None) -> dict[str, Any]:
    """Facts for a ticker's footer: its record with `revisions` appended.

    Parameters
    ----------
    known
        The ticker's existing facts.
    seen
        Last session of the reading that found them, days since 1970-01-01.
    """
    rows: list[list[Any]] = [[seen, r.kind, r.date, r.field, r.old, r.new] for r in revisions]
    kept = [*known.get("revisions", []), *rows]
    if not kept:
        return {}
    return {"revisions": kept[-MOST_KEPT:], "n_revisions": known.get("n_revisions", 0) + len(rows)}


def revisions_table(footers: TickerFacts, tickers: Iterable[str] | None = None) -> pa.Table:
    """One row per revision, in byte order of the tickers, oldest first; of all tickers of `footers` if None."""
    wanted = footers if tickers is None else tickers
    rows = [(ticker, *revision) for ticker in wanted for revision in footers[ticker].get("revisions", ())]
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in BAR_REVISIONS.schema]
    arrays = [
        pa.array(values, pa.int32()).cast(pa.date32()) if pa.types.is_date(field.type) else pa.array(values, field.type)
        for values, field in zip(columns, BAR_REVISIONS.schema, strict=True)
    ]
    return pa.table(arrays, schema=BAR_REVISIONS.schema)
