"""End of the page: data, method, assumptions, how to reproduce, glossary.

Belongs here: data and assumptions behind the numbers. Does not belong here: results.
"""

from typing import Any

from btassets.engine.floors import gate_label
from btassets.render.format import esc, price_words, shown
from btassets.render.glossary import GLOSSARY
from btassets.render.html_tables import Column, details, facts, many, section, table
from btassets.render.report_types import Report

_MOST_LISTED = 50


def data(report: Report) -> str:
    """Universe and quality of the bars."""
    universe, quality, weeks = report["universe"], report["data_quality"], report["weeks"]
    known = [
        ("Tickers with bars", shown(universe["tickers"], "n")),
        ("Current at the as-of date", shown(universe["current"], "n")),
        ("Ended before it", shown(universe["ended"], "n")),
        ("With a bar at the as-of date", shown(universe["at_as_of"], "n")),
        ("Newest session of any ticker", universe["newest_session"]),
        ("Refused by the quality rules", shown(len(universe["blocked"]), "n")),
        ("Replay failed", shown(len(universe["failed"]), "n")),
        ("As-of dates", f"{weeks['n']:,}, {weeks['first'] or '-'} to {weeks['last'] or '-'}"),
        ("Survivorship", universe["survivorship"]),
    ]
    refused = (Column("ticker", "Ticker"), Column("reason", "Reason"))
    parts = [facts(known)]
    for key, title in (("blocked", "Refused tickers"), ("failed", "Tickers whose replay failed")):
        if universe[key]:
            parts.append(
                details(title, table(universe[key][:_MOST_LISTED], refused, json=f"universe.{key}", caption=title))
            )
    if universe["behind"]:
        parts.append(details(f"Without a bar for {universe['newest_session']}", many(universe["behind"])))
    columns = (
        Column("rule", "Rule"),
        Column("severity", "Severity"),
        Column("n_cases", "Cases", "n"),
        Column("n_tickers", "Tickers", "n"),
        Column("first.ticker", "First case"),
        Column("first.date", "Date"),
        Column("first.text", "Finding"),
    )
    parts.append("<h3>Findings of the quality rules</h3>")
    parts.append(
        table(
            quality["problems"],
            columns,
            json="data_quality.problems",
            caption="Findings",
            none="No findings.",
        )
    )
    dropped = [{"rule": rule, "n": n} for rule, n in quality["rows_dropped"].items()]
    if dropped:
        parts.append(
            table(
                dropped,
                (Column("rule", "Rows dropped by rule"), Column("n", "Rows", "n")),
                caption="Rows dropped",
            )
        )
    return section("data", "Data", "", *parts)


def method(report: Report) -> str:
    """Gate, assumptions, settings, reproduction, glossary."""
    gate = [(gate_label(name), _setting(value)) for name, value in report["activation"].items()]
    items = "".join(f"<li>{esc(words)}</li>" for words in report["assumptions"])
    again = report["reproduce"]
    changed = [{"key": key, "value": _setting(value)} for key, value in again["settings_not_default"].items()]
    settings = [{"key": key, "value": _setting(value)} for key, value in report["settings"].items()]
    columns = (Column("key", "Setting"), Column("value", "Value"))
    horizon = report["params"]["horizon_days"]
    meant = [(term, words.format(horizon_days=horizon)) for term, words in GLOSSARY]
    terms = "".join(f"<div><dt>{esc(term)}</dt><dd>{esc(words)}</dd></div>" for term, words in meant)
    return section(
        "method",
        "Method and assumptions",
        "",
        f'<ul class="assumptions">{items}</ul>',
        "<h3>The gate</h3>",
        facts(gate),
        "<h3>Reproduce this report</h3>",
        f"<p><code>{esc(again['command'])}</code> in a book with these settings; their hash is "
        f"<code>{esc(again['settings_hash'])}</code>.</p>",
        table(
            changed,
            columns,
            caption=("Settings that differ from the defaults"),
            none="Every setting has its default value.",
        ),
        details("All settings", table(settings, columns, caption="All settings")),
        f'<h3>Glossary</h3><dl class="glossary">{terms}</dl>',
    )


_FILLS = {"open": "next open", "close": "signal's close"}


def provenance(report: Report) -> str:
    """Source, versions and hashes of the data, settings and code behind the numbers."""
    book, universe = report["book"], report["universe"]
    known = [
        ("As of", report["as_of"]),
        ("Universe", f"{universe['tickers']:,} tickers, {universe['at_as_of']:,} with a bar at the as-of date"),
        ("Source", f"{book['source']}, prices {price_words(book['basis'])}"),
        ("Benchmark", book["benchmark"] or "-"),
        ("Calendar", book["calendar"]),
        ("Profile", f"{report['profile']}, filled at the {_FILLS[report['fill']]}"),
        ("Scenario", report["scenario"]),
        ("Settings", report["settings_hash"]),
        ("Data version", book["data_version"]),
        ("Code version", f"{book['code_version']} (btassets {book['btassets_version']})"),
    ]
    return section("provenance", "Provenance", "", facts(known))


def _setting(value: Any) -> str:
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return " ".join(f"{key}={_setting(item)}" for key, item in value.items() if item != "")
    if isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            return "; ".join(map(_setting, value))
        return ", ".join(str(item) for item in value) or "-"
    return f"{value:g}" if isinstance(value, float) else str(value)
