"""The journal in the report: how many lists were shown, what became of them, and the verdict.

Belongs here: which numbers of the journal's tables the report shows. Does not belong here: computing them
(`btassets.stages.journal`). Nothing here says when a run was made: equal books give equal reports.
"""

from typing import Any

from btassets.run.tables import Tables

_MAX_RESULTS = 12
_DIGITS = 3
_VERDICT_DIGITS = 6
"""More than shown: a number rounded twice would differ from the one in the sentence."""

_VERDICT = ("measure", "verdict", "live", "live_lo", "live_hi", "tested", "tested_lo", "tested_hi")
_COUNTS = ("n_setups", "n_lists", "n_open", "more_setups", "n_other_rules", "sentence")
_RESULT = ("ticker", "direction", "outcome", "fill_gap_r", "net_r", "note")


def journal_document(tables: Tables) -> dict[str, Any]:
    """Counts, one verdict per measure, and the newest results of lists that were shown."""
    lists = tables["journal"].read(["list_no", "kind", "asof_date"]).to_pylist()
    shown = {row["list_no"]: row["asof_date"] for row in lists if row["kind"] == "shown"}
    results = [row for row in tables["journal_results"].read().to_pylist() if row["kind"] == "shown"]
    graded = [row for row in results if row["status"] == "graded"]
    days = sorted(shown.values())
    return {
        "n_lists": len(shown),
        "first": days[0].isoformat() if days else None,
        "last": days[-1].isoformat() if days else None,
        "n_graded": len(graded),
        "n_open": sum(row["status"] == "open" for row in results),
        "n_not_filled": sum(row["status"] in ("not_filled", "no_bar") for row in results),
        "n_noted": sum(bool(row["note"]) for row in results),
        "verdicts": [
            {name: _short(row[name], _VERDICT_DIGITS) for name in (*_VERDICT, *_COUNTS)}
            for row in tables["journal_verdict"].read().to_pylist()
        ],
        "results": [
            {"as_of": row["asof_date"].isoformat(), **{name: _short(row[name]) for name in _RESULT}}
            for row in reversed(graded[-_MAX_RESULTS:])
        ],
    }


def _short(value: Any, digits: int = _DIGITS) -> Any:
    return round(value, digits) if isinstance(value, float) else value
