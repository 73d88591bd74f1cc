"""Top of the page: what was run, the answer, the warnings, the tiles, today's setups.

Belongs here: what a reader sees first. Does not belong here: the evidence (`sections_book.py`,
`sections_evidence.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.render.charts import curves as charts
from btassets.render.claims import claimed, evidence
from btassets.render.format import MISSING, esc, html, prose, shown
from btassets.render.report_types import Report
from btassets.render.tables import Column, details, facts, section, table, value_at

CURVE_NAMES = {
    "hold": "Book, hold exit",
    "target": "Book, target exit",
    "equal_weight_hold": "Equal weight",
    "equal_weight_renewed": "EW, renewed",
}
MOST_SETUPS = 20
MOST_SETUPS_BEHIND = 80

_VERDICTS = {"supported": "yes", "contradicted": "no", "not distinguishable from noise": "open"}
_UNTESTED = "not tested against chance"


def curve_name(report: Report, curve: str) -> str:
    """Curve as a reader knows it; the benchmark by its own name."""
    if curve == "benchmark":
        return report["book"]["benchmark"] or "Benchmark"
    return CURVE_NAMES.get(curve, curve)


def verdict(words: str | None) -> str:
    """Verdict as a chip; a claim that was not tested says so."""
    css = _VERDICTS.get(words or "", "none")
    return f'<span class="chip {css}">{esc(words or _UNTESTED)}</span>'


def head(report: Report) -> str:
    """Title, what was run, headline with verdict, warnings and advice."""
    book, universe = report["book"], report["universe"]
    known = [
        ("As of", report["as_of"]),
        (
            "Universe",
            f"{universe['tickers']:,} tickers, {universe['at_as_of']:,} with a bar at the as-of date",
        ),
        ("Source", f"{book['source']}, {book['basis']} prices"),
        ("Benchmark", book["benchmark"] or MISSING),
        ("Calendar", book["calendar"]),
        ("Profile", f"{report['profile']}, filled at the {_FILLS[report['fill']]}"),
        ("Scenario", report["scenario"]),
        ("Settings", report["settings_hash"]),
        ("Data version", book["data_version"]),
        ("Code version", f"{book['code_version']} (btassets {book['btassets_version']})"),
    ]
    answer = report["headline"]
    about = '<span class="claimed">that the list has an edge:</span> ' if answer["verdict"] else ""
    return (
        f'<header><p class="eyebrow">btassets report</p><h1>{esc(book["name"])}, {esc(report["as_of"])}</h1>'
        f'<p class="headline">{esc(answer["text"])} {about}{verdict(answer["verdict"])}</p>{facts(known)}</header>'
        f'<div class="pair">{_advice(report)}{_warnings(report)}</div>'
    )


_FILLS = {"open": "next open", "close": "signal's close"}


def _warnings(report: Report) -> str:
    items = []
    for words in report["warnings"]:
        code, _, sentence = words.partition(": ")
        told = sentence[:1].upper() + sentence[1:]
        items.append(f"<li><b>{esc(code.replace('_', ' ').capitalize())}.</b> {prose(told)}</li>")
    behind = report["universe"]["behind"]
    names = ""
    if behind:
        shown_names = f'<p class="names">{esc(", ".join(behind))}</p>'
        names = details(f"{len(behind):,} without a bar for {report['universe']['newest_session']}", shown_names)
    return section("warnings", "Before you read on", "", f'<ul class="warnings">{"".join(items)}</ul>', names)


def _advice(report: Report) -> str:
    items = (*report["advice"], *report["research_advice"])
    is_tested = any(row["verdict"] for row in items)
    rows = [
        f"<li>{esc(row['sentence'])}{claimed(report, row['claim'])}"
        f"{' ' + verdict(row['verdict']) if is_tested else ''}{evidence(report, row['claim'])}</li>"
        for row in items
    ]
    inner = (
        f'<ol class="advice">{"".join(rows)}</ol>'
        if rows
        else '<p class="none">Too few graded setups for any advice.</p>'
    )
    note = (
        ""
        if is_tested or not rows
        else f'<p class="note">Read off the numbers below, {_UNTESTED}; no change is the default.</p>'
    )
    return section("advice", "What the rules say", "", note, inner)


def main_book(report: Report) -> tuple[str, Mapping[str, Any]]:
    """Place in the document of the book that the tiles show, and its row."""
    rows = report["portfolio_sim"]["policies"]
    for at, row in enumerate(rows):
        if row["policy"] == report["main_policy"]:
            return f"portfolio_sim.policies.{at}", row
    return "portfolio_sim.policies.none", {}


def tiles(report: Report) -> str:
    """Few numbers beside what they have to be compared with."""
    at, _ = main_book(report)
    policy = {"hold": "hold exit", "target": "target exit"}.get(report["main_policy"] or "", "no book")
    setups = "overall_qualified"
    parts = [
        _tile(report, "CAGR", f"{at}.cagr_pct", "pct", _beside(report, "cagr_pct", "pct"), policy),
        _tile(
            report,
            "Max drawdown",
            f"{at}.max_drawdown_pct",
            "pct",
            _beside(report, "max_drawdown_pct", "pct"),
            policy,
        ),
        _tile(
            report,
            "Sharpe",
            f"{at}.sharpe",
            "num2",
            [*_beside(report, "sharpe", "num2"), *_sharpe_interval(report)],
            policy,
        ),
        _tile(
            report,
            "Net R per setup",
            f"{setups}.net_avg_r",
            "r3",
            [
                ("median", f"{setups}.median_net_r", "r3"),
                ("without best 5%", f"{setups}.net_avg_r_ex_top5", "r3"),
                ("95% from", f"{setups}.net_avg_r_ci.0", "r3"),
                ("to", f"{setups}.net_avg_r_ci.1", "r3"),
                ("graded setups", f"{setups}.total", "n"),
            ],
            "qualified, target exit",
        ),
        _tile(
            report,
            "Trades",
            f"{at}.trades",
            "n",
            [
                ("win rate", f"{at}.win_rate", "pct"),
                ("net R per trade", f"{at}.avg_net_r", "r3"),
                ("sessions held", f"{at}.avg_hold_days", "num1"),
            ],
            policy,
        ),
        _tile(
            report,
            "Exposure",
            f"{at}.avg_exposure_pct",
            "pct",
            [
                ("refused: cash", f"{at}.refusals.cash", "n"),
                ("refused: slots", f"{at}.refusals.slots", "n"),
                ("best trade", f"{at}.best_trade_r", "r2"),
            ],
            policy,
        ),
    ]
    return f'<section id="tiles" aria-label="Key numbers" class="tiles">{"".join(parts)}</section>'


def _sharpe_interval(report: Report) -> list[tuple[str, str, str]]:
    for at, row in enumerate(report["statistics"]["book"]):
        if row["measure"] == "sharpe" and row["policy"] == report["main_policy"]:
            return [(name, f"statistics.book.{at}.ci.{k}", "num2") for k, name in enumerate(("95% from", "to"))]
    return []


def _beside(report: Report, key: str, kind: str) -> list[tuple[str, str, str]]:
    rows = []
    for at, row in enumerate(report["comparisons"]):
        rows.append((curve_name(report, row["curve"]), f"comparisons.{at}.{key}", kind))
    return rows


def _tile(report: Report, label: str, place: str, kind: str, beside: list[tuple[str, str, str]], about: str) -> str:
    lines = "".join(
        f'<div><dt>{esc(term)}</dt><dd data-json="{at}" data-kind="{k}">{html(value_at(report, at), k)}</dd></div>'
        for term, at, k in beside
    )
    return (
        f'<div class="tile"><p class="label">{esc(label)}</p>'
        f'<p class="value" data-json="{place}" data-kind="{kind}">{html(value_at(report, place), kind)}</p>'
        f'<p class="about">{esc(about)}</p><dl>{lines}</dl></div>'
    )


_VOTES = (
    ("vote_trend", "trend"),
    ("vote_position", "position"),
    ("vote_directional", "directional movement"),
    ("vote_rsi", "RSI"),
    ("vote_volume", "volume"),
)
_SETUP_COLUMNS = (
    Column("ticker", "Ticker"),
    Column("direction", "Side"),
    Column("entry", "Entry", "price", "close of the as-of date; filled at the next open"),
    Column("stop", "Stop", "price"),
    Column("target", "Target", "price"),
    Column("rr", "R:R", "num2", "distance to the target over distance to the stop"),
    Column("confidence", "Conf.", "num1", "confidence, 0-100"),
    Column("percentile", "Pct.", "num1", "percentile of the activation momentum, 0-100"),
    Column("primary_prob", "Stated", "pct", "stated probability of the target before the stop"),
    Column("level_strength", "Level", "num1", "strength of the target's level; - when the target is projected"),
    Column("action", "Action", "words"),
    Column("risk_level", "Risk"),
    Column("shares", "Shares", "num2", "position by risk and notional cap"),
)
_VOTE_COLUMNS = tuple(Column(key, name.capitalize(), "snum2") for key, name in _VOTES)


def todays_setups(report: Report) -> str:
    """What qualifies at the as-of date, and the nearest misses."""
    today = report["todays_setups"]
    rows, misses = today["qualified"], today["nearest_misses"]
    if today["is_signal_day"]:
        day = "A signal day: the statistics below trade such dates."
    else:
        last = today["last_signal_day"] or MISSING
        day = f"A preview: the statistics below trade week ends only, the last one was {last}."
    lead = (
        f"{len(rows):,} of {today['n_setups']:,} setups qualify at {today['as_of'] or MISSING}, "
        f"{today['n_ranked']:,} ranked. {day} "
        f"Shares for {shown(today['capital'], 'usd0')} dollars; fills are at the next open."
    )
    parts = [
        table(
            rows[:MOST_SETUPS],
            (*_SETUP_COLUMNS, _GLYPH),
            json="todays_setups.qualified",
            caption="Qualified today",
            none="Nothing qualifies today.",
        )
    ]
    behind = rows[: MOST_SETUPS + MOST_SETUPS_BEHIND]
    if rows:
        left = len(rows) - len(behind)
        more = f" The other {left:,} stand in report.json." if left else ""
        votes = table(
            behind,
            (*_SETUP_COLUMNS, *_VOTE_COLUMNS),
            json="todays_setups.qualified",
            caption="Qualified, with votes",
        )
        label = (
            f"All {len(behind):,} with their five votes" if not left else f"First {len(behind):,} with their five votes"
        )
        parts.append(details(label, votes, f'<p class="note">Votes run from -1 to 1, positive for a rise.{more}</p>'))
    columns = (*_SETUP_COLUMNS[:8], Column("failed", "Fails"), *_SETUP_COLUMNS[10:12])
    near = [{**row, "failed": ", ".join(row["failed_floors"])} for row in misses]
    parts.append("<h3>Nearest misses</h3>")
    parts.append(
        table(
            near,
            columns,
            json="todays_setups.nearest_misses",
            caption="Nearest misses",
            none="No setup came near.",
        )
    )
    return section("today", "Today's setups", lead, *parts)


def _glyph(row: Mapping[str, Any]) -> str:
    words = ", ".join(f"{name} {shown(row[key], 'snum2')}" for key, name in _VOTES)
    return charts.votes_glyph([row[key] for key, _ in _VOTES], f"Votes: {words}")


_GLYPH = Column("votes", "Votes", hint="trend, position, directional movement, RSI, volume", render=_glyph)
