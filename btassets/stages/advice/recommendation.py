"""Stage `recommendation`: advice derived from this run's rounded numbers, item by item.

Belongs here: the two advice tables, each item with its evidence. Does not belong here: the rules and the wording
(`engine.recommendation`), rounding (`report_numbers.py`), and whether an item is more than noise (the verdicts, joined
by topic and item_key).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from btassets.engine.floors import ADVISED_VARIANTS, ALL_FLOORS
from btassets.engine.portfolio.variant_list import STRATEGY_VARIANTS, StrategyVariant, comparisons
from btassets.engine.recommendation.advice_rules import (
    CAPACITY_DRAWDOWN_POINTS,
    CUTOFF_CAGR_LOSS,
    FLOOR_MARGIN_R,
    HOLD_MARGIN_R,
    item_key,
)
from btassets.engine.recommendation.advice_sentences import item_sentence, research_sentence
from btassets.graph.advice import RECOMMENDATION, RESEARCH_RECOMMENDATION
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.settings.variant_settings import portfolio_variants
from btassets.stages.advice.report_inputs import read_report_inputs
from btassets.stages.advice.report_numbers import report_numbers

Report = Mapping[str, Any]
Item = Mapping[str, Any]

_BOOK_FIGURES = ("sharpe", "cagr_pct", "max_drawdown_pct")


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Tables `recommendation` and `research_recommendation` of the scenario."""
    report = report_numbers(read_report_inputs(tables, settings))
    variants = portfolio_variants(settings.variant)
    advice, research = report["recommendation"], report["research_recommendation"]
    rows = [
        _row(tables.scenario, item, _decision(item, report), item_sentence(item), evidence(item, report))
        for item in advice["items"]
    ]
    research_rows = [
        _row(
            tables.scenario,
            item,
            "candidate" if item["candidate"] else None,
            research_sentence(item, variants=variants),
            research_evidence(item, report, variants),
        )
        for item in research["items"]
    ]
    numbers = {
        "n_items": len(rows),
        "hold_recommended": advice["hold_recommended"],
        "n_changes": sum(row["decision"] in _CHANGES for row in rows),
        "n_research_candidates": sum(item["candidate"] for item in research["items"]),
    }
    found = {
        "recommendation": pa.Table.from_pylist(rows, schema=RECOMMENDATION.schema),
        "research_recommendation": pa.Table.from_pylist(research_rows, schema=RESEARCH_RECOMMENDATION.schema),
    }
    return StageResult(found, numbers, {"hold_recommended": advice["hold_recommended"]})


_CHANGES = ("hold", "adds_nothing", "other_cutoff")
"""Decisions that would change a setting."""


def _row(scenario: str, item: Item, decision: str | None, sentence: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "scenario": scenario,
        "topic": item["topic"],
        "item_key": item_key(item),
        "decision": decision,
        "sentence": sentence,
        "evidence": json.dumps(numbers, allow_nan=False),
    }


def _decision(item: Item, report: Report) -> str | None:
    """The item's own decision; a cutoff counts as a decision only if it differs from the one in force."""
    if item["topic"] == "cutoff":
        is_current = item["min_momentum_percentile"] == report["min_momentum_percentile"]
        return None if is_current else "other_cutoff"
    return item.get("decision")


def evidence(item: Item, report: Report) -> dict[str, Any]:
    """The rounded numbers behind an item of advice, and the margin of its rule."""
    return _EVIDENCE[item["topic"]](item, report)


def _exit(_item: Item, report: Report) -> dict[str, Any]:
    return {
        "target_net_avg_r": report["overall_qualified"]["net_avg_r"],
        "hold_net_avg_r": {str(row["hold_days"]): row["net_avg_r"] for row in report["time_exit_sweep"]},
        **_of_long_holds(report),
        "margin_r": HOLD_MARGIN_R,
        "n": report["overall_qualified"]["total"],
    }


def _of_long_holds(report: Report) -> dict[str, Any]:
    """Target exit over the setups of each hold beyond the horizon; nothing without such a hold."""
    rows = [row for row in report["time_exit_sweep"] if "target_net_avg_r" in row]
    if not rows:
        return {}
    return {"target_net_avg_r_of_hold": {str(row["hold_days"]): row["target_net_avg_r"] for row in rows}}


def _gate(item: Item, report: Report) -> dict[str, Any]:
    rows = {row["variant"]: row for row in report["gate_ablation"]}
    base, other = rows[ALL_FLOORS], rows[ADVISED_VARIANTS[item["floor"]].name]
    return {
        "hold_days": base["hold_days"],
        "with_floor": {"n": base["total"], "hold_net_avg_r": base["hold_net_avg_r"]},
        "without_floor": {"n": other["total"], "hold_net_avg_r": other["hold_net_avg_r"]},
        "delta_r": item["delta_r"],
        "margin_r": FLOOR_MARGIN_R,
    }


def _cutoff(_item: Item, report: Report) -> dict[str, Any]:
    return {
        "current": report["min_momentum_percentile"],
        "net_avg_r": {f"{row['min_momentum_percentile']:g}": row["net_avg_r"] for row in report["sweep"]},
        "n": {f"{row['min_momentum_percentile']:g}": row["total"] for row in report["sweep"]},
    }


def _benchmark(item: Item, report: Report) -> dict[str, Any]:
    books = {row["policy"]: row for row in report["portfolio_sim"]["policies"] if row["total_return_pct"] is not None}
    row = books.get("hold") or books["target"]
    return {
        "policy": row["policy"],
        "total_return_pct": row["total_return_pct"],
        "spy_return_pct": row["spy_return_pct"],
        "edge_points": item["edge_points"],
        "trades": row["trades"],
    }


def _robustness(item: Item, report: Report) -> dict[str, Any]:
    holds = {f"hold_{row['hold_days']}": row for row in report["time_exit_sweep"]}
    row = holds.get(item["basis"], report["overall_qualified"])
    return {
        "basis": item["basis"],
        "n": row["total"],
        "net_avg_r": row["net_avg_r"],
        "net_avg_r_ex_top5": row["net_avg_r_ex_top5"],
    }


_EVIDENCE: dict[str, Callable[[Item, Report], dict[str, Any]]] = {
    "exit": _exit,
    "gate": _gate,
    "cutoff": _cutoff,
    "benchmark": _benchmark,
    "robustness": _robustness,
}


def research_evidence(
    item: Item, report: Report, variants: Sequence[StrategyVariant] = STRATEGY_VARIANTS
) -> dict[str, Any]:
    """Sharpe, CAGR and drawdown of the base portfolio and of the variant compared with it."""
    compared = next(c for c in comparisons(variants) if c.topic == item["topic"])
    wanted = (compared.base.variant, compared.variant.variant)
    rows = [row for row in report["strategy_variants"]["variants"] if row["variant"] in wanted]
    margin = (
        {"max_added_drawdown_points": CAPACITY_DRAWDOWN_POINTS}
        if compared.is_capacity
        else {"max_cagr_loss_frac": CUTOFF_CAGR_LOSS}
    )
    return {row["variant"]: {name: row[name] for name in _BOOK_FIGURES} for row in rows} | margin
