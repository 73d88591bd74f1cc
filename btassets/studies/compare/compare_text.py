"""Two scenarios on the terminal: the answer, the differences, the trades.

Belongs here: plain text. Does not belong here: layout of the page (`compare_page.py`), numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from btassets.render.format import exit_words, shown
from btassets.studies.compare.compare_page import MEASURES, in_unit, interval_in_unit, percentiles_in
from btassets.studies.sweep.sweep_text import aligned


def compare_text(document: Mapping[str, Any]) -> str:
    """Headline, table of paired differences, trades and setups added and removed, settings that differ."""
    first, second = document["scenarios"]
    lines = [document["headline"]["text"], ""]
    head = ["", "exit", first, second, "difference", "95% interval", ""]
    lines += aligned([head, *map(_difference, document["differences"])], n_text=2)
    lines.append("")
    head = ["", "in both", "removed", "added"]
    rows = [_groups(f"trades, {exit_words(policy)}", own["groups"]) for policy, own in document["trades"].items()]
    own = [
        [f"mean {words}", *(shown(group[name], "num1") for group in document["setups"])]
        for name, words in percentiles_in(document["setups"])
    ]
    lines += aligned([head, *rows, _groups("qualified setups", document["setups"]), *own])
    if document["settings"]:
        lines.append("")
        changed = [[row["key"], row["first"], row["second"]] for row in document["settings"]]
        lines += aligned([["setting", first, second], *changed], n_text=3)
    return "\n".join(lines)


def _difference(row: Mapping[str, Any]) -> list[str]:
    numbers = [in_unit(row, name) for name in ("first", "second", "difference")]
    interval = interval_in_unit(row)
    return [MEASURES[row["measure"]], row["exit"], *numbers, interval, row["verdict"]]


def _groups(label: str, groups: Sequence[Mapping[str, Any]]) -> list[str]:
    return [label, *(f"{shown(group['n'], 'n')} at {shown(group['net_avg_r'], 'r3')}" for group in groups)]
