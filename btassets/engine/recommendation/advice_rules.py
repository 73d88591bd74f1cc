"""The advice rules, computed from the rounded numbers of a finished report.

Belongs here: decisions as structured items. Does not belong here: significance (statistics) and wording (sentences).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from btassets.engine.floors import ADVISED_VARIANTS, ALL_FLOORS
from btassets.engine.portfolio.variant_list import STRATEGY_VARIANTS, StrategyVariant, comparisons

Item = dict[str, Any]

FLOOR_MARGIN_R = 0.02  # a floor whose removal costs at most this adds nothing
HOLD_MARGIN_R = 0.05  # a hold must beat the target exit by more than this
CAPACITY_DRAWDOWN_POINTS = 1.0  # drawdown that a larger portfolio may add
CUTOFF_CAGR_LOSS = 0.10  # share of CAGR that a stricter cutoff may cost


def _rows(report: Mapping[str, Any], key: str, inner: str | None = None) -> Sequence[Mapping[str, Any]]:
    table = report.get(key)
    if inner is not None:
        table = (table or {}).get(inner)
    return table or ()


def _best_hold(report: Mapping[str, Any], target_net: float | None) -> Mapping[str, Any] | None:
    """Row of the hold with the highest net R per trade; the shortest on ties.

    Among holds beyond the horizon, each with setups of its own, the one with the largest advantage over their target
    exit.
    """
    rows = [row for row in _rows(report, "time_exit_sweep") if row.get("net_avg_r") is not None]
    if target_net is None or not any("target_net_avg_r" in row for row in rows):
        return max(rows, key=lambda row: row["net_avg_r"], default=None)
    return max(rows, key=lambda row: row["net_avg_r"] - _target_net(row, target_net), default=None)


def _target_net(row: Mapping[str, Any], target_net: float) -> float:
    """Net R of the target exit over the setups of a hold."""
    return row.get("target_net_avg_r", target_net)


def _gate_items(report: Mapping[str, Any]) -> list[Item]:
    ablation = {row["variant"]: row for row in _rows(report, "gate_ablation")}
    base = ablation.get(ALL_FLOORS)
    if base is None or base.get("hold_net_avg_r") is None:
        return []
    items: list[Item] = []
    for floor, variant in ADVISED_VARIANTS.items():
        row = ablation.get(variant.name)
        if row is None or not _has(row, "hold_net_avg_r"):
            continue
        delta = base["hold_net_avg_r"] - row["hold_net_avg_r"]
        item: Item = {"topic": "gate", "floor": floor, "decision": "keep", "delta_r": round(delta, 2)}
        # The unrounded difference of rounded numbers decides, so 0.061 - 0.041 is within the margin.
        if delta <= FLOOR_MARGIN_R:
            item["decision"] = "adds_nothing"
            item["extra_trades"] = row["total"] - base["total"]
        items.append(item)
    return items


def _cutoff_items(report: Mapping[str, Any]) -> list[Item]:
    rows = [
        row
        for row in _rows(report, "sweep")
        if row.get("net_avg_r") is not None and (row.get("min_momentum_percentile") or 0) > 0
    ]
    if not rows:
        return []
    best = max(rows, key=lambda row: row["net_avg_r"])
    return [{"topic": "cutoff", "min_momentum_percentile": best["min_momentum_percentile"]}]


def _benchmark_items(report: Mapping[str, Any]) -> list[Item]:
    # A policy row without a result is a policy without trades, treated as absent.
    books = {
        row.get("policy"): row
        for row in _rows(report, "portfolio_sim", "policies")
        if row.get("total_return_pct") is not None
    }
    book = books.get("hold") or books.get("target")
    if book is None or book.get("spy_return_pct") is None:
        return []
    edge_points = book["total_return_pct"] - book["spy_return_pct"]
    return [
        {"topic": "benchmark", "decision": "beats" if edge_points > 0 else "lags", "edge_points": round(edge_points, 1)}
    ]


def recommendation(report: Mapping[str, Any]) -> dict[str, Any]:
    """Items on exit, floors, cutoff, benchmark and robustness, and whether a fixed hold is advised.

    Parameters
    ----------
    report
        Finished report; `overall_qualified`, `time_exit_sweep`, `gate_ablation`, `sweep` and `portfolio_sim` are read,
        all rounded. An item whose inputs are missing is absent.

    Returns
    -------
    dict
        `items` (topic, decision and figures, in the order of the questions) and `hold_recommended`.
    """
    items: list[Item] = []
    qualified = report.get("overall_qualified") or {}
    target_net = qualified.get("net_avg_r")
    best = _best_hold(report, target_net)
    is_hold = (
        best is not None
        and target_net is not None
        and best["net_avg_r"] > _target_net(best, target_net) + HOLD_MARGIN_R
    )
    if best is not None and target_net is not None:
        exit_item: Item = {"topic": "exit"}
        if is_hold:
            exit_item |= {"decision": "hold", "hold_days": best["hold_days"]}
        items.append(exit_item)
    items += _gate_items(report)
    items += _cutoff_items(report)
    items += _benchmark_items(report)

    trimmed, basis = qualified.get("net_avg_r_ex_top5"), "target"
    if is_hold and best is not None and best.get("net_avg_r_ex_top5") is not None:
        trimmed, basis = best["net_avg_r_ex_top5"], f"hold_{best['hold_days']}"
    if trimmed is not None:
        items.append(
            {
                "topic": "robustness",
                "decision": "survives" if trimmed > 0 else "warning",
                "net_avg_r_ex_top5": round(trimmed, 2),
                "basis": basis,
            }
        )
    return {"items": items, "hold_recommended": is_hold}


def _has(row: Mapping[str, Any] | None, *keys: str) -> bool:
    return row is not None and all(row.get(key) is not None for key in keys)


def _relative_loss(base: float, other: float) -> float | None:
    """Lost share of a positive base; None otherwise: a losing base cannot promote anything."""
    return (base - other) / base if base > 0 else None


def research_recommendation(
    report: Mapping[str, Any], variants: Sequence[StrategyVariant] = STRATEGY_VARIANTS
) -> dict[str, Any]:
    """Whether each variant with more slots or a stricter cutoff is a candidate for promotion.

    Parameters
    ----------
    report
        Finished report; `strategy_variants` is read, all rounded.
    variants
        The variants of the settings, the base first.

    Returns
    -------
    dict
        `items` with `topic` and `candidate`; a topic whose numbers are missing is absent.
    """
    figures = ("sharpe", "cagr_pct", "max_drawdown_pct")
    rows = {row.get("variant"): row for row in _rows(report, "strategy_variants", "variants")}
    items: list[Item] = []
    for compared in comparisons(variants):
        base, row = rows.get(compared.base.variant), rows.get(compared.variant.variant)
        if base is None or row is None or not _has(base, *figures) or not _has(row, *figures):
            continue
        is_candidate = _earns_more(row, base) if compared.is_capacity else _is_safer(row, base)
        items.append({"topic": compared.topic, "candidate": is_candidate})
    return {"items": items}


def _earns_more(row: Mapping[str, Any], base: Mapping[str, Any]) -> bool:
    """Rule for more slots: more return and Sharpe, hardly more drawdown."""
    return (
        row["sharpe"] > base["sharpe"]
        and row["cagr_pct"] > base["cagr_pct"]
        and row["max_drawdown_pct"] <= base["max_drawdown_pct"] + CAPACITY_DRAWDOWN_POINTS
    )


def _is_safer(row: Mapping[str, Any], base: Mapping[str, Any]) -> bool:
    """Rule for a stricter cutoff: more Sharpe and less drawdown at little cost in return."""
    loss = _relative_loss(base["cagr_pct"], row["cagr_pct"])
    return (
        row["sharpe"] > base["sharpe"]
        and row["max_drawdown_pct"] < base["max_drawdown_pct"]
        and loss is not None
        and loss < CUTOFF_CAGR_LOSS
    )


def item_key(item: Mapping[str, Any]) -> str:
    """Stable name of an item's claim, for joining it with its verdict.

    Examples
    --------
    >>> item_key({"topic": "exit", "decision": "hold", "hold_days": 21})
    'hold_21'
    >>> item_key({"topic": "gate", "floor": "rr", "decision": "keep", "delta_r": 0.04})
    'rr'
    """
    topic = item["topic"]
    if topic == "exit":
        return f"hold_{item['hold_days']}" if item.get("decision") == "hold" else "target"
    if topic == "gate":
        return str(item["floor"])
    if topic == "cutoff":
        return f"{item['min_momentum_percentile']:g}"
    if topic == "robustness":
        return str(item["basis"])
    return str(topic)
