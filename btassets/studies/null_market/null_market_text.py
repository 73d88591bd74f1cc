"""Text of the null market: its table, what it tests and what it does not.

Belongs here: text. Does not belong here: any number.
"""

from collections.abc import Mapping
from typing import Any

from btassets.render.format import shown
from btassets.render.sections.null_market import KINDS, TESTS, TESTS_NOT


def null_market_text(document: Mapping[str, Any]) -> str:
    """Text of the document for a terminal."""
    rows: list[tuple[str, ...]] = [("", "real", "versions, mean", "lowest", "highest", "reached by", "share")]
    for row in document["rows"]:
        numbers = (shown(row[name], KINDS[row["unit"]]) for name in ("real", "null_mean", "null_lo", "null_hi"))
        reached = "-" if row["share"] is None else f"{row['n_at_least']} of {row['n']}"
        rows.append((row["what"], *numbers, reached, shown(row["share"], "num2")))
    widths = [max(len(row[k]) for row in rows) for k in range(7)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(row[k].rjust(widths[k]) for k in range(1, 7))]).rstrip() for row in rows
    ]
    head = f"The market of scenario {document['scenario']} with the edge destroyed, {document['n_versions']} versions"
    return "\n".join([head, "", *lines, "", TESTS, TESTS_NOT])
