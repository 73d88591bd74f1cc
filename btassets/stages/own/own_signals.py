"""Stage `own_signals`: values of every own signal at the rows of `factor_signals`, and the proof behind each.

A signal that is refused gives no values and a row with the reason; the others continue. A signal whose content and bars
are unchanged is taken from the stage's former tables.

Belongs here: the tables and the check. Does not belong here: values and proofs (`judging.py`).
"""

from typing import Any

import numpy as np
import pyarrow as pa

from btassets.graph.own import OWN_SIGNAL_PROOFS, OWN_SIGNALS, REFUSED
from btassets.run.stage_result import CheckFact, StageOutcome, StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Tables `own_signals` and `own_signal_proofs`."""
    sources = tables.outside("own_sources")
    if not sources:
        empty = {spec.name: spec.schema.empty_table() for spec in (OWN_SIGNALS, OWN_SIGNAL_PROOFS)}
        return StageResult(empty, {"signals": 0, "refused": 0}, {"tried": []})
    from btassets.stages.own.judging import judge_all  # late: a book without own code loads none of what runs it

    judged = judge_all(sources, tables, settings)
    rows = tables["factor_signals"].read(["ticker", "asof_date"])
    used = [(one, one.values) for one in judged if one.values is not None]
    parts = [
        pa.table(
            [
                pa.repeat(one.row["signal"], len(values)),
                *(column.combine_chunks() for column in rows.columns),
                pa.array(values, mask=np.isnan(values)),
            ],
            schema=OWN_SIGNALS.schema,
        )
        for one, values in used
    ]
    found = {
        "own_signals": pa.concat_tables(parts) if parts else OWN_SIGNALS.schema.empty_table(),
        "own_signal_proofs": pa.Table.from_pylist([one.row for one in judged], schema=OWN_SIGNAL_PROOFS.schema),
    }
    facts: dict[str, Any] = {
        "keys": {one.row["signal"]: one.key for one, _ in used},
        "us_per_row": {one.row["signal"]: one.us_per_row for one, _ in used},
        "refused": [one.row["reason"] for one in judged if one.values is None],
        "tried": [[one.row["signal"], one.row["content"]] for one, _ in used],
    }
    return StageResult(found, {"signals": len(used), "refused": len(judged) - len(used)}, facts)


def of_own_signals(_outcome: StageOutcome, tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Own signals that were refused, with the reason of the first."""
    rows = tables["own_signal_proofs"].read(["signal", "state", "reason"]).to_pylist()
    refused = [row for row in rows if row["state"] == REFUSED]
    numbers = {
        "signals": len(rows),
        "refused": ", ".join(row["signal"] for row in refused) or None,
        "first": refused[0]["reason"] if refused else None,
    }
    return [CheckFact("own_signals_proven", not refused, "ERROR", numbers)]
