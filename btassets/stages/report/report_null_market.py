"""The market without an edge in the report: the real numbers beside those of its versions.

Belongs here: which of these numbers the report shows, rounded. Does not belong here: comparing them
(`btassets.run.null_versions`), running a version (`btassets.studies.null_market`).
"""

from typing import Any

from btassets.run.null_versions import NullVersions, compared, compared_numbers
from btassets.run.tables import Tables

_DIGITS = {"ic": 4, "r": 3, "pct_a_year": 1, "ratio": 2, "n": 2}
_PARTS = {"ic": "signals", "r": "setups"}
_ROUNDED = ("real", "ci_lo", "ci_hi", "null_mean", "null_sd", "null_lo", "null_hi")


def null_market_document(tables: Tables) -> dict[str, Any] | None:
    """Rows of the comparison, and what the versions were made from; None before any was run."""
    found: NullVersions | None = tables.outside("null_versions")
    if found is None:
        return None
    real = compared_numbers(lambda table: tables[table].read().to_pylist())
    parts: dict[str, list[dict[str, Any]]] = {"signals": [], "setups": [], "portfolio": []}
    for row in compared(real, found.numbers):
        digits = _DIGITS[row["unit"]]
        short = {name: None if row[name] is None else round(row[name], digits) for name in _ROUNDED}
        share = None if row["share"] is None else round(row["share"], 3)
        parts[_PARTS.get(row["unit"], "portfolio")].append({**row, **short, "share": share})
    return {"as_of": found.as_of, "is_current": found.is_current, "n_versions": len(found.numbers), **parts}
