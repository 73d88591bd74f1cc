"""Advice of the rules, each item with its verdict, and warnings.

Belongs here: sentences of advice and warnings. Does not belong here: the evidence behind them
(`evidence.py`, `how_sure.py`).
"""

from btassets.render.claims import claimed, denies, evidence
from btassets.render.format import esc, prose
from btassets.render.html_tables import details, section
from btassets.render.labels import verdict_chip
from btassets.render.report_types import Advice, Report


def advice_and_warnings(report: Report) -> str:
    """Both lists, side by side where the page is wide."""
    return f'<div class="pair">{_advice(report)}{_warnings(report)}</div>'


def _warnings(report: Report) -> str:
    items = []
    for words in report["warnings"]:
        code, _, sentence = words.partition(": ")
        told = sentence[:1].upper() + sentence[1:]
        items.append(f"<li><b>{esc(code.replace('_', ' ').capitalize())}.</b> {prose(told)}</li>")
    behind = report["universe"]["behind"]
    names = ""
    if behind:
        shown_names = f'<p class="names">{esc(", ".join(behind))}</p>'
        names = details(f"{len(behind):,} without a bar for {report['universe']['newest_session']}", shown_names)
    return section("warnings", "Warnings", "", f'<ul class="warnings">{"".join(items)}</ul>', names)


def _judged(report: Report, row: Advice) -> str:
    at = row["claim"]
    is_denial = at is not None and denies(report["statistics"]["claims"][at])
    return f"{claimed(report, at)} {verdict_chip(row['verdict'], is_denial=is_denial)}"


def _advice(report: Report) -> str:
    items = (*report["advice"], *report["research_advice"])
    is_tested = any(row["verdict"] for row in items)
    rows = [
        f"<li>{esc(row['sentence'])}{_judged(report, row) if is_tested else ''}{evidence(report, row['claim'])}</li>"
        for row in items
    ]
    inner = (
        f'<ol class="advice">{"".join(rows)}</ol>'
        if rows
        else '<p class="none">Too few graded setups for any advice.</p>'
    )
    note = (
        ""
        if is_tested or not rows
        else '<p class="note">Read off the numbers below, not tested against chance; no change is the default.</p>'
    )
    return section("advice", "Advice", "", note, inner)
