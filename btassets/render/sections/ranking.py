"""The ranking over time: IC by week and by month, growth of the fifths.

Belongs here: part `ranking` of the document. Does not belong here: the mean over all weeks and its interval
(`evidence.py`, `how_sure.py`).
"""

from btassets.render.charts import report_charts as charts
from btassets.render.charts.heat_map import heat_map
from btassets.render.charts.report_charts import MONTHS, Line
from btassets.render.format import shown
from btassets.render.html_tables import Column, figure, legend, section, table
from btassets.render.report_types import Report
from btassets.render.sections.equity import last_known
from btassets.render.sections.evidence import signal_labels

_FIFTHS = (
    ("c-bench", "Lowest fifth"),
    ("c-ewr", "Second"),
    ("c-ew", "Middle"),
    ("c-target", "Fourth"),
    ("c-hold", "Highest fifth"),
)
_MOST_ROWS = 60


def ranking(report: Report) -> str:
    """Everything of part `ranking`."""
    found = report["ranking"]
    label = signal_labels(report).get(found["signal"], found["signal"])
    if not found["dates"]:
        return section("ranking", "The ranking over time", "No week had enough ranked tickers.")
    lead = (
        f"{label}, the signal of the gate. IC: rank correlation of one week's signal with the next "
        f"{found['horizon_days']} sessions' returns; neighbouring weeks overlap, so that a run of good weeks is less "
        "evidence than it seems."
    )
    return section(
        "ranking",
        "The ranking over time",
        lead,
        f'<div class="grid">{_weeks(report)}{_fifths(report)}</div>',
        _months(report),
    )


def _weeks(report: Report) -> str:
    found = report["ranking"]
    dates, window = found["dates"], found["mean_weeks"]
    weekly: list[float | None] = list(found["ic"])
    lines = [Line("c-ew", "week", weekly), Line("c-hold", f"mean of {window} weeks", found["mean_ic"])]
    entries = [(line.css, line.label, shown(last_known(line.values), "snum4")) for line in lines]
    words = f"{shown(found['positive_weeks_pct'], 'pct0')} of {len(dates)} weeks above 0."
    chart = charts.line_chart(
        "ic-weeks", "IC by week", f"{dates[0]} to {dates[-1]}. {words}", dates, lines, height=230, kind="snum2"
    )
    every = -(-len(dates) // _MOST_ROWS)
    rows = [
        {"date": dates[k], "ic": found["ic"][k], "mean_ic": found["mean_ic"][k]}
        for k in sorted(range(len(dates) - 1, -1, -every))
    ]
    columns = (
        Column("date", "Week end"),
        Column("ic", "IC", "snum4"),
        Column("mean_ic", f"Mean of {window} weeks", "snum4"),
    )
    return figure("IC by week", words, chart, table(rows, columns, caption="IC by week"), legend=legend(entries))


def _fifths(report: Report) -> str:
    found = report["ranking"]["fifths"]
    dates = found["dates"]
    lines: list[Line] = [
        Line(css, label, list(row)) for (css, label), row in zip(_FIFTHS, found["growth_pct"], strict=False)
    ]
    entries = [(line.css, line.label, shown(last_known(line.values), "spct")) for line in reversed(lines)]
    words = "; ".join(f"{label} {value}" for _, label, value in entries)
    chart = charts.line_chart(
        "fifths", "Growth of the fifths", f"Percent. {words}." if words else "No data.", dates, lines, height=230,
        kind="pct0",
    )  # fmt: skip
    every = -(-len(dates) // _MOST_ROWS) or 1
    rows = [
        {"date": dates[k], **{str(n): line.values[k] for n, line in enumerate(lines)}}
        for k in sorted(range(len(dates) - 1, -1, -every))
    ]
    columns = [Column("date", "Week end"), *(Column(str(n), line.label, "spct") for n, line in enumerate(lines))]
    note = (
        "Equal-weight fifths of all ranked tickers by the signal, formed at each week end and held for five sessions; "
        "without costs, compounded."
    )
    behind = table(rows, columns, caption="Growth of the fifths, percent", none="No week with all five.")
    return figure("Growth of the fifths", note, chart, behind, legend=legend(entries))


def _months(report: Report) -> str:
    months = report["ranking"]["months"]
    rows: dict[int, dict[int, float | None]] = {}
    for row in months:
        rows.setdefault(row["year"], {})[row["month"]] = row["ic"]
    totals: dict[int, float | None] = {row["year"]: row["ic"] for row in report["ranking"]["years"]}
    positive = shown(report["ranking"]["positive_months_pct"], "pct0")
    words = f"Mean of the weeks that end in the month; {positive} of {len(months)} months above 0."
    chart = heat_map("ic-months", "IC by month", words, rows, totals, kind="snum2", total_kind="snum2")
    columns = (
        Column("year", "Year", "g"),
        Column("month", "Month", render=lambda row: MONTHS[row["month"] - 1]),
        Column("ic", "Mean IC", "snum4"),
        Column("weeks", "Weeks", "n"),
    )
    behind = table(months, columns, json="ranking.months", caption="IC by month")
    wide = f'<div class="scroll" tabindex="0" role="group" aria-label="IC by month">{chart}</div>'
    return figure("IC by month", words, wide, behind)
