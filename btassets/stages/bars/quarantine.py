"""Rows dropped by the quality rules, stored beside the bars with their values.

Belongs here: one file per bucket, rewritten with the bars, and all of it as table `bar_quarantine`. Does not belong
here: the rules, and rows of a file that was refused as a whole: none of those is in use.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.market.quality_rules import DroppedRows
from btassets.graph.bars import BAR_QUARANTINE
from btassets.run.tables import BucketedTable, BucketWriter

QUARANTINE = "quarantine"
"""Store of the stage `ohlcv_history`."""

_NUMBERS = ("open", "high", "low", "close", "volume", "dividend", "split")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Dropped rows of one reading of a ticker.

    Attributes
    ----------
    since
        First date read, days since 1970-01-01: earlier records stay. None: the whole window was read.
    dropped
        The rows by rule.
    """

    since: int | None
    dropped: Sequence[DroppedRows]


def write_quarantine(stored: BucketWriter, bucket: int, found: Mapping[str, Quarantined]) -> None:
    """Update one bucket's record; tickers that were not read keep theirs.

    Written before the bars: after a kill in between, the tickers are read again and the same is written.
    """
    old = stored.bucket(bucket)
    if not found or (old is None and not any(one.dropped for one in found.values())):
        return
    parts = [_as_table(ticker, dropped) for ticker, one in found.items() for dropped in one.dropped]
    if old is not None:
        is_kept = pc.invert(pc.is_in(old["ticker"], pa.array(list(found), pa.string())))
        parts.append(old.filter(is_kept))
        for ticker, one in found.items():
            if one.since is not None:
                own = old.filter(pc.equal(old["ticker"], ticker))
                parts.append(own.filter(pc.less(own["date"].cast(pa.int32()), one.since)))
    table = pa.concat_tables(parts) if parts else BAR_QUARANTINE.schema.empty_table()
    stored.write(bucket, _sorted(table), {})


def quarantine_table(stored: BucketedTable, tickers: Collection[str]) -> pa.Table:
    """Table `bar_quarantine` of these tickers, by ticker, date, rule."""
    parts = [part for bucket in stored.buckets if (part := stored.bucket(bucket)) is not None]
    if not parts:
        return BAR_QUARANTINE.schema.empty_table()
    whole = pa.concat_tables(parts)
    return _sorted(whole.filter(pc.is_in(whole["ticker"], pa.array(list(tickers), pa.string()))))


def _sorted(table: pa.Table) -> pa.Table:
    keyed = table.append_column("_ticker", pc.cast(table["ticker"], pa.binary()))
    keys = [("_ticker", "ascending"), ("date", "ascending"), ("rule", "ascending")]
    return table.take(pc.sort_indices(keyed, sort_keys=keys)).combine_chunks()


def _as_table(ticker: str, dropped: DroppedRows) -> pa.Table:
    rows = dropped.rows
    columns = {
        "ticker": pa.array([ticker] * len(rows), pa.string()),
        "rule": pa.array([dropped.rule] * len(rows), pa.string()),
        "date": pa.array(rows.dates, pa.date32()),
        # A value that was not a number is null here, never NaN.
        **{name: pa.array(getattr(rows, name), from_pandas=True) for name in _NUMBERS},
    }
    return pa.table(columns, schema=BAR_QUARANTINE.schema)
