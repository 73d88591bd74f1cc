"""The evidence over all setups: populations, exits, gate, floors, signals, calibration.

Belongs here: one figure per question, each with n and, if the document has one, an interval. Does not belong here: the
portfolio (`portfolio.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from btassets.engine.floors import variant_label
from btassets.engine.replay.candidate_columns import DIRECTIONS
from btassets.engine.signals import SIGNALS
from btassets.render.charts import report_charts as charts
from btassets.render.charts.report_charts import Mark, Row
from btassets.render.format import shown
from btassets.render.html_tables import Column, block, figure, mark_legend, section, table
from btassets.render.report_types import Report

_STATS = (
    Column("total", "n", "n"),
    Column("hit_rate", "Hit rate", "pct", "share of targets among targets and stops"),
    Column("win_rate", "Wins", "pct", "gross R above 0"),
    Column("avg_r", "Gross R", "r3"),
    Column("net_avg_r", "Net R", "r3"),
    Column("median_net_r", "Median", "r3"),
    Column("net_avg_r_ex_top5", "Without best 5%", "r3"),
    Column("profit_factor", "Profit factor", "num2"),
    Column("avg_hold_days", "Held", "num1"),
    Column("net_r_per_day", "Net R a session", "r4"),
    Column("net_total_r", "Net total", "r2"),
)
_NO_WIN_RATE = tuple(c for c in _STATS if c.key != "win_rate")
_NO_HIT_RATE = tuple(c for c in _STATS if c.key != "hit_rate")

SIGNAL_LABELS: dict[str, str] = {signal.name: signal.label for signal in SIGNALS}


def signal_labels(report: Report) -> Mapping[str, str]:
    """Label of every signal, built in and own."""
    return SIGNAL_LABELS | {row["signal"]: row["label"] or row["signal"] for row in report["statistics"]["own_signals"]}


def _interval(row: Mapping[str, Any], key: str) -> tuple[float | None, float | None]:
    """Interval of an estimate, `<key>_ci` as [low, high], if the document has one."""
    low_high = row.get(f"{key}_ci")
    return (low_high[0], low_high[1]) if low_high else (None, None)


def _mark(row: Mapping[str, Any], key: str, css: str) -> Mark:
    return Mark(css, row.get(key), *_interval(row, key))


def _net_row(label: str, row: Mapping[str, Any], *, is_current: bool = False) -> Row:
    words = f"{shown(row['net_avg_r'], 'r3')}, n {shown(row['total'], 'n')}"
    return Row(
        label,
        words,
        (_mark(row, "net_avg_r", "m-main"), _mark(row, "net_avg_r_ex_top5", "m-trim")),
        is_current=is_current,
    )


_NET_LEGEND = (("m-main", "mean net R"), ("m-trim", "without the best 5%"))


def setups(report: Report) -> str:
    """Qualified setups against all."""
    populations = (
        ("Qualified", "overall_qualified", report["overall_qualified"]),
        ("Qualified, long", "by_direction.long", report["by_direction"]["long"]),
        ("Qualified, short", "by_direction.short", report["by_direction"]["short"]),
        ("All setups", "overall_all", report["overall_all"]),
    )
    rows = [{"population": label, **row} for label, _, row in populations]
    columns = (
        Column("population", "Setups"),
        *_NO_WIN_RATE,
        Column("best_r", "Best", "r2"),
        Column("worst_r", "Worst", "r2"),
    )
    lead = (
        f"{report['qualified']:,} of {report['candidates']:,} setups qualify; graded by the race of target and stop "
        f"over at most {report['params']['horizon_days']} sessions. 1R is the distance from entry to stop."
    )
    drawn = [_net_row(label, row, is_current=label == "Qualified") for label, _, row in populations if row["total"]]
    chart = charts.dot_rows(
        "populations",
        "Net R of qualified setups and of all",
        "Mean net R per setup. " + _sentence(drawn),
        drawn,
    )
    behind = table(rows, columns, caption="Setups by population")
    drops = _drops(report)
    net = figure("Net R", "Mean per setup after costs.", chart, behind, legend=mark_legend(_NET_LEGEND))
    return section("setups", "Setups", lead, f'<div class="grid">{net}{drops}</div>')


def _sentence(rows: Sequence[Row]) -> str:
    return "; ".join(f"{row.label}: {row.words}" for row in rows) + "."


def _drops(report: Report) -> str:
    drops = report["drops"]
    rows = [
        {"reason": reason, "all": drops["all"].get(reason), "qualified": drops["qualified"].get(reason)}
        for reason in drops["all"]
    ]
    columns = (
        Column("reason", "Reason for no result", "words"),
        Column("all", "All setups", "n"),
        Column("qualified", "Qualified", "n"),
    )
    inner = table(rows, columns, caption="Setups without a result", none="Every setup has a result.")
    return block(
        "Setups without a result", ("They stay in the table of candidates and are excluded from every mean."), inner
    )


def exits_and_gate(report: Report) -> str:
    """How long to hold, how strict to be."""
    holds = [_net_row(f"Hold {row['hold_days']} sessions", row) for row in report["time_exit_sweep"]]
    target = _net_row("Target or stop", report["overall_qualified"], is_current=True)
    hold_rows = [r for r in (target, *holds) if r.marks[0].value is not None]
    hold_chart = charts.dot_rows(
        "holds", "Net R by exit", "Mean net R of the qualified setups. " + _sentence(hold_rows), hold_rows
    )
    hold_table = table(
        report["time_exit_sweep"],
        (Column("hold_days", "Sessions", "n"), *_NO_HIT_RATE),
        json="time_exit_sweep",
        caption="Fixed holds with the initial stop",
    )
    current = report["min_momentum_percentile"]
    gates = [
        _net_row(
            "Floors only"
            if row["min_momentum_percentile"] == 0
            else f"Percentile {row['min_momentum_percentile']:g} and above",
            row,
            is_current=row["min_momentum_percentile"] == current,
        )
        for row in report["sweep"]
    ]
    gate_rows = [r for r in gates if r.marks[0].value is not None]
    gate_chart = charts.dot_rows(
        "gate",
        "Net R by momentum cutoff",
        "Mean net R of setups that pass the floors. " + _sentence(gate_rows),
        gate_rows,
    )
    gate_table = table(
        report["sweep"],
        (Column("min_momentum_percentile", "Cutoff", "g"), *_NO_WIN_RATE),
        json="sweep",
        caption="Momentum cutoffs over the same floors",
    )
    legend = mark_legend(_NET_LEGEND)
    return section(
        "sweeps",
        "Exit and gate",
        "The setting in force is bold. The best row of a sweep is biased upward by selection.",
        '<div class="grid">',
        figure(
            "How many sessions to hold?",
            "Qualified setups, target race against fixed holds with the stop.",
            hold_chart,
            hold_table,
            legend=legend,
        ),
        figure(
            "How strict should the gate be?",
            "Same floors under six cutoffs; a cutoff keeps longs only.",
            gate_chart,
            gate_table,
            legend=legend,
        ),
        "</div>",
    )


def floors_and_signals(report: Report) -> str:
    """The value of each floor, and the predictive power of the ranking."""
    return section("floors", "Floors and signals", "", f'<div class="grid">{_ablation(report)}{_signals(report)}</div>')


def _ablation(report: Report) -> str:
    """Each floor removed in turn, as a difference under both exits."""
    hold = next((row["hold_days"] for row in report["gate_ablation"]), None)
    rows = [
        Row(
            variant_label(row["variant"]),
            f"{shown(row['delta_net_avg_r'], 'r3')} / {shown(row['delta_hold_net_avg_r'], 'r3')}, "
            f"n {shown(row['delta_total'], 'sn')}",
            (_mark(row, "delta_net_avg_r", "m-main"), _mark(row, "delta_hold_net_avg_r", "m-hold")),
        )
        for row in report["gate_ablation_deltas"]
        if row["delta_net_avg_r"] is not None
    ]
    chart = charts.dot_rows(
        "ablation",
        "Net R without each floor, against all floors",
        "Difference of mean net R. " + _sentence(rows),
        rows,
    )
    columns = (
        Column("variant", "Gate", "words"),
        Column("total", "n", "n"),
        Column("net_avg_r", "Net R, target", "r3"),
        Column("hold_net_avg_r", "Net R, hold", "r3"),
        Column("hold_avg_r", "Gross R, hold", "r3"),
        Column("hit_rate", "Hit rate", "pct"),
        Column("median_net_r", "Median, target", "r3"),
        Column("net_avg_r_ex_top5", "Without best 5%", "r3"),
    )
    behind = table(report["gate_ablation"], columns, json="gate_ablation", caption="Floors removed in turn")
    deltas = table(
        report["gate_ablation_deltas"],
        (
            Column("variant", "Gate", "words"),
            Column("delta_total", "More setups", "sn"),
            Column("delta_net_avg_r", "Change, target", "r3"),
            Column("delta_hold_net_avg_r", "Change, hold", "r3"),
        ),
        json="gate_ablation_deltas",
        caption="Change against all floors",
    )
    note = (
        f"Change of mean net R without a floor, target exit / hold of {hold or '-'} sessions, and of n. Right of "
        "zero the floor costs."
    )
    legend = mark_legend((("m-main", "target exit"), ("m-hold", "hold")))
    return figure("Which floor adds value?", note, chart, deltas + behind, legend=legend)


def _star(row: Mapping[str, Any]) -> str:
    """A star marks |t| >= 2 over windows that hardly overlap; a thin row never has one."""
    t = row["ic_t_stat"]
    return "*" if row["reliable"] and t is not None and abs(t) >= 2 else ""


def _signals(report: Report) -> str:
    """How well each signal ranked the universe."""
    labels = signal_labels(report)
    rows = [
        Row(
            labels.get(row["signal"], str(row["signal"])) + _star(row),
            f"{shown(row['mean_ic'], 'snum4')}, t {shown(row['ic_t_stat'], 'snum2')}, n {shown(row['weeks'], 'n')}",
            (_mark(row, "mean_ic", "m-main"),),
            is_grey=not row["reliable"],
        )
        for row in report["signal_eval"]
    ]
    known = [row for row in rows if row.marks[0].value is not None]
    chart = charts.dot_rows(
        "signals",
        "Mean rank correlation with the next 30 sessions",
        "Mean weekly information coefficient. " + _sentence(known),
        known,
        kind="snum2",
    )
    columns = (
        Column("signal", "Signal", "words"),
        Column("weeks", "Weeks", "n"),
        Column("avg_cross_section", "Tickers", "num1"),
        Column("mean_ic", "Mean IC", "snum4"),
        Column("ic_t_stat", "t", "snum2", "over the same weeks, allowing for the overlap of their windows"),
        Column("ic_positive_pct", "Weeks above 0", "pct"),
        Column(
            "mean_quintile_spread",
            "Quintile spread",
            "snum4",
            "top fifth minus bottom fifth, fraction of price",
        ),
        Column("reliable", "Enough weeks", "yes"),
    )
    behind = table(
        report["signal_eval"],
        columns,
        json="signal_eval",
        caption="Signals",
        row_css=lambda row: "" if row["reliable"] else "grey",
        none="No week had enough tickers.",
    )
    note = (
        "Mean weekly rank correlation with the next 30 sessions, n in weeks. Grey: too few windows for a "
        f"conclusion. Star: |t| of 2 or more over windows that hardly overlap; {len(rows)} signals were tested."
    )
    return figure("Does the ranking predict returns?", note, chart, behind)


_CALIBRATED = (("all", "c-hold", "All setups"), ("long", "c-ew", "Long"), ("short", "c-target", "Short"))


def _largest_gaps(report: Report) -> str:
    """Largest gap of a bin by direction: pooled, the drift of longs hides behind that of shorts."""
    found = []
    for direction in DIRECTIONS:
        own = [row["gap_pct"] for row in report["calibration"] if row["direction"] == direction]
        gaps = [gap for gap in own if gap is not None]
        if gaps:
            found.append(f"{direction} {max(gaps, key=abs):+.1f}")
    return f" Largest gap of a bin, in points: {', '.join(found)}." if found else ""


def calibration(report: Report) -> str:
    """Stated against realised probability."""
    series = []
    for direction, css, label in _CALIBRATED:
        own = [
            (row["mean_stated_pct"], row["hit_pct"])
            for row in report["calibration"]
            if row["direction"] == direction and row["hit_pct"] is not None and row["mean_stated_pct"] is not None
        ]
        if own:
            series.append((css, label, own))
    words = _largest_gaps(report)
    chart = charts.calibration_chart(
        "calibration-curve",
        "Stated and realised probability of the target",
        f"Ten bins of equal count.{words}",
        list(reversed(series)),
    )
    columns = (
        Column("bin", "Bin", "n"),
        Column("n", "n", "n"),
        Column("min_stated_pct", "From", "pct"),
        Column("max_stated_pct", "To", "pct"),
        Column("mean_stated_pct", "Stated mean", "pct"),
        Column("hit_pct", "Hit", "pct"),
        Column("gap_pct", "Gap", "points"),
    )
    both = (Column("direction", "Setups"), *columns)
    behind = table(report["calibration"], both, json="calibration", caption="Calibration", none="No graded setup.")
    note = (
        "Share of setups that reached the target before the stop; on the diagonal the stated probability is "
        f"exact.{words} It is the probability without drift and says nothing about a setup's expected value."
    )
    legend = mark_legend([(css, label) for css, label, _ in series])
    drawn = figure("Stated and realised", note, chart, behind, legend=legend)
    bins = table(
        [row for row in report["calibration"] if row["direction"] == "all"],
        columns,
        caption="All setups by stated probability",
        none="No graded setup.",
    )
    beside = block("Ten bins of equal count", "All setups, graded from the signal close.", bins)
    return section("calibration", "Calibration", "", f'<div class="grid">{drawn}{beside}</div>')
