"""Stage `stat_claims`: a verdict on every item of advice, and on the headline.

Belongs here: the estimate behind each item, and one sentence of evidence for it. Does not belong here: the estimates
(`stat_groups`, `stat_portfolio`), the rules of a verdict (`engine.statistics.verdicts`) and the advice itself
(`recommendation`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from btassets.engine.conventions import SIGNAL_HORIZON_DAYS
from btassets.engine.floors import ADVISED_VARIANTS
from btassets.engine.portfolio.variant_list import STRATEGY_VARIANTS, Comparison, StrategyVariant, comparisons
from btassets.engine.statistics.looks import LOOKS, MAJORITY
from btassets.engine.statistics.verdicts import (
    CONTRADICTED,
    LEVEL,
    NOISE,
    OUT_OF_SAMPLE_LEVEL,
    SUPPORTED,
    VARIANT_LEVEL,
    Confirmed,
    Evidence,
    Verdict,
    headline,
    negligible,
    superior,
    uniquely_best,
)
from btassets.graph.advice import STAT_CLAIMS
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.run.verdict_history import Key, Look, Standing, standings, with_look
from btassets.settings.models import Settings
from btassets.settings.variant_settings import portfolio_variants
from btassets.stages.advice.book_family import adjust_book, settings_tried
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.statistics.stat_sample import PICKED, as_statistics

Row = Mapping[str, Any]
SINCE = ("supported_since", "first_supported", "last_supported", "looks_in_a_row", "looks")
"""Columns filled from the history of verdicts."""

_SHARED = tuple(
    name
    for name in STAT_CLAIMS.names
    if name not in ("scenario", "topic", "item_key", "seed_rule_says", "claim_kind", "verdict", "evidence_text", *SINCE)
)
_OUT_OF_SAMPLE = ("oos_estimate", "oos_p", "oos_windows", "oos_confirmed")
_NO_WINDOWS = {"oos_estimate": None, "oos_p": None, "oos_windows": None, "oos_confirmed": "n/a"}
TOO_SHORT = "history too short for an interval"


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `stat_claims` of the scenario."""

    def rows(table: str) -> list[dict[str, Any]]:
        return tables[table].read().to_pylist()

    inputs = map(rows, ("recommendation", "research_recommendation", "stat_pairs", "stat_portfolio"))
    facts = {row["fact"]: row["value"] for row in rows("stat_health")}
    gap = _gap_words(facts.get("target_gap_r"), is_paid=settings.method.gapped_target == "open")
    primary = (row for row in rows("stat_signals") if row["is_primary"])
    named = next((row for row in primary if row["horizon_days"] == SIGNAL_HORIZON_DAYS), None)
    tried = next((row["estimate"] for row in rows("stat_overfit") if row["measure"] == "trials"), None)
    n_settings = settings_tried(tried, tables.outside("configurations"))
    variants = portfolio_variants(settings.variant)
    claims = claim_rows(*inputs, gap=gap, named=named, n_settings=n_settings, variants=variants)
    as_of = date(1970, 1, 1) + timedelta(days=read_sessions(tables).last)
    look = Look(as_of, [dict(row) for row in (*claims, *_of_signals(rows("stat_signals")))])
    _tell_since(claims, standings(with_look(tables.outside("verdict_history"), tables.scenario, look)))
    if n_settings > 1:
        claims[0]["evidence_text"] += f" One of {tried:.0f} configurations tried on these data."
    n = {verdict: sum(claim["verdict"] == verdict for claim in claims) for verdict in ("supported", "contradicted")}
    numbers = {
        "claims": len(claims),
        **n,
        "headline": next(claim["verdict"] for claim in claims if claim["topic"] == "headline"),
    }
    found = {"stat_claims": as_statistics(claims, STAT_CLAIMS.schema, tables.scenario)}
    return StageResult(found, numbers, beside={"verdicts": look})


