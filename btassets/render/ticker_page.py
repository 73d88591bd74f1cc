"""The page of one ticker: price with levels and trades, its setups and their results, its rank, data findings.

Belongs here: the words and order of that page. Does not belong here: its numbers
(`stages.report.ticker_pages`), the document around it (`report_page.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.counted import counted
from btassets.engine.setups.target_classes import RULE
from btassets.render.charts.price_chart import Level, price_chart
from btassets.render.charts.report_charts import Line, line_chart
from btassets.render.format import esc, exit_words, price_words, shown
from btassets.render.html_tables import Column, details, figure, legend, section, table
from btassets.render.report_page import contents, shell

N_RECENT = 252
"""Sessions of the chart with the range of each session."""

_TRADE_COLUMNS = (
    Column("entry_date", "Bought"),
    Column("exit_date", "Sold"),
    Column("entry_price", "Bought at", "price"),
    Column("exit_price", "Sold at", "price"),
    Column("net_r", "Net R", "r2"),
    Column("pnl_usd", "Result, $", "usd"),
    Column("hold_days", "Held", "n", "sessions"),
    Column("reason", "Exit", "words"),
)
_SETUP_COLUMNS = (
    Column("asof_date", "As of"),
    Column("direction", "Side"),
    Column("entry", "Entry", "price", "close of the as-of date"),
    Column("stop", "Stop", "price"),
    Column("target", "Target", "price"),
    Column("confidence", "Confidence", "num1", "0-100"),
    Column("activation_momentum_percentile", "Percentile", "num1", "of the ranking in that week, 0-100"),
    Column("qualified", "Passed the gate", "yes"),
    Column("outcome", "Result", "words", "- when too few bars follow"),
    Column("net_r", "Net R", "r2"),
    Column("hold_days", "Held", "n", "sessions"),
)
_TARGET_COLUMNS = (
    Column("price", "Target", "price"),
    Column("rr", "R:R", "num2", "distance to the target over distance to the stop"),
    Column("probability_pct", "P(target)", "pct", "stated probability of this target before the stop"),
    Column("classification", "Class"),
    Column("is_primary", "The setup's own", "yes"),
)
_FINDING_COLUMNS = (
    Column("date", "Date"),
    Column("rule", "Rule"),
    Column("severity", "Severity"),
    Column("n", "Cases", "n"),
    Column("text", "Finding"),
)


def ticker_page(document: Mapping[str, Any]) -> str:
    """HTML text of one ticker's document; it loads nothing, like the report."""
    ticker = document["ticker"]
    body = "".join(make(document) for make in (_head, _recent, _history, _trades, _setups, _rank, _findings))
    title = f"{ticker}, {document['as_of']}: btassets"
    return shell(
        title, contents(body) + body, "Not investment advice. Every number is in the JSON file of its name beside it."
    )


def _head(document: Mapping[str, Any]) -> str:
    prices, today = document["prices"], document["today"]
    facts = [
        f"Close {shown(prices['close'][-1], 'price')} on {prices['dates'][-1]}",
        f"{shown(prices['return_pct'], 'spct')} on the day",
        f"{shown(prices['return_year_pct'], 'spct')} over 252 sessions",
    ]
    if today is None:
        now = "No setup at the as-of date."
    elif document["is_qualified"]:
        now = (
            f"Qualifies today: {today['direction']}, entry {shown(today['entry'], 'price')}, stop "
            f"{shown(today['stop'], 'price')}, target {shown(today['target'], 'price')}."
        )
    else:
        now = f"A near miss today; it fails {', '.join(today['failed_floors'])}."
    return (
        f'<header><p class="eyebrow">{esc(document["book"])}, as of {esc(document["as_of"])} - '
        f'<a href="../report.html">back to the report</a></p><h1>{esc(document["ticker"])}</h1>'
        f'<p class="headline">{esc(now)}</p><p class="lead">{esc(", ".join(facts))}. Prices '
        f"{esc(price_words(document['basis']))}.</p></header>"
    )


