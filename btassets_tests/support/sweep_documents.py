"""A sweep's document typed by hand: cells over two or three settings."""

import itertools
from typing import Any

from btassets.studies.sweep.sweep_answer import answer


def axis(key: str, labels: list[str], *, is_ordered: bool = True) -> dict[str, Any]:
    return {"key": key, "labels": labels, "is_ordered": is_ordered}


def cell(values: dict[str, str], sharpe: float | None, **changes: Any) -> dict[str, Any]:
    """One cell with a Sharpe ratio, many trades and no interval."""
    row = {
        "values": values,
        "sharpe": sharpe,
        "cagr_pct": 5.0,
        "total_return_pct": 20.0,
        "max_drawdown_pct": 10.0,
        "net_avg_r": 0.05,
        "ci_lo": None,
        "ci_hi": None,
        "delta_r": 0.01,
        "delta_ci_lo": -0.01,
        "delta_ci_hi": 0.03,
        "p_adj": 0.5,
        "trades": 100,
        "n_setups": 200,
        "plateau": None,
        "deflated_sharpe": 0.2,
        "is_thin": False,
        "is_current": False,
    }
    return row | changes


def sweep_of(axes: list[dict[str, Any]], sharpes: Any = None, **changes: Any) -> dict[str, Any]:
    """A document whose cells have the Sharpe ratios given, or their numbers in order."""
    places = list(itertools.product(*(own["labels"] for own in axes)))
    sharpes = [float(k) for k in range(len(places))] if sharpes is None else sharpes
    keys = [own["key"] for own in axes]
    cells = [cell(dict(zip(keys, place, strict=True)), value) for place, value in zip(places, sharpes, strict=True)]
    document = {
        "book": "mine",
        "as_of": "2025-12-31",
        "scenario": "base",
        "policy": "hold",
        "settings_hash": "abc",
        "by": "sharpe",
        "axes": axes,
        "cells": cells,
        "best": len(cells) - 1,
        "plateau": 0,
        "current": cell({}, 0.5, is_current=True),
        "least_trades": 30,
        "headline": {"text": "One cell is best.", "verdict": None},
        "trials": {"cells": len(cells), "in_ledger": 1234},
        "luck": {"expected_best_sharpe": 1.5, "n_days": 900},
        "walk_forward": None,
    } | changes
    return {"answer": answer(document)} | document


def walked(**changes: Any) -> dict[str, Any]:
    """A walk-forward of two windows that chose the first cell, then the last one."""
    gap = {"value": -0.1, "ci_lo": -0.6, "ci_hi": 0.4, "p": 0.7}
    numbers = {"cagr_pct": 4.0, "sharpe": 0.4, "max_drawdown_pct": 12.0}
    first = {"test_first": "2024-01-02", "test_last": "2024-04-02", "cell": 0}
    second = {"test_first": "2024-04-03", "test_last": "2024-07-02", "cell": -1}
    return {
        "by": "sharpe",
        "windows": [
            first | {"return_pct": 1.5, "own_return_pct": 2.0},
            second | {"return_pct": -1.0, "own_return_pct": 0.5},
        ],
        "n_days": 126,
        "n_cells_chosen": 2,
        "chosen": numbers,
        "own": numbers | {"sharpe": 0.5},
        "difference_pct": gap,
        "difference_sharpe": gap,
    } | changes
