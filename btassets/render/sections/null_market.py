"""The user's market with the edge destroyed: real numbers beside those of its versions.

Belongs here: the section, and the words that say what it tests. Does not belong here: the terminal's table
(`btassets.studies.null_market`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from btassets.render.charts import report_charts as charts
from btassets.render.charts.report_charts import Mark, Row
from btassets.render.format import esc, shown
from btassets.render.html_tables import Column, block, figure, mark_legend, section, table
from btassets.render.report_types import Report
from btassets.render.sections.evidence import SIGNAL_LABELS

TESTS = (
    "Each version keeps the benchmark, every ticker's beta, volatility and volume, and the co-movement within a "
    "session; returns beyond beta x benchmark change their sign by session, one sign for all tickers. Share: (1 + "
    "versions that reach the real number) / (1 + versions)."
)
TESTS_NOT = (
    "It tests whether residual returns of one session predict later ones. It does not test the list of tickers "
    "(survivors stay survivors), costs, or an edge in beta or in the benchmark's timing."
)
NOT_YET = (
    "Not computed yet: `btassets null-market`, or the job without_edge on the page, runs versions of this market whose "
    "edge is destroyed."
)

_TITLE = "Market without an edge"
KINDS = {"ic": "snum4", "r": "r3", "pct_a_year": "spct", "ratio": "snum2", "n": "num1"}
_FIGURES = (("signals", "Signals: mean IC", "snum2"), ("setups", "Setups and exits: mean R", "r2"))

Values = Mapping[str, Any]


def _label(row: Values) -> str:
    kind, _, name = row["what"].partition(" ")
    if kind == "signal":
        return SIGNAL_LABELS.get(name) or name
    return shown(row["what"], "words").replace(" ex top5", ", less best 5%").replace("sharpe", "Sharpe ratio")


def _in(name: str) -> Any:
    return lambda row: esc(shown(row[name], KINDS[row["unit"]]))


def _interval(row: Values) -> str:
    if row["ci_lo"] is None:
        return "-"
    return esc(f"{shown(row['ci_lo'], KINDS[row['unit']])} to {shown(row['ci_hi'], KINDS[row['unit']])}")


def _range(row: Values) -> str:
    if row["null_lo"] is None:
        return "-"
    return esc(f"{shown(row['null_lo'], KINDS[row['unit']])} to {shown(row['null_hi'], KINDS[row['unit']])}")


def _reached(row: Values) -> str:
    return "-" if row["n_at_least"] is None else esc(f"{row['n_at_least']} of {row['n']}")


_COLUMNS = (
    Column("what", "Number", render=lambda row: esc(_label(row))),
    Column("real", "Real", render=_in("real")),
    Column("ci", "95% interval", render=_interval),
    Column("null_mean", "Versions, mean", render=_in("null_mean")),
    Column("range", "from lowest to highest", render=_range),
    Column("n_at_least", "Versions that reach it", render=_reached),
    Column("share", "Share", "num2", "(1 + versions that reach it) / (1 + versions): one-sided p"),
)


def null_market(report: Report) -> str:
    """Charts of the real numbers over the range of the versions, and the table behind them."""
    found = report["null_market"]
    if found is None:
        return section("without-edge", _TITLE, NOT_YET)
    age = "" if found["is_current"] else f" They were run on bars to {found['as_of']} and are older than this report."
    lead = f"The same numbers in {found['n_versions']} versions of this market whose edge is destroyed.{age}"
    figures = [_figure(found[part], part, *words) for part, *words in _FIGURES]
    rest = table(found["portfolio"], _COLUMNS, json="null_market.portfolio", caption="Portfolio and claims")
    rest = block("Portfolio and claims", "A claim counts if its verdict is clear.", rest)
    return section("without-edge", _TITLE, lead, f'<div class="grid">{"".join(figures)}</div>', rest, _words())


def _figure(rows: Sequence[Values], part: str, title: str, kind: str) -> str:
    drawn = [
        Row(
            _label(row),
            f"{shown(row['real'], KINDS[row['unit']])}, {row['n_at_least']} of {row['n']}",
            (Mark("m-main", row["real"]), Mark("m-trim", row["null_mean"], row["null_lo"], row["null_hi"])),
        )
        for row in rows
        if row["n_at_least"] is not None
    ]
    note = "Real market, with the number of versions that reach it; range and mean of the versions."
    chart = charts.dot_rows(f"without-edge-{part}", title, note, drawn, kind=kind)
    behind = table(rows, _COLUMNS, json=f"null_market.{part}", caption=title)
    legend = mark_legend((("m-main", "real market"), ("m-trim", "versions, range and mean")))
    return figure(title, note, chart, behind, legend=legend)


def _words() -> str:
    return f"<p>{esc(TESTS)}</p><p>{esc(TESTS_NOT)}</p>"