def _of_signals(signals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Verdicts on the signals, as rows of the history."""
    words = ({"item_key": f"{s['signal']} {s['horizon_days']}", "p_adj": s["q_table"], **_verdict(s)} for s in signals)
    return [{"topic": "signal", **row} for row in words]


def _tell_since(claims: list[dict[str, Any]], found: Mapping[Key, Standing]) -> None:
    """Add to each claim the start of its current streak of support."""
    for claim in claims:
        standing = found[claim["topic"], claim["item_key"]]
        claim |= {
            "supported_since": standing.supported_since,
            "first_supported": standing.first_supported,
            "last_supported": standing.last_supported,
            "looks_in_a_row": standing.n_supported_in_a_row,
            "looks": standing.n_looks,
        }
        if claim["verdict"] == SUPPORTED and claim["topic"] != "headline" and standing.n_weeks_in_a_row < LOOKS:
            seen = f"{standing.n_weeks_in_a_row} of {LOOKS} weekly checks in a row"
            claim["evidence_text"] += f" New: seen at {seen}; one look among many finds something by chance."


def _verdict(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("verdict", "estimate")}


def claim_rows(
    items: list[dict[str, Any]],
    research: list[dict[str, Any]],
    pairs: Sequence[Row],
    books: Sequence[Row],
    gap: str = "",
    named: Row | None = None,
    n_settings: int = 1,
    variants: Sequence[StrategyVariant] = STRATEGY_VARIANTS,
) -> list[dict[str, Any]]:
    """One claim per item of advice, after the headline, the list and the setups as a whole.

    Parameters
    ----------
    items, research
        Rows of `recommendation` and `research_recommendation`.
    pairs, books
        Rows of `stat_pairs` and `stat_portfolio`.
    gap
        Effect of targets that were gapped over, for the advice on exits.
    named
        Row of `stat_signals` of the ranking and horizon that the portfolio trades.
    n_settings
        Configurations tried on these data, counted by the claims on the portfolio.
    variants
        The variants of the settings, the base first.
    """
    policy = _policy(books)
    expectancy = _expectancy(pairs, policy)
    random_pick = _random_pick(books, policy)
    ranking: Verdict = NOISE if named is None else named["verdict"]
    listed = _list(pairs, ranking)
    claims = [_headline(named, ranking, listed), listed, expectancy, random_pick]
    for item in items:
        make = _MAKERS.get(item["topic"])
        if make is not None:
            claim = make(item, pairs, books)
            if item["topic"] == "exit" and gap:
                claim["evidence_text"] += f" {gap}"
            claims.append(claim)
    compared = {pair.topic: pair for pair in comparisons(variants)}
    claims += [_research(item, books, compared[item["topic"]]) for item in research]
    adjust_book(claims, n_settings)
    return claims


def _list(pairs: Sequence[Row], ranking: Verdict) -> dict[str, Any]:
    """Claim that the names on the list outperform the rest: tested only if the ranking is supported."""
    row = _find(pairs, family="list")
    text = evidence_words(
        row, "names of the last six weeks' lists against the rest, rank IC with the next week, before costs"
    )
    verdict = superior(evidence_of(row))
    if verdict == SUPPORTED and ranking != SUPPORTED:
        verdict = NOISE
        text += " Tested only after the ranking, which is not supported."
    return claim_row("list", "listed", None, "positive", row, verdict, text)


def _headline(named: Row | None, ranking: Verdict, listed: Row) -> dict[str, Any]:
    """Claim of the whole report: the ranking predicts returns; a contradicted list removes its support."""
    row = None if named is None else {**named, **_NO_WINDOWS, "p_adj": None, "adj_method": "none", "family_size": 1}
    verdict = headline(ranking, list_below_zero=listed["verdict"] == CONTRADICTED)
    what = "the ranking behind the list (residual momentum, held six weeks), rank IC with the next week"
    text = f"{evidence_words(row, what)}{_looks_words(named)} The list itself: {listed['evidence_text']}"
    return claim_row("headline", "ranking", None, "positive", row, verdict, text)


def _looks_words(named: Row | None) -> str:
    """At how many weekly checks the ranking was clear, where that is neither none nor all that a verdict takes."""
    n = 0 if named is None else named.get("looks_agreeing") or 0
    text = f" New: clear at {n} of the newest {LOOKS} weekly checks, a verdict takes {MAJORITY}."
    return text if 0 < n < MAJORITY else ""


def _gap_words(mean_r: float | None, *, is_paid: bool) -> str:
    """Effect of opens beyond the target on the target exit; empty without one."""
    if not mean_r:
        return ""
    if is_paid:
        return (
            f"Targets gapped over are filled at the open, like limit orders: {mean_r:+.3f}R per setup of the "
            "target exit."
        )
    return (
        f"Targets gapped over pay only the target; a limit order would add {mean_r:+.3f}R per setup to the target exit."
    )


def _policy(books: Sequence[Row]) -> str:
    return "hold" if any(row["policy"] == "hold" and row["measure"] == "sharpe" for row in books) else "target"


def _find(rows: Sequence[Row], **wanted: Any) -> Row | None:
    return next((row for row in rows if all(row[name] == value for name, value in wanted.items())), None)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def evidence_of(row: Row | None, sign: int = 1) -> Evidence:
    """Inputs of a verdict from a row of a statistics table; NaN without one."""
    if row is None:
        return Evidence(math.nan, math.nan, 3, math.nan)
    p = row["p_adj"] if row["p_adj"] is not None else row["p_raw"]
    confirmed: Confirmed = row["oos_confirmed"] or "n/a"
    return Evidence(sign * _number(row["estimate"]), _number(row["se"]), int(row["dof"] or 3), _number(p), confirmed)


def claim_row(
    topic: str, key: str, says: str | None, kind: str, row: Row | None, verdict: Verdict, text: str
) -> dict[str, Any]:
    """One row of `stat_claims`."""
    shared = {} if row is None else {name: row.get(name) for name in _SHARED}
    return {
        "adj_method": "none",
        "oos_confirmed": "n/a",
        **shared,
        "topic": topic,
        "item_key": key,
        "seed_rule_says": says,
        "claim_kind": kind,
        "verdict": verdict,
        "evidence_text": text,
    }


_UNITS = {"r": "R", "frac_a_year": " a year", "frac": "", "ic": ""}


def evidence_words(row: Row | None, what: str) -> str:
    """Estimate, interval, p and minimum detectable effect, in one sentence without a verdict."""
    if row is None or row["estimate"] is None:
        return f"{what}: not available."
    unit = row["unit"]
    scale, suffix = (100.0, "% a year") if unit == "frac_a_year" else (1.0, _UNITS.get(unit, ""))
    text = f"{what}: {scale * row['estimate']:+.3f}{suffix}"
    if row["se"] is None:
        return f"{text}; {TOO_SHORT}."
    text += f", 95% interval {scale * row['ci_lo']:+.3f} to {scale * row['ci_hi']:+.3f}"
    p = row["p_adj"] if row["p_adj"] is not None else row["p_raw"]
    text += f", p {p:.3f}"
    if row["adj_method"] == "step_down":
        text += f" over a family of {row['family_size']}"
    if row["oos_confirmed"] and row["oos_confirmed"] != "n/a":
        # Only picks made in train are out of sample; the others are the same claim over the later weeks.
        text += f"; {'out of sample' if row.get('is_picked') else 'later weeks'}: {row['oos_confirmed']}"
    if p >= LEVEL and row["se"] > 0:
        text += f"; smallest detectable effect {scale * row['mde80']:.3f}{suffix}"
    return f"{text}."


def _with_windows(row: Row | None, windows: Row | None) -> Row | None:
    """Return a row with the out-of-sample columns of another row."""
    if row is None or windows is None:
        return row
    return {**row, **{name: windows[name] for name in _OUT_OF_SAMPLE}, "is_picked": True}


def _for_claim(row: Row | None, sign: int = 1) -> Row | None:
    """Return a row whose out-of-sample columns refer to the claimed side, not to the observed one.

    The windows' p-value is one-sided in the direction of the full-history estimate.
    """
    if row is None or row["oos_confirmed"] in (None, "n/a") or row["oos_p"] is None:
        return row
    observed = 1 if not (row["estimate"] or 0.0) < 0 else -1
    p = row["oos_p"] if observed == sign else 1.0 - row["oos_p"]
    agrees = sign * row["oos_estimate"] > 0
    confirmed = ("yes" if p < OUT_OF_SAMPLE_LEVEL else "weak") if agrees else "no"
    return {**row, "oos_p": p, "oos_confirmed": confirmed}


def _exit(item: Row, pairs: Sequence[Row], _books: Sequence[Row]) -> dict[str, Any]:
    windows = _find(pairs, family="exits", member=PICKED)
    if item["decision"] == "hold":
        row = _find(pairs, family="exits", member=item["item_key"], against="target")
        row = _with_windows(row, _for_claim(windows))
        text = evidence_words(row, f"{item['item_key']} against the target exit, same setups")
        return claim_row("exit", item["item_key"], item["decision"], "superior", row, superior(evidence_of(row)), text)
    holds = [p for p in pairs if p["family"] == "exits" and p["member"] != PICKED and p["estimate"] is not None]
    row = max(holds, key=lambda p: p["estimate"], default=None)
    what = "the best fixed hold against the target exit" if row is None else f"{row['member']} against the target exit"
    return claim_row(
        "exit",
        item["item_key"],
        item["decision"],
        "negligible",
        row,
        negligible(evidence_of(row)),
        evidence_words(row, what),
    )


def _gate(item: Row, pairs: Sequence[Row], _books: Sequence[Row]) -> dict[str, Any]:
    row = _find(pairs, family="floors", against=ADVISED_VARIANTS[item["item_key"]].name)
    row = _for_claim(row) if item["decision"] == "keep" else row
    floor = item["item_key"].replace("_", " ")
    text = evidence_words(row, f"the whole gate against the gate without the {floor} floor")
    if item["decision"] == "keep":
        return claim_row("gate", item["item_key"], "keep", "superior", row, superior(evidence_of(row)), text)
    return claim_row("gate", item["item_key"], item["decision"], "negligible", row, negligible(evidence_of(row)), text)


def _cutoff(item: Row, pairs: Sequence[Row], _books: Sequence[Row]) -> dict[str, Any]:
    family = [p for p in pairs if p["family"] == "cutoffs" and p["member"] != PICKED]
    weakest = max(family, key=lambda p: _number(p["p_adj"]) if p["p_adj"] is not None else 2.0, default=None)
    if weakest is None:
        return claim_row(
            "cutoff",
            item["item_key"],
            item["decision"],
            "uniquely_best",
            None,
            NOISE,
            evidence_words(None, "cutoffs"),
        )
    names = [weakest["member"], *(p["against"] for p in family)]
    p_against = np.array([math.nan, *(_number(p["p_adj"]) for p in family)])
    verdict, tied = uniquely_best(0, p_against)
    if item["item_key"] != names[0]:
        verdict = NOISE
    tie = ", ".join(sorted((names[j] for j in tied), key=float, reverse=True))
    text = f"cutoff {names[0]} earned most; " + ("every other one is worse." if len(tied) == 1 else f"tied: {tie}.")
    row = _with_windows(weakest, _find(pairs, family="cutoffs", member=PICKED))
    return claim_row("cutoff", item["item_key"], item["decision"], "uniquely_best", row, verdict, text)


def _benchmark(item: Row, _pairs: Sequence[Row], books: Sequence[Row]) -> dict[str, Any]:
    sign = -1 if item["decision"] == "lags" else 1
    row = _for_claim(_find(books, policy=_policy(books), measure="alpha"), sign)
    text = evidence_words(row, "alpha of the portfolio against the benchmark")
    verdict = superior(evidence_of(row, sign))
    return claim_row("benchmark", item["item_key"], item["decision"], "superior", row, verdict, text)


def _robustness(item: Row, pairs: Sequence[Row], _books: Sequence[Row]) -> dict[str, Any]:
    sign = -1 if item["decision"] == "warning" else 1
    row = _for_claim(_find(pairs, member=f"qualified_{item['item_key']}_ex_top5", against="nothing"), sign)
    text = evidence_words(row, "mean net R without the best 5% of the setups")
    verdict = superior(evidence_of(row, sign))
    return claim_row("robustness", item["item_key"], item["decision"], "positive", row, verdict, text)


_MAKERS: dict[str, Callable[[Row, Sequence[Row], Sequence[Row]], dict[str, Any]]] = {
    "exit": _exit,
    "gate": _gate,
    "cutoff": _cutoff,
    "benchmark": _benchmark,
    "robustness": _robustness,
}


def _research(item: Row, books: Sequence[Row], compared: Comparison) -> dict[str, Any]:
    name, base = compared.variant.variant, compared.base.variant
    row = _find(books, policy=name, measure="return_minus_base")
    text = evidence_words(row, f"daily return of {name} minus {base}, without beta x the benchmark's")
    if row is not None and row["estimate"] == 0.0 and row["se"] == 0.0:
        text = f"{name} and {base} are the same portfolio, trade by trade, so the difference is zero."
    verdict = superior(evidence_of(row), VARIANT_LEVEL)
    return claim_row(item["topic"], item["item_key"], item["decision"], "superior", row, verdict, text)


def _expectancy(pairs: Sequence[Row], policy: str) -> dict[str, Any]:
    found = [p for p in pairs if p["against"] == "nothing" and not p["member"].endswith("_ex_top5")]
    row = _for_claim(next((p for p in found if ("hold" in p["member"]) == (policy == "hold")), None))
    what = "mean R of a qualified setup after costs"
    if row is not None and row["measure"] == "adjusted_r":
        what += ", without beta x the benchmark's move"
    return claim_row("expectancy", policy, None, "positive", row, superior(evidence_of(row)), evidence_words(row, what))


def _random_pick(books: Sequence[Row], policy: str) -> dict[str, Any]:
    row = _find(books, policy=policy, measure="random_pick")
    if row is None or row["p_raw"] is None:
        return claim_row("random_pick", policy, None, "superior", row, NOISE, "random-pick portfolios: not available.")
    verdict: Verdict = SUPPORTED if row["p_raw"] < LEVEL / 2 else NOISE
    if row["p_raw"] > 1.0 - LEVEL / 2:
        verdict = "contradicted"
    text = (
        f"the portfolio earned {100 * row['estimate']:+.1f} points more than the median of {row['n_setups']} "
        "random-pick portfolios drawn from similar tickers under the same rules; by the t of alpha, a fraction of "
        f"{row['p_raw']:.3f} did at least as well."
    )
    return claim_row("random_pick", policy, None, "superior", row, verdict, text)
