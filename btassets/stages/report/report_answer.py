"""The answer of a report in four plain sentences: result, luck, change, today.

Belongs here: the only wording of the answer; page, Markdown, terminal and report.json print it. Does not belong here:
its numbers and verdicts (already in the report document).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from btassets.counted import counted
from btassets.engine.recommendation.advice_sentences import edge_sentence
from btassets.render.claims import is_adjusted
from btassets.render.labels import verdict_word

Row = Mapping[str, Any]

_CHANGES = ("exit", "gate", "cutoff", "variant", "book")
_STRONGEST = 3


def answer(report: Row) -> dict[str, Any]:
    """Sentences of the first screen.

    Parameters
    ----------
    report
        The report document, complete except for `answer`.

    Returns
    -------
    dict
        `result`, `luck`, `change` and `today`: one or two sentences each; `verdict`: of the headline, None if nothing
        was tested; `verdict_word`: the same in the words of the page.
    """
    claims = report["statistics"]["claims"]
    verdict = report["headline"]["verdict"]
    return {
        "result": f"{result_sentence(report)}{_without_market(report, claims)}",
        "luck": _luck(report, claims, verdict),
        "change": _change(report),
        "today": _today(report["todays_setups"]),
        "verdict": verdict,
        "verdict_word": verdict_word(verdict),
    }


def _main(report: Row) -> Row | None:
    rows = report["portfolio_sim"]["policies"]
    return next((row for row in rows if row["policy"] == report["main_policy"]), None)


def result_sentence(report: Row) -> str:
    """Yearly return and drawdown of the portfolio, beside the benchmark's."""
    main = _main(report)
    if main is None or not main.get("trades"):
        return "The portfolio made no trade."
    made, trades = main.get("cagr_pct"), main["trades"]
    if made is None:
        total = main.get("total_return_pct")
        return (
            f"The portfolio returned {total:+.1f}% after costs in {counted(trades, 'trade')}."
            if total is not None
            else (f"The portfolio made {counted(trades, 'trade')}; the history is too short for a yearly return.")
        )
    text = f"The portfolio made {made:+.1f}% a year after costs in {counted(trades, 'trade')}"
    other = next((row for row in report["comparisons"] if row["curve"] == "benchmark"), None)
    if other is None or other["cagr_pct"] is None:
        return f"{text}; no benchmark is set."
    name = report["book"]["benchmark"] or "the benchmark"
    return (
        f"{text}; {name} made {other['cagr_pct']:+.1f}%. Its largest drawdown was {main['max_drawdown_pct']:.0f}%, "
        f"{name}'s {other['max_drawdown_pct']:.0f}%."
    )


def _claim(claims: Iterable[Row], topic: str) -> Row | None:
    return next((row for row in claims if row["topic"] == topic), None)


def _luck(report: Row, claims: Sequence[Row], verdict: str | None) -> str:
    head = _claim(claims, "headline")
    net = report["overall_qualified"]["net_avg_r"]
    is_one = report["overall_qualified"].get("total") == 1
    per_setup = ""
    if net is not None:
        made = f"The only qualified setup earned {net:+.3f}R" if is_one else f"Qualified setups earned {net:+.3f}R each"
        per_setup = f"{made} after costs. "
    if verdict is None or head is None:
        return f"{per_setup}Too little data to test whether that is luck."
    listed = _claim(claims, "list")
    edge = edge_sentence(verdict, None if listed is None else listed["verdict"])
    is_worse = listed is not None and listed["verdict"] == "contradicted"
    if is_worse or verdict in ("supported", "contradicted"):
        return f"{per_setup}{edge}"
    picked = _claim(claims, "random_pick")
    share = None if picked is None else picked.get("p")
    ranked = "the ranking did not predict returns beyond chance"
    if net is None:
        return f"{ranked[:1].upper()}{ranked[1:]}."
    beside = "" if share is None else f"{100 * share:.0f}% of random picks from similar tickers did as well, and "
    return f"{per_setup}That is within luck: {beside}{ranked}."


def _without_market(report: Row, claims: Sequence[Row]) -> str:
    """The result of a setup without the benchmark's move, where its sign is clear."""
    claim = _claim(claims, "expectancy")
    if claim is None or claim["verdict"] not in ("supported", "contradicted") or not is_adjusted(report):
        return ""
    made = "earned" if claim["estimate"] > 0 else "lost"
    name = report["book"]["benchmark"] or "the benchmark"
    return f" With {name}'s move taken out, qualified setups clearly {made} {abs(claim['estimate']):.3f}R each."


def _change(report: Row) -> str:
    claims = report["statistics"]["claims"]
    items = [*report["advice"], *report["research_advice"]]
    better = [
        row["sentence"]
        for row in items
        if row["topic"] in _CHANGES
        and row["verdict"] == "supported"
        and row["claim"] is not None
        and claims[row["claim"]]["claim_kind"] in ("positive", "superior")
    ]
    if better:
        return "Consider a change: " + " ".join(better)
    if report["candidates"] and not report["qualified"]:
        return f"Loosen the gate: it let none of {counted(report['candidates'], 'setup')} through."
    if not any(row["verdict"] for row in items):
        return "Keep the settings: no alternative could be tested."
    return "Keep the settings: no tested alternative did better beyond luck."


def _today(today: Row) -> str:
    rows, as_of = today["qualified"], today["as_of"]
    if not rows:
        return f"Nothing qualifies on {as_of}." if as_of else "No list for today yet."
    names = ", ".join(str(row["ticker"]) for row in rows[:_STRONGEST])
    many = "1 setup qualifies" if len(rows) == 1 else f"{len(rows):,} setups qualify"
    strongest = f"strongest: {names}" if len(rows) > 1 else names
    if today["is_signal_day"]:
        return f"{many} on {as_of}; {strongest}. It is a signal day: buy at the next open."
    last = today["last_signal_day"]
    return f"{many} on {as_of}; {strongest}. A preview: signals are taken at week ends, last on {last or 'none yet'}."