def _recent(document: Mapping[str, Any]) -> str:
    prices = {key: document["prices"][key][-N_RECENT:] for key in ("dates", "close", "high", "low")}
    today = document["today"] or {}
    levels = [
        Level(css, label, today[key])
        for key, css, label in (("target", "gain", "target"), ("entry", "entry", "entry"), ("stop", "loss", "stop"))
        if today.get(key) is not None
    ]
    words = "; ".join(f"{level.label} {shown(level.price, 'price')}" for level in levels)
    chart = price_chart(
        "recent",
        f"{document['ticker']}: the last {len(prices['dates'])} sessions",
        f"Close, range of each session{f'; {words}' if words else ''}.",
        prices,
        levels=levels,
        trades=document["trades"],
        has_range=True,
    )
    rows = [
        {"date": day, "close": close, "high": high, "low": low}
        for day, close, high, low in zip(*(prices[k][-60:] for k in ("dates", "close", "high", "low")), strict=True)
    ]
    columns = (Column("date", "Date"), *(Column(k, k.capitalize(), "price") for k in ("close", "high", "low")))
    note = "Close, with the range of each session; trades run from entry to exit."
    behind = table(rows[::-1], columns, caption="The last 60 sessions")
    lines = legend([(f"level {one.css}", one.label, shown(one.price, "price")) for one in levels]) if levels else ""
    drawn = figure("Price", note, chart, behind, legend=lines)
    return section("price", "The last year", "", drawn, _targets(today))


def _targets(today: Mapping[str, Any]) -> str:
    """Every target of today's setup; nothing without one."""
    if not today.get("targets"):
        return ""
    inner = table(today["targets"], _TARGET_COLUMNS, caption="Targets of today's setup, nearest first")
    return f'<h3>Targets</h3><p class="note">A target is {esc(RULE)}.</p>{inner}'


def _history(document: Mapping[str, Any]) -> str:
    prices = document["prices"]
    if len(prices["dates"]) <= N_RECENT:
        return ""
    chart = price_chart(
        "history",
        f"{document['ticker']}: the whole history",
        f"Closes from {prices['dates'][0]} to {prices['dates'][-1]}, {len(document['trades'])} trades.",
        prices,
        trades=document["trades"],
    )
    last = {day[:7]: close for day, close in zip(prices["dates"], prices["close"], strict=True)}
    columns = (Column("month", "Month"), Column("close", "Close", "price"))
    behind = table([{"month": month, "close": close} for month, close in last.items()], columns, caption="Month ends")
    return section("history", "The whole history", "", figure("Closes", "Logarithmic.", chart, behind))


def _trades(document: Mapping[str, Any]) -> str:
    rows = document["trades"]
    known = [row["net_r"] for row in rows if row["net_r"] is not None]
    lead = f"{counted(len(rows), 'trade')} of the portfolio ({exit_words(document['policy'])})"
    lead += f", {shown(sum(known) / len(known), 'r2')} on average after costs." if known else "."
    none = "The portfolio never held it."
    return section("trades", "Trades", lead if rows else "", table(rows, _TRADE_COLUMNS, caption="Trades", none=none))


def _setups(document: Mapping[str, Any]) -> str:
    rows, n = document["setups"], document["n_setups"]
    lead = f"The {len(rows)} newest of {n:,}." if n > len(rows) else f"{n:,} in all." if n else ""
    inner = table(rows, _SETUP_COLUMNS, caption="Setups", none="The engine never found a setup.")
    return section("setups", "Setups and their results", lead, inner)


def _rank(document: Mapping[str, Any]) -> str:
    rows = document["ranks"]
    if len(rows) < 2:
        return section("rank", "Rank", "It was ranked in fewer than two weeks.")
    chart = line_chart(
        "rank-line",
        "Percentile in the ranking, by week",
        f"From {rows[0]['date']} to {rows[-1]['date']}, the last {shown(rows[-1]['percentile'], 'num1')}.",
        [row["date"] for row in rows],
        [Line("c-hold", "percentile", [row["percentile"] for row in rows])],
        height=180,
        kind="num1",
    )
    columns = (Column("date", "As of"), Column("percentile", "Percentile", "num1"))
    behind = table(rows[::-1][:60], columns, caption="The newest 60 weeks")
    note = "100: the strongest of the week. The gate reads this percentile."
    return section("rank", "Rank", "", figure("Percentile by week", note, chart, behind))


def _findings(document: Mapping[str, Any]) -> str:
    rows = document["findings"]
    inner = table(rows, _FINDING_COLUMNS, caption="Data findings", none="The quality rules found nothing.")
    return section("data", "Data findings", "", details(f"{len(rows)} findings", inner) if len(rows) > 12 else inner)
