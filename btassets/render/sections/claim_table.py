"""The table of claims: each with its verdict, estimate, interval and p-value.

Belongs here: its columns and the names of claims. Does not belong here: the words of a verdict (`render.labels`), tests
of a portfolio against luck (`how_sure.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.render.claims import (
    claim_sentence,
    denies,
    detectable,
    interval,
    is_adjusted,
    out_of_sample,
    p_words,
    shown_in,
)
from btassets.render.format import esc
from btassets.render.html_tables import Column, section, table
from btassets.render.labels import verdict_chip
from btassets.render.report_types import Report

Values = Mapping[str, Any]

_COLUMNS = (
    Column("seed_rule_says", "Rule says", "words", "decision by the rules; - means no change"),
    Column("verdict", "Verdict", render=lambda row: verdict_chip(row["verdict"], is_denial=denies(row))),
    Column("estimate", "Estimate", render=lambda row: esc(shown_in(row))),
    Column("ci", "95% interval", render=lambda row: esc(interval(row))),
    Column("p", "p", render=lambda row: esc(p_words(row))),
    Column("n", "n", "n", "setups; days of a curve; portfolios"),
    Column("n_weeks", "Weeks", "n", "weeks (days of a curve) from first to last"),
    Column("mde80", "Detectable", "text", "smallest effect with 80% power", render=lambda row: esc(detectable(row))),
    Column(
        "oos",
        "Later weeks",
        hint="does the claim hold in the weeks after each training window, and by how much",
        render=lambda row: esc(out_of_sample(row)),
    ),
    Column(
        "supported_since",
        "Clear since",
        hint="first session, and number of verdicts in a row",
        render=lambda row: esc(since(row)),
    ),
)


def claim_columns(report: Report) -> tuple[Column, ...]:
    """Columns of the claims; the first is the sentence that the verdict is about."""
    adjusted = is_adjusted(report)
    return (
        Column("topic", "Claim", render=lambda row: esc(claim_sentence(row, is_adjusted=adjusted))),
        *_COLUMNS,
    )


def since(row: Values) -> str:
    """Start of the current streak of supported verdicts on a claim, or the last one."""
    if row.get("looks_in_a_row"):
        n = row["looks_in_a_row"]
        return f"{row['supported_since']} ({n:,})"
    if row.get("last_supported"):
        return f"last on {row['last_supported']}, not now"
    return "never"


def claims_section(report: Report) -> str:
    """The claims of graded setups alone: tests of a ranking and against random picks need a book."""
    claims = report["statistics"]["claims"]
    if not claims:
        return ""
    columns = tuple(
        column for column in claim_columns(report) if column.key not in ("seed_rule_says", "supported_since")
    )
    lead = (
        "Tested on these setups alone, by week of the as-of date. Clear: the sign is as claimed, p is below 0.05 over "
        "the whole family of comparisons, and the later weeks do not contradict it."
    )
    inner = table(claims, columns, json="statistics.claims", caption="Claims and verdicts")
    return section("sure", "How sure", lead, inner)
