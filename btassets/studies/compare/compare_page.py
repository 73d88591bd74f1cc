"""Two scenarios on one page: the answer, paired differences, both curves, trades added and removed.

Belongs here: layout of a comparison's document. Does not belong here: its numbers (`btassets.studies.compare.compare`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from btassets.engine.floors import signal_of
from btassets.render.charts import report_charts as charts
from btassets.render.charts.report_charts import Line, Mark, Row
from btassets.render.format import esc, exit_words, prose, shown
from btassets.render.html_tables import Column, block, details, facts, figure, legend, section, table
from btassets.render.report_page import contents, shell
from btassets.render.sections.first_screen import answer_block
from btassets.render.sections.portfolio import TRADE_COLUMNS

Document = Mapping[str, Any]

MEASURES = {
    "adjusted_r": "Benchmark-adjusted R per setup",
    "net_r": "Net R per setup",
    "mean_return": "Portfolio, mean return a year",
    "sharpe": "Portfolio, Sharpe ratio",
}
_KINDS = {"r": "r4", "frac_a_year": "spct", "a_year": "snum2"}
_CHIPS = {
    "higher": ("yes", "clearly higher"),
    "lower": ("no", "clearly lower"),
    "not distinguishable from noise": ("open", "likely luck"),
}
_CSS = ("c-bench", "c-hold")
_MOST_POINTS = 62

_BOOK_COLUMNS = (
    Column("policy", "Exit"),
    Column("scenario", "Scenario"),
    Column("total_return_pct", "Return", "spct"),
    Column("cagr_pct", "CAGR", "pct"),
    Column("max_drawdown_pct", "Drawdown", "pct"),
    Column("sharpe", "Sharpe", "num2"),
    Column("trades", "Trades", "n"),
    Column("win_rate", "Win rate", "pct"),
    Column("avg_net_r", "Net R", "r3"),
)
_GROUP_COLUMNS = (Column("group", "Trades"), Column("n", "n", "n"), Column("net_avg_r", "Net R", "r3"))


def compare_page(document: Document) -> str:
    """HTML text of a comparison's document."""
    first, second = document["scenarios"]
    title = f"{document['book']}, {document['as_of']}: {second} against {first}"
    curves = _curves(document)
    first_screen = f'<div class="first">{curves[0]}{answer_block(document["answer"], _chip(_verdict(document)))}</div>'
    rest = _differences(document) + _other_exits(curves[1:]) + _trades(document) + _settings(document)
    body = _head(document) + first_screen + rest + _provenance(document)
    footer = "Not investment advice. Every number is in compare.json beside this file."
    return shell(title, contents(body) + body, footer)


def in_unit(row: Mapping[str, Any], name: str) -> str:
    """A number of a difference in its unit; a fraction a year as percent."""
    value = row[name]
    if value is not None and row["unit"] == "frac_a_year":
        value = 100.0 * value
    return shown(value, _KINDS[row["unit"]])


def interval_in_unit(row: Mapping[str, Any]) -> str:
    """Interval of a difference in its unit; a dash without one."""
    return "-" if row["ci_lo"] is None else f"{in_unit(row, 'ci_lo')} to {in_unit(row, 'ci_hi')}"


def _chip(verdict: str) -> str:
    css, words = _CHIPS.get(verdict, ("none", verdict))
    return f'<span class="chip {css}" data-verdict="{esc(verdict)}">{esc(words)}</span>'


def _verdict(document: Document) -> str:
    return document["headline"]["verdict"]


def _head(document: Document) -> str:
    first, second = document["scenarios"]
    warnings = "".join(f"<li>{esc(text)}</li>" for text in document["warnings"])
    listed = f'<ul class="warnings">{warnings}</ul>' if warnings else ""
    what = prose(f"As of {document['as_of']}: two scenarios of {document['book']}, paired")
    return f'<header><h1>{esc(second)} against {esc(first)}</h1><p class="what">{what}</p>{listed}</header>'


def _provenance(document: Document) -> str:
    first, second = document["scenarios"]
    known = [
        ("As of", document["as_of"]),
        ("First", f"{first}, settings {document['settings_hashes'][0]}"),
        ("Second", f"{second}, settings {document['settings_hashes'][1]}"),
    ]
    return section("provenance", "Provenance", document["headline"]["text"], facts(known))


def _number(name: str) -> Any:
    return lambda row: esc(in_unit(row, name))


