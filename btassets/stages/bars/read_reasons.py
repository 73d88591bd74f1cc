"""Why tickers must be read: the source changed, or the settings or code of reading.

Belongs here: sorting stale tickers by reason. Does not belong here: which are stale (`ohlcv_history.plan_ingest`).
"""

from collections.abc import Iterable

from btassets.run.tables import Tables
from btassets.sources.base import BarSource
from btassets.stages.bars.bar_store import TABLE

NEW = "new in the source"
CHANGED = "the source changed"
AGAIN = "the last reading failed or was incomplete"
READER = "the settings or code of reading changed"

_AGAIN_MARKS = ("failed|", "late|")


def read_reasons(tables: Tables, tickers: Iterable[str]) -> dict[str, list[str]]:
    """Stale tickers by reason, in their order; only reasons with tickers."""
    source: BarSource = tables.outside("source")
    known = tables.bucketed(TABLE).footers()
    found: dict[str, list[str]] = {NEW: [], CHANGED: [], AGAIN: [], READER: []}
    for ticker in tickers:
        stamp = known.get(ticker, {}).get("stamp")
        found[_reason(stamp, source, ticker)].append(ticker)
    return {reason: own for reason, own in found.items() if own}


def _reason(stamp: str | None, source: BarSource, ticker: str) -> str:
    if stamp is None:
        return NEW
    if stamp.startswith(_AGAIN_MARKS):
        return AGAIN
    return READER if stamp.rpartition("|")[0] == source.stamp(ticker) else CHANGED
