"""The portfolio: drawdown, exposure, years, months, longest drawdowns, trades, variants.

Belongs here: results of the capital-constrained portfolio. Does not belong here: its equity (`equity.py`), statistics
over setups (`evidence.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.render.charts import report_charts as charts
from btassets.render.charts.heat_map import heat_map
from btassets.render.charts.histogram import histogram as net_r_chart
from btassets.render.charts.price_line import price_line
from btassets.render.charts.report_charts import Line
from btassets.render.format import esc, exit_words, html, shown
from btassets.render.html_tables import Column, block, details, figure, legend, section, table
from btassets.render.labels import curve_name, main_portfolio, ticker_column
from btassets.render.report_types import Report
from btassets.render.sections.equity import CURVE_CSS, curve_lines, sampled_table

_BOOK_COLUMNS = (
    Column("total_return_pct", "Return", "spct"),
    Column("cagr_pct", "CAGR", "pct"),
    Column("max_drawdown_pct", "Max drawdown", "pct"),
    Column("sharpe", "Sharpe", "num2"),
    Column("trades", "Trades", "n"),
    Column("win_rate", "Win rate", "pct"),
    Column("avg_net_r", "Net R", "r3"),
    Column("avg_trade_pnl", "Per trade, $", "usd"),
    Column("avg_hold_days", "Sessions held", "num1", "mean"),
    Column("avg_exposure_pct", "Exposure", "pct"),
    Column("final_equity", "Final, $", "usd0"),
)
_REFUSAL_COLUMNS = (
    Column("policy", "Exit", "text"),
    Column("refusals.slots", "No free slot", "n", "all slots were taken"),
    Column("refusals.cash", "Too little cash", "n", "cash for less than 1% of equity"),
    Column("refusals.size", "Size too small", "n", "the sizing rule gave less than 1% of equity"),
    Column("refusals.short", "Short side", "n", "the portfolio is long only"),
    Column("skipped_held", "Already held", "n"),
    Column("not_filled.no_next_bar", "No next bar", "n"),
    Column("not_filled.gapped_stop", "Opened beyond stop", "n"),
    Column("not_filled.gapped_target", "Opened beyond target", "n"),
)
TRADE_COLUMNS = (
    Column("ticker", "Ticker"),
    Column("entry_date", "Bought"),
    Column("exit_date", "Sold"),
    Column("hold_days", "Held", "n", "sessions"),
    Column("net_r", "Net R", "r2"),
    Column("pnl_usd", "Gain, $", "usd"),
    Column("reason", "Exit", "words"),
)


def book(report: Report) -> str:
    """Curves and periods of the main portfolio and its comparisons."""
    curves = report["equity_curves"]
    names = list(curves["series"])
    main = report["main_policy"]
    if not names:
        return section("portfolio", "The portfolio", "No portfolio was simulated: no as-of date had a ranked ticker.")
    params = report["portfolio_sim"]["params"]
    lead = (
        f"{shown(params['starting_capital'], 'usd0')} dollars, at most {params['max_positions']} positions, "
        f"{params['risk_per_trade_pct']:g}% risked in each, costs {params['cost_per_side_pct']:g}% per side."
    )
    _, row = main_portfolio(report)
    if main and not row.get("trades"):
        drawn = f'<div class="grid">{_drawdown(report, names)}{_years(report, names)}</div>'
        return section("portfolio", "The portfolio", f"{lead} It made no trade.", drawn, _compared(report))
    parts = [
        '<div class="grid">',
        _drawdown(report, names),
        _held(report),
        _years(report, names),
        _stretches(report),
        "</div>",
        _months(report, main if main in names else names[0]),
        _compared(report),
    ]
    return section("portfolio", "The portfolio", lead, *parts)


def _drawdown(report: Report, names: list[str]) -> str:
    chosen = [n for n in (report["main_policy"], "benchmark") if n in names]
    if not chosen:
        chosen = names[:1]
    rows = curve_lines(report, chosen, "drawdown_pct")
    entries = []
    for name, line in zip(chosen, rows, strict=True):
        known = [v for v in line.values if v is not None]
        entries.append((CURVE_CSS[name], line.label, shown(-max(known, default=0.0), "pct")))
    chart = charts.line_chart(
        "drawdown",
        "Drawdown",
        "Fall from the highest close so far, percent. Deepest: "
        + "; ".join(f"{label} {value}" for _, label, value in entries)
        + ".",
        report["equity_curves"]["dates"],
        rows,
        height=200,
        kind="pct0",
        has_area=True,
        is_down=True,
        field="drawdown_pct",
    )
    behind = sampled_table(report, chosen, "drawdown_pct", "pct2")
    return figure("Drawdown", "Fall from the highest close so far.", chart, behind, legend=legend(entries))


def _held(report: Report) -> str:
    """Number of positions, mean of each month: by day, a weekly trading portfolio draws only a comb."""
    months = report["risk"]["holdings"]["months"]
    if len(months) < 2:
        return ""
    _, row = main_portfolio(report)
    held, mean = report["risk"]["holdings"], shown(row.get("avg_exposure_pct"), "pct")
    chart = charts.line_chart(
        "held",
        "Positions held",
        f"Mean of each month; over all {shown(held['mean'], 'num1')}, at most {shown(held['largest'], 'n')}.",
        [f"{month['year']:04d}-{month['month']:02d}-01" for month in months],
        [Line("c-hold", "Positions", [month["n"] for month in months])],
        height=200,
        kind="num1",
        has_area=True,
    )
    columns = (Column("year", "Year", "g"), Column("month", "Month", "n"), Column("n", "Positions", "num1"))
    behind = table(months, columns, json="risk.holdings.months", caption="Number of positions, mean of each month")
    return figure("Positions held", f"Mean of each month; {mean} of equity invested on average.", chart, behind)


def _years(report: Report, names: list[str]) -> str:
    chosen = [n for n in (report["main_policy"], "benchmark", "equal_weight_hold") if n in names] or names[:1]
    by_year = {name: {row["year"]: row["return_pct"] for row in report["yearly_returns"][name]} for name in chosen}
    years = sorted({year for own in by_year.values() for year in own})
    lines = [Line(CURVE_CSS[n], curve_name(report, n), [by_year[n].get(year) for year in years]) for n in chosen]
    rows = [{"year": str(year), **{n: by_year[n].get(year) for n in chosen}} for year in years]
    behind = table(
        rows,
        [Column("year", "Year"), *(Column(n, curve_name(report, n), "spct") for n in chosen)],
        caption="Return by year",
    )
    chart = charts.bar_chart(
        "years",
        "Return by calendar year",
        "Percent; the first and the last year may be incomplete. "
        + "; ".join(f"{row['year']}: {shown(row[chosen[0]], 'spct')}" for row in rows)
        + f" ({lines[0].label}).",
        [str(year) for year in years],
        lines,
        height=222,
    )
    items = "".join(f'<li><span class="key {line.css}"></span>{esc(line.label)}</li>' for line in lines)
    return figure(
        "Years",
        "The first and the last year may be incomplete.",
        chart,
        behind,
        legend=f'<ul class="legend">{items}</ul>',
    )


def _stretches(report: Report) -> str:
    main = report["main_policy"] or next(iter(report["drawdown_stretches"]), None)
    if main is None:
        return ""
    columns = (
        Column("depth_pct", "Depth", "pct"),
        Column("peak_date", "Peak"),
        Column("trough_date", "Trough"),
        Column("recovered_date", "Recovered"),
        Column("n_sessions", "Sessions", "n"),
    )
    rows = table(
        report["drawdown_stretches"][main],
        columns,
        json=f"drawdown_stretches.{main}",
        caption="Longest drawdowns",
        none="The curve was never below an earlier high.",
    )
    return block("Worst drawdowns", 'From a high to the recovery; "-": not recovered yet.', rows)


def _months(report: Report, name: str) -> str:
    rows: dict[int, dict[int, float | None]] = {}
    for row in report["monthly_returns"][name]:
        rows.setdefault(row["year"], {})[row["month"]] = row["return_pct"]
    totals = {row["year"]: row["return_pct"] for row in report["yearly_returns"][name]}
    known = [(row["return_pct"], row) for row in report["monthly_returns"][name] if row["return_pct"] is not None]
    words = ""
    if known:
        low, high = (pick(known, key=lambda pair: pair[0]) for pick in (min, max))
        words = (
            f" Worst {charts.MONTHS[low[1]['month'] - 1]} {low[1]['year']} {low[0]:+.1f}%, "
            f"best {charts.MONTHS[high[1]['month'] - 1]} {high[1]['year']} {high[0]:+.1f}%."
        )
    chart = heat_map("months", "Return by month", f"Percent, one row per year.{words}", rows, totals)
    table_rows = [
        {"year": str(year), **{str(m): months.get(m) for m in range(1, 13)}, "total": totals.get(year)}
        for year, months in rows.items()
    ]
    columns = [
        Column("year", "Year"),
        *(Column(str(m), charts.MONTHS[m - 1], "snum1") for m in range(1, 13)),
        Column("total", "Year total", "spct"),
    ]
    behind = table(table_rows, columns, caption="Return by month, percent")
    wide = f'<div class="scroll" tabindex="0" role="group" aria-label="Return by month">{chart}</div>'
    return figure("Months", f"Percent, {curve_name(report, name)}.", wide, behind)


def _compared(report: Report) -> str:
    policies = report["portfolio_sim"]["policies"]
    books = table(
        policies,
        (Column("policy", "Exit"), *_BOOK_COLUMNS),
        json="portfolio_sim.policies",
        caption="Portfolios by exit",
        none="No portfolio traded.",
    )
    names = {row["curve"]: curve_name(report, row["curve"]) for row in report["comparisons"]}
    columns = (
        Column("curve", "Held instead", render=lambda row: esc(names[row["curve"]])),
        *_BOOK_COLUMNS[:4],
    )
    others = table(
        report["comparisons"],
        columns,
        json="comparisons",
        caption="Comparisons of the portfolio",
        none="No comparisons.",
    )
    return f"<h3>Portfolio and alternatives</h3>{books}{others}"


def _line(row: Mapping[str, Any]) -> str:
    return price_line(row.get("closes") or (), "the trade and ten sessions on both sides")


_LINE = Column("line", "Price", hint="closes from ten sessions before the entry to ten after the exit", render=_line)


def trades(report: Report) -> str:
    """Closed trades: histogram, reasons, best and worst, and refusals."""
    main = report["main_policy"]
    own = report["trades"].get(main) if main else None
    if not own or not own["n"]:
        policies = report["portfolio_sim"]["policies"]
        refused = table(
            policies,
            _REFUSAL_COLUMNS,
            json="portfolio_sim.policies",
            caption="Refused",
            none="No portfolio was simulated.",
        )
        return section("trades", "Trades", "No trade was closed.", refused)
    at = f"trades.{main}"
    bins = own["net_r_histogram"]
    behind = table(
        bins,
        (Column("from_r", "From R", "num1"), Column("to_r", "To R", "num1"), Column("n", "Trades", "n")),
        json=f"{at}.net_r_histogram",
        caption="Trades by net R",
    )
    chart = net_r_chart(
        "net-r",
        "Trades by net R",
        f"{own['n']} closed trades in bins of half an R; losses and gains are marked apart.",
        bins,
    )
    reasons = table(
        own["exit_reasons"],
        (
            Column("reason", "Exit", "words"),
            Column("n", "Trades", "n"),
            Column("share_pct", "Share", "pct"),
            Column("avg_net_r", "Net R", "r3"),
            Column("avg_hold_days", "Held", "num1", "mean sessions"),
        ),
        json=f"{at}.exit_reasons",
        caption="Exits by reason",
    )
    refused = table(
        report["portfolio_sim"]["policies"],
        _REFUSAL_COLUMNS,
        json="portfolio_sim.policies",
        caption="Qualified setups without a trade",
    )
    columns = (ticker_column(report), *TRADE_COLUMNS[1:])
    if any(row.get("closes") for row in (*own["best"], *own["worst"])):
        columns = (*columns, _LINE)
    best, worst = (
        table(own[side], columns, json=f"{at}.{side}", caption=f"{side.capitalize()} trades")
        for side in ("best", "worst")
    )
    histogram = figure("Net R per trade", "After costs; the last bin is open.", chart, behind)
    return section(
        "trades",
        "Trades",
        f"{own['n']:,} closed trades, {exit_words(main)}.",
        f'<div class="grid">{histogram}{block("Why they were sold", "", reasons)}</div>',
        "<h3>Qualified setups without a trade</h3>",
        refused,
        f'<div class="grid">{block("Best", "", best)}{block("Worst", "", worst)}</div>',
    )


def variants(report: Report) -> str:
    """Research portfolios: other rankings, cutoffs, capacities."""
    rows = report["strategy_variants"]["variants"]
    is_labelled = any("label" in row for row in rows)
    is_named = any(row.get("differs") not in (None, "", row.get("label")) for row in rows)
    columns = (
        *((Column("label", "Variant"),) if is_labelled else ()),
        Column("variant", "Name" if is_labelled else "Variant", "words"),
        *(
            (Column("differs", "Against the base", render=lambda row: esc(row["differs"] or "base")),)
            if is_named
            else ()
        ),
        Column("ranking", "Rank"),
        Column("cutoff", "Cutoff", "g"),
        Column("max_positions", "Slots", "n"),
        *_BOOK_COLUMNS,
    )
    years = details(
        "Return by year of each variant",
        *(
            f'<p class="sub">{html(row.get("label") or row["variant"], "words")}</p>'
            + table(
                row["yearly_returns"] or [],
                (Column("year", "Year", "g"), Column("return_pct", "Return", "spct")),
                json=f"strategy_variants.variants.{at}.yearly_returns",
                none="Nothing traded.",
            )
            for at, row in enumerate(rows)
            if row.get("yearly_returns") is not None
        ),
    )
    lead = (
        f"{len(rows)} portfolios with a fixed hold, the first of them the base; the best of several is biased upward "
        "by selection."
    )
    inner = table(rows, columns, json="strategy_variants.variants", caption="Variants", none="No variant traded.")
    return section("variants", "Variants", lead, inner, years if rows else "")
