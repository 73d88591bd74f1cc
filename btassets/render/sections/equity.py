"""Equity of the portfolio and its comparisons over time, with the deepest falls behind the lines.

Belongs here: curves of the document and their sampled tables. Does not belong here: periods, drawdowns and trades
(`portfolio.py`).
"""

from collections.abc import Sequence

from btassets.render.charts import report_charts as charts
from btassets.render.charts.report_charts import Band, Line
from btassets.render.format import shown
from btassets.render.html_tables import Column, figure, legend, table
from btassets.render.labels import curve_name
from btassets.render.report_types import Report

CURVE_CSS = {
    "hold": "c-hold",
    "target": "c-target",
    "benchmark": "c-bench",
    "equal_weight_hold": "c-ew",
    "equal_weight_renewed": "c-ewr",
}
_MOST_PERIODS = 62
_BANDS, _LEAST_BAND = 3, 0.1


def last_known(values: Sequence[float | None]) -> float | None:
    """Last value that is not missing."""
    return next((v for v in reversed(values) if v is not None), None)


def _sampled(report: Report) -> list[int]:
    """Positions of month ends (quarter or year ends in a long history): the rows of a data table."""
    dates = report["equity_curves"]["dates"]
    for length in (7, 0, 4):
        marks = [d[:length] if length else f"{d[:4]}{(int(d[5:7]) - 1) // 3}" for d in dates]
        ends = [k for k in range(len(dates)) if k + 1 == len(dates) or marks[k] != marks[k + 1]]
        if len(ends) <= _MOST_PERIODS or length == 4:
            return sorted({0, *ends})
    return []


def sampled_table(report: Report, names: list[str], field: str, kind: str) -> str:
    """Values of some curves at period ends, the table behind their chart."""
    curves = report["equity_curves"]
    rows = [
        {"date": curves["dates"][k], **{name: curves["series"][name][field][k] for name in names}}
        for k in _sampled(report)
    ]
    columns = [Column("date", "Date"), *(Column(name, curve_name(report, name), kind) for name in names)]
    return table(rows, columns, caption=f"{field.replace('_', ' ').capitalize()} at period ends")


def curve_lines(report: Report, names: list[str], field: str) -> list[Line]:
    """Lines of some curves in one field, in the order of `names`."""
    series = report["equity_curves"]["series"]
    return [Line(CURVE_CSS[name], curve_name(report, name), series[name][field]) for name in names]


def equity_figure(report: Report, name: str, height: float) -> str:
    """Equity of the portfolio and its comparisons, on a logarithmic scale.

    Parameters
    ----------
    name
        Identifier of the chart in the page.
    height
        Pixels.
    """
    names = list(report["equity_curves"]["series"])
    series, dates = report["equity_curves"]["series"], report["equity_curves"]["dates"]
    entries = [(CURVE_CSS[n], curve_name(report, n), shown(last_known(series[n]["equity"]), "usd0")) for n in names]
    words = "; ".join(f"{label} ends at {value}" for _, label, value in entries)
    chart = charts.line_chart(
        name,
        "Equity of the portfolio and its comparisons",
        f"Logarithmic scale, dollars, {dates[0]} to {dates[-1]}. {words}.",
        dates,
        list(reversed(curve_lines(report, names, "equity"))),
        height=height,
        is_log=True,
        field="equity",
        bands=_deepest(report),
    )
    behind = sampled_table(report, names, "equity", "usd")
    note = "Dollars at each close on a logarithmic scale: equal slopes are equal rates."
    if report["main_policy"] and _deepest(report):
        note += " Grey: the deepest falls of the portfolio, from the high to the low."
    return figure("Equity", note, chart, behind, legend=legend(entries), level=2)


def _deepest(report: Report) -> list[Band]:
    """The three deepest falls of the main portfolio, without those of less than a tenth of the deepest."""
    rows = report["drawdown_stretches"].get(report["main_policy"] or "", [])[:_BANDS]
    deepest = max((row["depth_pct"] or 0.0 for row in rows), default=0.0)
    return [
        Band(row["peak_date"], row["trough_date"], f"-{shown(row['depth_pct'], 'pct')} to {row['trough_date']}")
        for row in rows
        if (row["depth_pct"] or 0.0) >= _LEAST_BAND * deepest > 0
    ]
