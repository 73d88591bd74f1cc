"""Sentences for the advice, with its verdict.

Belongs here: wording. Does not belong here: decisions (rules) and verdicts (statistics).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from btassets.engine.floors import ADVISED_VARIANTS
from btassets.engine.portfolio.variant_list import STRATEGY_VARIANTS, Comparison, StrategyVariant, comparisons

Verdict = Literal["supported", "contradicted", "not distinguishable from noise"]

_VERDICT_TEXT = {
    "supported": "The evidence supports this.",
    "contradicted": "The evidence contradicts this.",
    "not distinguishable from noise": "This history cannot distinguish it from chance.",
}
NO_CHANGE = "No change."


def _basis_text(basis: str) -> str:
    return "the target exit" if basis == "target" else f"a hold of {basis.removeprefix('hold_')} sessions"


def _exit(item: Mapping[str, Any]) -> str:
    if item.get("decision") == "hold":
        return (
            f"Selling after {item['hold_days']} sessions with the initial stop earned more per trade than the target "
            "exit."
        )
    return "No fixed hold earned clearly more per trade than the target exit."


def _gate(item: Mapping[str, Any]) -> str:
    floor = ADVISED_VARIANTS[item["floor"]].sentence_name
    delta = f"{abs(item['delta_r']):.2f}R"
    if item["decision"] == "keep":
        return f"With the {floor}, a trade held to the end earned {delta} more than without it."
    extra = item["extra_trades"]
    if extra == 0:
        return f"The {floor} stopped no setup that passed the other floors."
    trades = "one more setup" if extra == 1 else f"{extra:,} more setups"
    if item["delta_r"] < 0:
        return f"Without the {floor} there were {trades}, and a trade earned {delta} more."
    return f"Without the {floor} there were {trades}, and a trade earned {delta} less: next to nothing."


def _cutoff(item: Mapping[str, Any]) -> str:
    cutoff = f"{item['min_momentum_percentile']:g}"
    return (
        f"Among the percentile cutoffs tried, {cutoff} had the highest net R per trade; being the best of several, "
        "its estimate is biased upward."
    )


def _benchmark(item: Mapping[str, Any]) -> str:
    points = abs(item["edge_points"])
    side = "more" if item["decision"] == "beats" else "less"
    if points == 0:
        return "The portfolio returned the same as holding the benchmark."
    return f"The portfolio returned {points:.1f} points {side} than holding the benchmark over the same dates."


def _robustness(item: Mapping[str, Any]) -> str:
    figure = f"{item['net_avg_r_ex_top5']:+.2f}R per trade under {_basis_text(item['basis'])}"
    if item["decision"] == "survives":
        return f"Without the best 5% of trades the net result stays positive: {figure}."
    return f"Without the best 5% of trades the net result is not positive: {figure}."


_BY_TOPIC = {
    "exit": _exit,
    "gate": _gate,
    "cutoff": _cutoff,
    "benchmark": _benchmark,
    "robustness": _robustness,
}


def item_sentence(item: Mapping[str, Any], verdict: Verdict | None = None) -> str:
    """Sentence of an item, followed by its verdict if there is one.

    Examples
    --------
    >>> item_sentence({"topic": "exit"})
    'No fixed hold earned clearly more per trade than the target exit.'
    """
    text = _BY_TOPIC[item["topic"]](item)
    return text if verdict is None else f"{text} {_VERDICT_TEXT[verdict]}"


def _compared(comparison: Comparison) -> tuple[str, str]:
    variant, base = comparison.variant, comparison.base
    if comparison.is_capacity:
        return f"A portfolio of {variant.max_positions} positions", str(base.max_positions)
    return (
        f"{variant.ranking.capitalize()} momentum at cutoff {variant.cutoff_pct:g}",
        f"{base.ranking} momentum at {base.cutoff_pct:g}",
    )


def research_sentence(
    item: Mapping[str, Any],
    verdict: Verdict | None = None,
    variants: Sequence[StrategyVariant] = STRATEGY_VARIANTS,
) -> str:
    """Sentence of a research item, followed by its verdict if there is one."""
    subject, against = _compared(next(c for c in comparisons(variants) if c.topic == item["topic"]))
    if item["candidate"]:
        text = f"{subject} did better than {against} on every criterion of the rule: worth a closer look."
    else:
        text = f"{subject} did not outperform {against} on every criterion."
    return text if verdict is None else f"{text} {_VERDICT_TEXT[verdict]}"


def headline(
    recommendation: Mapping[str, Any],
    verdicts: Mapping[str, Verdict] | None = None,
    *,
    ranking: Verdict | None = None,
    listed: Verdict | None = None,
) -> str:
    """One line: the recommended change, "No change." unless the evidence supports one.

    Parameters
    ----------
    recommendation
        From `rules.recommendation`.
    verdicts
        By topic; only `exit` is used. None = no statistics were run (legacy profile): the line then states the rules'
        advice, and that nothing was tested.
    ranking
        Of the claim that the ranking behind the list predicts returns; None = not known.
    listed
        Of the claim that the names on the list outperform the rest.
    """
    item = next((i for i in recommendation["items"] if i["topic"] == "exit"), None)
    hold_days = item.get("hold_days") if item is not None else None
    if item is None:
        return f"{NO_CHANGE} Too few graded setups for advice on the exit."
    rule = f"The rules point to a hold of {hold_days} sessions"
    if hold_days is None:
        advice = f"{NO_CHANGE} No fixed hold beats the target exit by the rule's margin."
    elif verdicts is None:
        advice = f"{rule} with the initial stop; untested against chance."
    elif verdicts.get("exit") == "supported":
        advice = f"Hold {hold_days} sessions with the initial stop instead of the target exit."
    elif verdicts.get("exit") == "contradicted":
        advice = f"{NO_CHANGE} {rule}; the evidence contradicts them."
    else:
        advice = f"{NO_CHANGE} {rule}; this history cannot distinguish it from chance."
    return advice if ranking is None else f"{advice} {edge_sentence(ranking, listed)}"


def edge_sentence(ranking: str, listed: str | None) -> str:
    """Results for the ranking and for its list, in one sentence."""
    if ranking == "contradicted":
        return "The ranking behind the list predicts in the wrong direction."
    if ranking != "supported":
        if listed == "contradicted":
            return "The ranking shows no predictive power, and the names on the list did worse than the rest."
        return "Neither the ranking nor the list shows predictive power in this history."
    if listed == "supported":
        return "The ranking predicts returns, and its list outperforms the rest, before costs."
    return "The ranking predicts returns; whether the few names of the list do too, this history cannot tell."
