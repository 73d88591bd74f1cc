"""A sweep in plain sentences: result, luck, change.

Belongs here: part `answer` of the document. Does not belong here: the numbers (`sweep.py`) and the layout of the page
(`sweep_page.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.render.format import shown

KINDS = {
    "sharpe": "num2",
    "cagr_pct": "pct",
    "total_return_pct": "spct",
    "max_drawdown_pct": "pct",
    "net_avg_r": "r3",
}
"""Format of each measure by which cells are compared."""

NAMES = {
    "sharpe": "Sharpe ratio",
    "cagr_pct": "CAGR",
    "total_return_pct": "Return",
    "max_drawdown_pct": "Max drawdown",
    "net_avg_r": "Net R per setup",
}


def place_words(row: Mapping[str, Any]) -> str:
    """Values of a cell, each after the last part of its setting's key."""
    return ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in row["values"].items())


def answer(document: Mapping[str, Any]) -> dict[str, str]:
    """Sentences of the first screen, of the document's own numbers."""
    n, best = document["trials"]["cells"], document["best"]
    if best is None:
        return {
            "result": f"None of the {n:,} portfolios made {document['least_trades']} trades.",
            "luck": "With so few trades nothing can be tested.",
            "change": "Keep the settings, or sweep looser ones.",
        }
    luck = f"{_luck(document)}{_walked(document)}"
    return {"result": _result(document), "luck": luck, "change": _change(document)}


def _walked(document: Mapping[str, Any]) -> str:
    walk = document["walk_forward"]
    if walk is None:
        return ""
    mine, own = (shown(walk[name]["sharpe"], "num2") for name in ("chosen", "own"))
    return f" Chosen by the past alone, it had {mine} in the weeks after each choice, the book's own settings {own}."


def walked_words(document: Mapping[str, Any]) -> str:
    """The walk-forward in one sentence; empty without a window."""
    walk = document["walk_forward"]
    if walk is None:
        return ""
    gap, mine, own = walk["difference_sharpe"], walk["chosen"]["sharpe"], walk["own"]["sharpe"]
    words = (
        f"Chosen anew in {len(walk['windows'])} windows by the past alone, the best cell had a Sharpe ratio of "
        f"{shown(mine, 'num2')} in the weeks after each choice, the book's own settings {shown(own, 'num2')} there"
    )
    if gap["ci_lo"] is None:
        return f"{words}; the windows are too few for an interval."
    interval = f"{shown(gap['ci_lo'], 'snum2')} to {shown(gap['ci_hi'], 'snum2')}"
    return f"{words} (difference {shown(gap['value'], 'snum2')}, 95% interval {interval})."


def _result(document: Mapping[str, Any]) -> str:
    by, best = document["by"], document["cells"][document["best"]]
    name, kind = NAMES[by], KINDS[by]
    return (
        f"The best of {document['trials']['cells']:,} portfolios has a {name} of {shown(best[by], kind)} "
        f"({place_words(best)}); the book's own settings have {shown(document['current'][by], kind)}."
    )


def _luck(document: Mapping[str, Any]) -> str:
    best, tried = document["cells"][document["best"]], document["trials"]["in_ledger"]
    expected, parts = document["luck"]["expected_best_sharpe"], []
    if expected is not None and best["sharpe"] is not None:
        chance = best["deflated_sharpe"]
        text = (
            f"The best of {tried:,} configurations tried on these data reaches a Sharpe ratio of "
            f"{shown(expected, 'num2')} by luck alone"
        )
        if chance is not None:
            text += f"; {shown(best['sharpe'], 'num2')} is more with a probability of {shown(_pct(chance), 'pct0')}"
        parts.append(f"{text}.")
    if best["delta_r"] is not None and best["p_adj"] is not None:
        parts.append(
            f"Per setup it earned {shown(best['delta_r'], 'r3')} against the book's own settings (95% interval "
            f"{shown(best['delta_ci_lo'], 'r3')} to {shown(best['delta_ci_hi'], 'r3')}, p {best['p_adj']:.2f} over all "
            "cells)."
        )
    return " ".join(parts) or "The history is too short for a test."


def _pct(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _change(document: Mapping[str, Any]) -> str:
    by = document["by"]
    settled = ""
    if document["plateau"] is not None:
        plateau = document["cells"][document["plateau"]]
        mean = shown(plateau["plateau"], KINDS[by])
        settled = f" The best plateau is at {place_words(plateau)}: {mean} on average with its neighbours."
    verdict = document["headline"]["verdict"]
    if verdict == "supported":
        return "The best cell is better beyond luck, all cells of this sweep considered; prefer a plateau." + settled
    if verdict == "contradicted":
        return "Keep the settings: per setup the best cell is clearly worse." + settled
    return "Keep the settings: no cell is better beyond luck." + settled
