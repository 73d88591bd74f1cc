"""The table of claims: each with its verdict, estimate, interval and p-value.

Belongs here: its columns and the names of claims. Does not belong here: the words of a verdict (`render.labels`), tests
of a portfolio against luck (`how_sure.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.engine.portfolio.variant_list import comparison_label
from btassets.render.claims import claim_words, denies, detectable, interval, out_of_sample, p_words, shown_in
from btassets.render.format import esc, shown
from btassets.render.html_tables import Column, section, table
from btassets.render.labels import verdict_chip
from btassets.render.report_types import Report

Values = Mapping[str, Any]

_TOPICS = {
    "headline": "The ranking behind the list predicts returns",
    "list": "The list outperforms the rest, before costs",
    "expectancy": "A qualified setup earns more than its costs",
    "random_pick": "The portfolio beats random picks",
    "exit": "Exit",
    "gate": "Floor",
    "cutoff": "Cutoff",
    "benchmark": "Against the benchmark",
    "robustness": "Without the best 5%",
    "selection": "Qualified setups earn more than all",
}


CLAIM_COLUMNS = (
    Column("topic", "Claim", render=lambda row: esc(claim_name(row))),
    Column("seed_rule_says", "Rule says", "words", "decision by the rules; - means no change"),
    Column("verdict", "Verdict", render=lambda row: verdict_chip(row["verdict"], is_denial=denies(row))),
    Column("estimate", "Estimate", render=lambda row: esc(shown_in(row))),
    Column("ci", "95% interval", render=lambda row: esc(interval(row))),
    Column("p", "p", render=lambda row: esc(p_words(row))),
    Column("n", "n", "n", "setups; days of a curve; portfolios"),
    Column("n_weeks", "Weeks", "n", "weeks (days of a curve) from first to last"),
    Column("mde80", "Detectable", "text", "smallest effect with 80% power", render=lambda row: esc(detectable(row))),
    Column(
        "oos", "Later weeks", hint="exits, cutoffs: of the picks in train", render=lambda row: esc(out_of_sample(row))
    ),
    Column("supported_since", "Supported", hint="since, and verdicts in a row", render=lambda row: esc(since(row))),
)


def since(row: Values) -> str:
    """Start of the current streak of supported verdicts on a claim, or the last one."""
    if row.get("looks_in_a_row"):
        n = row["looks_in_a_row"]
        return f"since {row['supported_since']} ({n:,})"
    if row.get("last_supported"):
        return f"last on {row['last_supported']}, not now"
    return "never"


def claim_name(row: Values) -> str:
    """Subject of a claim, with the exact claim where the subject alone could be misread."""
    name = _TOPICS.get(row["topic"]) or comparison_label(row["topic"]) or shown(row["topic"], "words")
    has_key = row["topic"] in ("exit", "gate", "cutoff", "selection")
    named = f"{name}: {shown(row['item_key'], 'words')}" if has_key else name
    return f"{named}, {claim_words(row)}" if claim_words(row) else named


def claims_section(report: Report) -> str:
    """The claims of graded setups alone: tests of a ranking and against random picks need a book."""
    claims = report["statistics"]["claims"]
    if not claims:
        return ""
    columns = tuple(column for column in CLAIM_COLUMNS if column.key not in ("seed_rule_says", "supported_since"))
    lead = (
        "Tested on these setups alone, by week of the as-of date. Clear: the sign is as claimed, p is below 0.05 over "
        "the whole family of comparisons, and the later weeks do not contradict it."
    )
    inner = table(claims, columns, json="statistics.claims", caption="Claims and verdicts")
    return section("sure", "How sure", lead, inner)
