"""Risk of the portfolio: measures beside the benchmark, rolling values, distributions, holdings.

Belongs here: part `risk` of the document. Does not belong here: equity and drawdown (`portfolio.py`), and uncertainty
(`how_sure.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.render.charts import report_charts as charts
from btassets.render.charts.histogram import count_chart
from btassets.render.charts.report_charts import Line
from btassets.render.format import MISSING, shown
from btassets.render.html_tables import Column, block, figure, legend, section, table
from btassets.render.labels import curve_name
from btassets.render.report_types import Report

_MEASURES = (
    ("cagr_pct", "CAGR", "pct", "by calendar days"),
    ("volatility_pct", "Volatility", "pct", "standard deviation of daily returns, ddof 1, times sqrt(252)"),
    ("max_drawdown_pct", "Max drawdown", "pct", "from the highest close so far"),
    ("sharpe", "Sharpe", "num2", "daily mean over deviation (ddof 1), times sqrt(252), no risk-free rate"),
    ("sortino", "Sortino", "num2", "daily mean over downside deviation below 0, times sqrt(252)"),
    ("calmar", "Calmar", "num2", "CAGR over max drawdown"),
    ("beta", "Beta", "num2", "of daily returns against the benchmark"),
    ("skew", "Skew", "snum2", "of daily returns"),
    ("excess_kurtosis", "Excess kurtosis", "snum2", "of daily returns"),
    ("var_pct", "Daily VaR 5%", "spct", "historical: one day in twenty is worse"),
    ("es_pct", "Daily ES 5%", "spct", "mean of the days beyond VaR"),
    ("best_day_pct", "Best day", "spct", "close to close"),
    ("worst_day_pct", "Worst day", "spct", "close to close"),
    ("best_month_pct", "Best month", "spct", "calendar months; the first and the last may be incomplete"),
    ("worst_month_pct", "Worst month", "spct", "calendar months; the first and the last may be incomplete"),
    ("positive_months_pct", "Months above 0", "pct0", "calendar months"),
)
_ROLLING = (
    ("sharpe", "Rolling Sharpe", "num2", "num2"),
    ("volatility_pct", "Rolling volatility", "pct", "pct0"),
    ("beta", "Rolling beta", "num2", "num2"),
)
_CSS = ("c-target", "c-hold")
_COUNTED = {"daily": "Number of sessions by return.", "monthly": "Number of months by return."}


def risk(report: Report) -> str:
    """Everything of part `risk`."""
    found = report["risk"]
    if not found["measures"]:
        return section("risk", "Risk", "No portfolio was simulated.")
    held = found["holdings"]
    lead = ""
    if report["main_policy"]:
        lead = (
            f"The portfolio held {shown(held['mean'], 'num1')} positions on average, {shown(held['largest'], 'n')} "
            f"at most, with a turnover of {shown(found['turnover'], 'num1')} times its mean equity per year."
        )
        lead += _concentration(found["concentration"])
    charts_of = [_rolled(report, *row) for row in _ROLLING] if found["rolling"] else []
    charts_of += [_distribution(report, "daily", "Daily returns"), _distribution(report, "monthly", "Monthly returns")]
    parts = [_measures(report), f'<div class="grid">{"".join(charts_of)}</div>' if report["main_policy"] else ""]
    return section("risk", "Risk", lead, *parts)


def _concentration(found: Mapping[str, Any]) -> str:
    if found["tickers"] is None:
        return ""
    return (
        f" A position was {shown(found['mean_position_pct'], 'pct')} of equity at its entry on average, "
        f"{shown(found['largest_position_pct'], 'pct')} at most; {shown(found['tickers'], 'n')} tickers were traded, "
        f"the five most frequent in {shown(found['top_tickers_pct'], 'pct0')} of the trades; the best 5% of the "
        f"trades made {shown(found['top_trades_gain_pct'], 'pct0')} of all gains."
    )


def _measures(report: Report) -> str:
    measures = report["risk"]["measures"]
    rows: list[dict[str, Any]] = [
        {"measure": label, **{name: shown(values[key], kind) for name, values in measures.items()}, "convention": about}
        for key, label, kind, about in _MEASURES
    ]
    columns = (
        Column("measure", "Measure"),
        *(Column(name, curve_name(report, name), is_number=True) for name in measures),
        Column("convention", "Convention"),
    )
    return block("Measures", "", table(rows, columns, caption="Risk measures"))


def _rolled(report: Report, key: str, title: str, kind: str, axis: str) -> str:
    windows = [row for row in report["risk"]["rolling"] if row["dates"]]
    if not windows:
        return figure(
            title, "", charts.empty_chart(f"rolling-{key}", title), '<p class="none">Too short a history.</p>'
        )
    dates = windows[0]["dates"]
    lines, entries = [], []
    for row, css in zip(windows, _CSS, strict=False):
        at = dict(zip(row["dates"], row[key], strict=True))
        values = [at.get(day) for day in dates]
        label = f"{row['window_days']} sessions"
        lines.append(Line(css, label, values))
        entries.append((css, label, shown(next((v for v in reversed(values) if v is not None), None), kind)))
    words = "; ".join(f"{label} ends at {value}" for _, label, value in entries)
    chart = charts.line_chart(
        f"rolling-{key}", title, f"{dates[0]} to {dates[-1]}. {words}.", dates, lines, height=180, kind=axis
    )
    every = max(1, len(dates) // 40)
    rows = [{"date": day, **{f"w{n}": line.values[k] for n, line in enumerate(lines)}} for k, day in enumerate(dates)]
    columns = [Column("date", "Date"), *(Column(f"w{n}", line.label, kind) for n, line in enumerate(lines))]
    behind = table(rows[::-every][::-1], columns, caption=title)
    return figure(title, "", chart, behind, legend=legend(entries))


def _edge(row: Any) -> str:
    low, high = row["from_pct"], row["to_pct"]
    if low is None:
        return f"below {high:g}%"
    return f"{low:g}% and more" if high is None else f"{low:g}% to {high:g}%"


def _distribution(report: Report, key: str, title: str) -> str:
    rows = report["risk"][key]
    counts = [float(row["n"]) for row in rows]
    labels = [_edge(row) for row in rows]
    many = max(range(len(rows)), key=counts.__getitem__) if rows else 0
    words = f"Most often {labels[many]}: {shown(counts[many], 'n')} times." if rows else MISSING
    edges = [None if row["from_pct"] is None else float(row["from_pct"]) for row in rows]
    chart = count_chart(f"{key}-returns", title, words, edges, counts, labels)
    columns = (
        Column("range", "Return", render=_edge),
        Column("n", "Count", "n"),
    )
    return figure(title, _COUNTED[key], chart, table(rows, columns, json=f"risk.{key}", caption=title))
