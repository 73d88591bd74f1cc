"""Stage `factor_signals`: the signals written by the shards, as one table in tie order.

Belongs here: compacting the buckets. Does not belong here: the signals (`engine.features`).
"""

import pyarrow as pa
import pyarrow.compute as pc

from btassets.graph.replay import FACTOR_SIGNALS
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings


def compute(tables: Tables, _settings: Settings) -> StageResult:
    """Table `factor_signals`, sorted by ticker bytes, then date."""
    stored = tables.bucketed("signals")
    parts: dict[str, pa.Table] = {}
    for bucket in stored.buckets:
        table = stored.bucket(bucket)
        if table is not None:
            slices = stored.slices(bucket)
            parts |= {ticker: table.slice(*rows) for ticker, rows in slices.items() if rows[1]}
    ordered = [parts[ticker] for ticker in sorted(parts, key=str.encode)]
    merged = pa.concat_tables(ordered).unify_dictionaries() if ordered else FACTOR_SIGNALS.schema.empty_table()
    is_week = merged["is_week"]
    n_eligible = pc.sum(pc.and_(is_week, merged["eligible"])).as_py() or 0
    reason = merged["ineligible_reason"].filter(is_week)
    reasons = reason.combine_chunks().cast(pa.string()).value_counts().to_pylist()
    dropped = {f"ineligible_{row['values']}": row["counts"] for row in reasons if row["values"] is not None}
    numbers = {
        "n_rows": merged.num_rows,
        "eligible_at_week_ends": n_eligible,
        **dict(sorted(dropped.items())),
    }
    return StageResult({"factor_signals": merged}, numbers)