def _differences(document: Document) -> str:
    first, second = document["scenarios"]
    columns = [
        Column("measure", "Measure", render=lambda row: esc(MEASURES[row["measure"]])),
        Column("exit", "Exit", render=lambda row: esc(shown(row["exit"], "words"))),
        Column("first", first, render=_number("first"), is_number=True),
        Column("second", second, render=_number("second"), is_number=True),
        Column("difference", "Difference", render=_number("difference"), is_number=True),
        Column("interval", "95% interval", render=lambda row: esc(interval_in_unit(row))),
        Column("n_first", f"n, {first}", "n"),
        Column("n_second", f"n, {second}", "n"),
        Column("verdict", "Verdict", render=lambda row: _chip(row["verdict"])),
    ]
    setups = [row for row in document["differences"] if row["unit"] == "r"]
    rows = [
        Row(
            f"{MEASURES[row['measure']]}, {shown(row['exit'], 'words')}",
            shown(row["difference"], "r4"),
            [Mark("m-main", row["difference"], row["ci_lo"], row["ci_hi"])],
            is_grey=row["ci_lo"] is None,
        )
        for row in setups
    ]
    chart = charts.dot_rows(
        "differences",
        f"Difference per setup, {second} minus {first}",
        "One row per measure: paired difference with its 95% interval.",
        rows,
        kind="r3",
    )
    lead = (
        f"{second} minus {first}, paired: setups week by week, portfolios day by day over their common sessions. An "
        "interval that contains 0 means that this history cannot separate the two."
    )
    return section(
        "differences",
        "Paired differences",
        lead,
        table(document["differences"], columns, caption="Paired differences"),
        f"<figure><figcaption><h3>Per setup, in R</h3></figcaption>{chart}</figure>",
        block("The portfolios as in the reports", "", table(document["books"], _BOOK_COLUMNS, caption="Portfolios")),
    )


def _curves(document: Document) -> list[str]:
    """Equity of both, one figure per exit; one sentence if neither traded."""
    names = document["scenarios"]
    drawn = []
    for policy, own in document["curves"].items():
        ends = [next((v for v in reversed(own[side]) if v is not None), None) for side in ("first", "second")]
        entries = [(_CSS[k], names[k], shown(ends[k], "usd0")) for k in range(2)]
        words = "; ".join(f"{label} ends at {value}" for _, label, value in entries)
        lines = [Line(_CSS[k], names[k], own[side]) for k, side in enumerate(("first", "second"))]
        chart = charts.line_chart(
            f"equity-{policy}",
            f"Equity of both portfolios, {exit_words(policy)}",
            f"Logarithmic scale, dollars, {own['dates'][0]} to {own['dates'][-1]}. {words}.",
            own["dates"],
            lines,
            height=250,
            is_log=True,
        )
        n = len(own["dates"])
        at = sorted({*range(0, n, -(-n // _MOST_POINTS)), n - 1})
        rows = [{"date": own["dates"][k], "first": own["first"][k], "second": own["second"][k]} for k in at]
        columns = (Column("date", "Date"), Column("first", names[0], "usd"), Column("second", names[1], "usd"))
        behind = table(rows, columns, caption=f"Equity, {exit_words(policy)}")
        note = "Dollars at each close, logarithmic."
        title = f"Equity, {exit_words(policy)}"
        drawn.append(figure(title, note, chart, behind, legend=legend(entries), level=3 if drawn else 2))
    return drawn or ['<p class="none">Neither portfolio traded.</p>']


def _other_exits(drawn: list[str]) -> str:
    return section("curves", "The other exit", "", *drawn) if drawn else ""


def percentiles_in(groups: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Keys of groups of setups with the mean percentile of a signal, and their words."""
    found = [(name, signal_of(name)) for name in groups[0]]
    return [(name, f"percentile of {signal[0]}") for name, signal in found if signal is not None]


def _trades(document: Document) -> str:
    first, second = document["scenarios"]
    parts = []
    for policy, own in document["trades"].items():
        columns = (*_GROUP_COLUMNS, Column("pnl_usd", "Gain, $", "usd"))
        lists = [
            details(
                f"Largest {name}: {len(own[name])} of {group['n']}",
                table(own[name], TRADE_COLUMNS, caption=f"Trades {name}, {exit_words(policy)}"),
            )
            for name in ("removed", "added")
            for group in own["groups"]
            if group["group"] == name and group["n"]
        ]
        counts = table(own["groups"], columns, caption=f"Trades, {exit_words(policy)}")
        parts.append(block(f"Trades, {exit_words(policy)}", "", counts + "".join(lists)))
    own = [Column(name, f"Mean {words}", "num1") for name, words in percentiles_in(document["setups"])]
    setups = (Column("group", "Setups"), Column("n", "n", "n"), Column("net_avg_r", "Net R", "r3"), *own)
    counts = table(document["setups"], setups, caption="Graded setups that qualify")
    parts.append(block("Graded setups that qualify", "Net R of the target race.", counts))
    lead = f"Removed: only in {first}. Added: only in {second}. Trades are matched by ticker and as-of date."
    return section("trades", "Trades added and removed", lead, f'<div class="grid">{"".join(parts)}</div>')


def _settings(document: Document) -> str:
    first, second = document["scenarios"]
    columns = (Column("key", "Setting"), Column("first", first), Column("second", second))
    return section(
        "settings",
        "Settings that differ",
        "",
        table(document["settings"], columns, caption="Settings that differ", none="None."),
    )
