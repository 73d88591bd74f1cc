"""A sweep on the terminal: the answer, the grids of cells, the best cells.

Belongs here: plain text. Does not belong here: layout of the page (`sweep_page.py`), numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from btassets.render.format import exit_words, shown
from btassets.studies.sweep.sweep_answer import walked_words
from btassets.studies.sweep.sweep_page import KINDS, NAMES, Panel, interval, leaf, marks_of, ordered, panels

_BRACKETS = {"best": "[]", "plateau": "()", "current": "<>"}
_MOST_PANELS = 6
_MOST_CELLS = 10


def sweep_text(document: Mapping[str, Any]) -> str:
    """Headline, heat map with brackets around best, plateau and current cell, table of the best."""
    answer = document["headline"]
    found, n_all = panels(document)
    by = document["by"]
    lines = [answer["text"]]
    if answer["verdict"]:
        lines[0] += f" That is {answer['verdict']}."
    lines += ["", f"{NAMES[by]}, {exit_words(document['policy'])}: [best] (plateau) <own settings>, * few trades"]
    for panel in found[:_MOST_PANELS]:
        lines += ["", *_field(document, panel)]
    if n_all > min(len(found), _MOST_PANELS):
        lines += ["", f"{min(len(found), _MOST_PANELS)} of {n_all} panels; the table of all cells has the others"]
    lines += ["", *_best(document)]
    if document["walk_forward"] is not None:
        lines += ["", walked_words(document)]
    return "\n".join(lines)


def _field(document: Mapping[str, Any], panel: Panel) -> list[str]:
    by = document["by"]
    head = ["", *panel.x["labels"]]
    rows = [[label, *(_cell(document, row, KINDS[by]) for row in rows)] for label, rows in panel.rows.items()]
    y = f"{panel.y['key']} down, " if panel.y else ""
    title = f"{y}{panel.x['key']} across" + (f"; {panel.title}" if panel.title else "")
    return [title, *aligned([head, *rows])]


def _cell(document: Mapping[str, Any], row: Mapping[str, Any], kind: str) -> str:
    text = shown(row[document["by"]], kind) + ("*" if row["is_thin"] else "")
    for mark in marks_of(document, row):
        opening, closing = _BRACKETS[mark]
        text = f"{opening}{text}{closing}"
    return text


def _best(document: Mapping[str, Any]) -> list[str]:
    keys = [axis["key"] for axis in document["axes"]]
    by = document["by"]
    head = [*map(leaf, keys), NAMES[by], "net R", "95% interval", "against own", "p, all cells", "trades", "plateau"]
    own = document["current"]
    rows = [_row(row, keys, by) for row in ordered(document)[:_MOST_CELLS]]
    current = {**own, "plateau": None, "values": dict.fromkeys(keys, "own")}
    return aligned([head, *rows, _row(current, keys, by)], n_text=len(keys))


def _row(row: Mapping[str, Any], keys: Sequence[str], by: str) -> list[str]:
    return [
        *(row["values"][key] for key in keys),
        shown(row[by], KINDS[by]),
        shown(row["net_avg_r"], "r3"),
        interval(row, "ci_lo", "ci_hi"),
        shown(row["delta_r"], "r3"),
        shown(row["p_adj"], "num2"),
        shown(row["trades"], "n"),
        shown(row["plateau"], KINDS[by]),
    ]


def aligned(rows: Sequence[Sequence[str]], n_text: int = 1) -> list[str]:
    """Rows as aligned lines; the first `n_text` columns left-aligned, the others right-aligned."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(
            text.ljust(width) if k < n_text else text.rjust(width)
            for k, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
