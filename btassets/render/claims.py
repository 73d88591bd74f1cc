"""Text of an estimate and of a claim: value in its unit, interval, p, out of sample, expandable evidence.

Belongs here: text shared by several sections. Does not belong here: a section.
"""

from collections.abc import Mapping
from typing import Any

from btassets.engine.floors import ADVISED_VARIANTS
from btassets.engine.portfolio.variant_list import comparison_label
from btassets.engine.statistics.verdicts import NEGLIGIBLE_MARGIN_R
from btassets.render.format import esc, exit_words, shown
from btassets.render.html_tables import details, facts
from btassets.render.report_types import Report

Values = Mapping[str, Any]

TOO_SHORT, NOT_AVAILABLE = "too short", "n/a"

_LONG_ENOUGH = {False: 104, True: 300}
"""Weeks, and days, that always are enough for an interval: without one the measure has none."""

_KINDS = {
    "r": "r3",
    "ic": "snum4",
    "pct_a_year": "spct",
    "pct": "spct",
    "ratio": "snum2",
    "probability": "num2",
    "a_year": "snum2",
    "days": "n",
    "n": "n",
    "usd": "compact",
}


def shown_in(row: Values, name: str = "estimate") -> str:
    """A number of a row in the row's own unit."""
    value = row.get(name)
    # A cost of 0.16% and one of 0.20% are not the same cost.
    kind = "pct2" if row.get("measure") == "break_even_cost_per_side" else _KINDS.get(row.get("unit") or "", "num4")
    return shown(value, kind)


def missing(row: Values) -> str:
    """Why a row has no error: history too short, or a measure without one."""
    n = row.get("n_weeks")
    return TOO_SHORT if row.get("estimate") is not None and n and n < _LONG_ENOUGH[is_daily(row)] else NOT_AVAILABLE


def is_daily(row: Values) -> bool:
    """Whether the periods of a row are days of a curve, not weeks."""
    return row.get("unit") in ("pct_a_year", "a_year", "days")


def interval(row: Values) -> str:
    """The 95% interval of a row as text, or why there is none."""
    low_high = row.get("ci")
    if not low_high:
        return missing(row)
    kind = _KINDS.get(row.get("unit") or "", "num4")
    return f"{shown(low_high[0], kind)} to {shown(low_high[1], kind)}"


def above_zero(row: Values) -> float | None:
    """Probability that the true value is above 0: 1 - the one-sided p-value; None without one."""
    if row.get("estimate") is None or row.get("p") is None:
        return None
    half = row["p"] / 2.0
    return 1.0 - half if row["estimate"] > 0 else half


def or_not(value: float | None, kind: str) -> str:
    """Return the value as shown, or that it is not available."""
    return NOT_AVAILABLE if value is None else shown(value, kind)


def p_words(row: Values) -> str:
    """p-value used by the verdict, adjusted over its family if it has one."""
    p = row["p_adj"] if row.get("p_adj") is not None else row.get("p")
    if p is None:
        return missing(row)
    words = "under 0.001" if p < 0.001 else f"{p:.3f}"
    size = row.get("family_size")
    return f"{words}, {size} together" if size and size > 1 and row.get("p_adj") is not None else words


def detectable(row: Values) -> str:
    """Smallest effect detectable with 80% power, or why it is unknown."""
    return missing(row) if row.get("mde80") is None else shown_in(row, "mde80")


def out_of_sample(row: Values) -> str:
    """Out-of-sample result of a row, with its estimate."""
    confirmed = row.get("oos_confirmed")
    if confirmed in (None, "n/a"):
        return "in-sample only" if row.get("oos_windows") else NOT_AVAILABLE
    return f"{confirmed}, {shown_in(row, 'oos_estimate')}"


_CLAIMS = {
    "headline": "The ranking behind the list predicts returns",
    "list": "The list outperforms the rest, before costs",
    "expectancy": "A qualified setup earns more than its costs",
    "random_pick": "The portfolio beats random picks",
    "selection": "Qualified setups earn more than all",
}
_AT_MOST = f"adds at most {NEGLIGIBLE_MARGIN_R:g}R"


def claim_sentence(row: Values, *, is_adjusted: bool = False) -> str:
    """The positive sentence that a verdict is about.

    Parameters
    ----------
    is_adjusted
        The mean R of a setup is without beta x the benchmark's move.
    """
    topic, is_negligible = row["topic"], row["claim_kind"] == "negligible"
    key = str(row.get("item_key") or "")
    research = comparison_label(topic)
    if research is not None:
        subject = f"A portfolio of {research}" if research[:1].isdigit() else research
        return f"{subject} earns more"
    floor = ADVISED_VARIANTS[key].sentence_name if key in ADVISED_VARIANTS else f"{shown(key, 'words')} floor"
    sentences = {
        "exit": f"A fixed hold {_AT_MOST}" if is_negligible else f"A {exit_words(key)} earns more",
        "gate": f"The {floor} {_AT_MOST if is_negligible else 'adds value'}",
        "cutoff": f"No cutoff is as good as {key}",
        "benchmark": f"The {'benchmark beats the portfolio' if denies(row) else 'portfolio beats the benchmark'}",
        "robustness": f"Without the best 5% a setup {'loses' if denies(row) else 'still earns'}",
        "expectancy": _CLAIMS["expectancy"] + (", without the benchmark's move" if is_adjusted else ""),
    }
    return sentences.get(topic) or _CLAIMS.get(topic) or shown(topic, "words")


def is_adjusted(report: Mapping[str, Any]) -> bool:
    """Whether the mean R of a setup is tested without beta x the benchmark's move."""
    return any(row["measure"] == "adjusted_r" for row in report["statistics"].get("regimes", ()))


def claimed(report: Report, at: int | None) -> str:
    """The claim behind a verdict, if the sentence of advice alone could be misread."""
    if at is None:
        return ""
    row = report["statistics"]["claims"][at]
    is_plain = row["claim_kind"] in ("positive", "superior") and comparison_label(row["topic"]) is None
    return "" if is_plain else f' <span class="claimed">{esc(claim_sentence(row))}:</span>'


def denies(row: Values) -> bool:
    """Whether a claim is that something adds nothing: a floor, a lagging portfolio, a result due to the best 5%."""
    return row["claim_kind"] == "negligible" or row["seed_rule_says"] in ("lags", "warning")


def evidence(report: Report, at: int | None) -> str:
    """Expandable evidence behind a sentence of advice; empty if no claim was tested."""
    if at is None:
        return ""
    row = report["statistics"]["claims"][at]
    words = row["evidence_text"]
    known = [
        ("Estimate", shown_in(row)),
        ("95% interval", interval(row)),
        ("p", p_words(row)),
        ("Detectable", detectable(row)),
        ("n, days" if is_daily(row) else "n, weeks", f"{shown(row['n'], 'n')}, {shown(row['n_weeks'], 'n')}"),
        ("Out of sample" if "out of sample:" in words else "Later weeks", out_of_sample(row)),
    ]
    return details("Evidence", f"<p>{esc(words[:1].upper() + words[1:])}</p>", facts(known))
