"""A comparison in plain sentences: result, luck, change.

Belongs here: part `answer` of the document. Does not belong here: the numbers (`compare.py`) and the layout of the page
(`compare_page.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.render.format import exit_words, shown

_POLICIES = ("hold", "target")


def answer(document: Mapping[str, Any]) -> dict[str, str]:
    """Sentences of the first screen, of the document's own numbers."""
    return {"result": _result(document), "luck": _luck(document), "change": _change(document)}


def _result(document: Mapping[str, Any]) -> str:
    first, second = document["scenarios"]
    by_book = {(row["policy"], row["scenario"]): row for row in document["books"]}
    for policy in _POLICIES:
        mine, other = by_book.get((policy, second)), by_book.get((policy, first))
        if mine and other and mine["cagr_pct"] is not None and other["cagr_pct"] is not None:
            return (
                f"{second} made {shown(mine['cagr_pct'], 'spct')} a year after costs in {shown(mine['trades'], 'n')} "
                f"trades, {first} {shown(other['cagr_pct'], 'spct')} in {shown(other['trades'], 'n')} "
                f"({exit_words(policy)}). "
                f"Its largest drawdown was {shown(mine['max_drawdown_pct'], 'pct0')}, that of {first} "
                f"{shown(other['max_drawdown_pct'], 'pct0')}."
            )
    return "The two portfolios cannot be compared: one of them made no trade."


def _luck(document: Mapping[str, Any]) -> str:
    first, second = document["scenarios"]
    row = document["differences"][0]
    if row["difference"] is None:
        return "No graded setup qualifies in one of the two, so that nothing can be tested."
    if all(r["verdict"] == "identical" for r in document["differences"]):
        return "Every difference is exactly 0."
    against = " without the benchmark's move" if row["measure"] == "adjusted_r" else ""
    more = "more" if row["difference"] >= 0 else "less"
    sentence = (
        f"A setup of {second} earned {shown(abs(row['difference']), 'r3').removeprefix('+')} {more} than one of "
        f"{first}{against} ({exit_words(row['exit'])}"
    )
    if row["ci_lo"] is None:
        return f"{sentence}); the history is too short for an interval."
    low, high = shown(row["ci_lo"], "r3"), shown(row["ci_hi"], "r3")
    words = {
        "higher": "That is clear: more than luck explains.",
        "lower": "That is clear: more than bad luck explains.",
        "identical": "The two are the same in every week.",
    }.get(row["verdict"], "That is within luck: this history cannot separate the two.")
    return f"{sentence}, 95% interval {low} to {high}). {words}"


def _change(document: Mapping[str, Any]) -> str:
    first, second = document["scenarios"]
    verdict, n = document["headline"]["verdict"], len(document["settings"])
    differ = f"{n} setting{'' if n == 1 else 's'} differ{'s' if n == 1 else ''}"
    if verdict == "higher":
        return f"{second} is the better choice per setup; {differ}. One comparison of many may still be chance."
    if verdict == "lower":
        return f"Keep {first}: {second} is worse per setup; {differ}."
    return f"Keep {first}: nothing shows that {second} is better; {differ}."
