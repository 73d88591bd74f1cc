"""Text of the null market: its table, what it tests and what it does not.

Belongs here: text. Does not belong here: any number.
"""

from collections.abc import Mapping
from typing import Any

TESTS = (
    "Each version keeps the benchmark, every ticker's beta, volatility, volume and the co-movement of a session; "
    "beta residuals are sign-flipped by session, one sign for all tickers. Share: versions that reach the real "
    "number, counting the real market."
)
TESTS_NOT = (
    "It tests whether the residuals of one session predict later ones. It does not test the list of tickers "
    "(survivors stay survivors), costs, or an edge in beta or in the benchmark's own timing."
)


def null_market_text(document: Mapping[str, Any]) -> str:
    """Text of the document for a terminal."""
    rows: list[tuple[str, ...]] = [("", "real", "versions, mean", "sd", "share")]
    for row in document["rows"]:
        numbers = (_shown(row[name]) for name in ("real", "null_mean", "null_sd"))
        rows.append((row["what"], *numbers, "-" if row["share"] is None else f"{row['share']:.2f}"))
    widths = [max(len(row[k]) for row in rows) for k in range(5)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(row[k].rjust(widths[k]) for k in range(1, 5))]).rstrip() for row in rows
    ]
    head = f"The market of scenario {document['scenario']} with the edge destroyed, {document['n_versions']} versions"
    return "\n".join([head, "", *lines, "", TESTS, TESTS_NOT])


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"
