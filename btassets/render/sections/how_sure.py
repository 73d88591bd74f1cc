"""Uncertainty: verdicts of every claim, chance, trials, decay of the signals, walk-forward, regimes.

Belongs here: the content of the statistics tables for a reader. Does not belong here: the underlying results
(`portfolio.py`, `evidence.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from btassets.counted import counted
from btassets.engine.conventions import SIGNAL_HORIZON_DAYS
from btassets.render.charts import report_charts as charts
from btassets.render.charts.report_charts import Line, Mark, Row
from btassets.render.claims import (
    above_zero,
    denies,
    interval,
    or_not,
    p_words,
    shown_in,
)
from btassets.render.format import MISSING, esc, shown
from btassets.render.html_tables import Column, block, facts, figure, legend, mark_legend, section, table
from btassets.render.labels import curve_name, verdict_chip, verdict_word
from btassets.render.report_types import Report
from btassets.render.sections.claim_table import claim_columns
from btassets.render.sections.evidence import signal_labels

Values = Mapping[str, Any]

_MOST_WINDOWS = 60


def how_sure(report: Report) -> str:
    """Every claim with its verdict, and the tests of the portfolio against luck."""
    found = report["statistics"]
    claims = table(found["claims"], claim_columns(report), json="statistics.claims", caption="Claims and verdicts")
    sure = [row for row in found["claims"] if row["verdict"] == "supported"]
    n_denied = sum(map(denies, sure))
    lead = (
        f"Of {counted(len(found['claims']), 'claim')}, {len(sure) - n_denied} that something pays and {n_denied} that "
        "something adds next to nothing are clear. Clear: the sign is as claimed, p is below 0.05 over the whole "
        "family of comparisons, and the later weeks do not contradict it. The default is no change."
    )
    parts = [claims, f'<div class="grid">{_against_chance(report)}{_against_market(report)}</div>']
    parts.append(f'<div class="grid">{_decay(report)}{_walk_forward(report)}</div>')
    parts.append(f'<div class="grid">{_regimes(report)}{_ground(report)}</div>')
    return section("sure", "How sure", lead, *parts)


def _measure(rows: Sequence[Values], policy: str | None, measure: str) -> Values:
    wanted = [row for row in rows if row["measure"] == measure]
    return next((row for row in wanted if policy is None or row["policy"] == policy), {})


def _against_chance(report: Report) -> str:
    found, policy = report["statistics"], report["main_policy"]
    books = found["book"]
    picked, middle = _measure(books, policy, "random_pick"), _measure(books, policy, "random_pick_median")
    trials = next((row["estimate"] for row in found["overfit"] if row["measure"] == "trials"), None)
    luck = next((row for row in found["overfit"] if row["measure"] == "expected_max_sharpe"), {})
    total, middle_at = picked.get("estimate"), middle.get("estimate")
    rows = []
    if total is not None and middle_at is not None:
        low, high = middle["ci"] or (None, None)
        rows = [
            Row("This portfolio", f"{total + middle_at:+.1f}%", (Mark("m-main", total + middle_at),), is_current=True),
            Row("Random picks, middle and 95%", f"{middle_at:+.1f}%", (Mark("m-trim", middle_at, low, high),)),
        ]
        share = picked["p"]
        words = (
            "The portfolio never traded, so that its alpha has no t."
            if share is None
            else f"{share * 100:.1f}% of {picked['n']} random picks from similar tickers have at least this t of alpha."
        )
        chart = charts.dot_rows(
            "random-picks", "Total return of the portfolio and of random picks", words, rows, kind="pct0"
        )
    else:
        words = "Random picks need 20 ranked tickers, a cutoff and the standard ranking: not available here."
        chart = charts.empty_chart("random-picks", "Total return of the portfolio and of random picks")
    sharpe = _measure(books, policy, "sharpe")
    known = [
        (
            "Sharpe, 95% interval",
            interval(sharpe) if sharpe.get("estimate") is None else f"{shown_in(sharpe)}, {interval(sharpe)}",
        ),
        ("Configurations tried on these data", shown(trials, "n")),
        ("Sharpe expected of the best of them by luck", shown_in(luck)),
        (
            "Probability that Sharpe is above 0",
            or_not(_measure(books, policy, "probabilistic_sharpe").get("estimate"), "num2"),
        ),
        ("Probability that alpha is above 0", or_not(above_zero(_measure(books, policy, "alpha")), "num2")),
        (
            "The same after the search (deflated)",
            or_not(_measure(books, policy, "deflated_sharpe").get("estimate"), "num2"),
        ),
        (
            "Sessions required for this Sharpe",
            or_not(_measure(books, policy, "min_track_record").get("estimate"), "n"),
        ),
        ("Overfitting by cross-validation (50% is luck)", or_not(_of(found["overfit"], "pbo"), "pct0")),
    ]
    behind = table(
        [row for row in books if row["measure"] in _CHANCE],
        (*_BOOK_COLUMNS[:2], Column("estimate", "Value", render=lambda row: esc(shown_in(row))), *_BOOK_COLUMNS[3:]),
        caption="The portfolio against chance",
        none="No portfolio was simulated.",
    )
    drawn = figure(
        "Against chance",
        words,
        chart,
        behind,
        legend=mark_legend((("m-main", "this portfolio"), ("m-trim", "random picks"))),
    )
    return f"<div>{drawn}{facts(known)}</div>"


_CHANCE = ("random_pick", "random_pick_median", "sharpe", "probabilistic_sharpe", "deflated_sharpe", "min_track_record")
_BOOK_COLUMNS = (
    Column("policy", "Portfolio", "words"),
    Column("measure", "Measure", "words"),
    Column("estimate", "Estimate", render=lambda row: esc(shown_in(row))),
    Column("ci", "95% interval", render=lambda row: esc(interval(row))),
    Column("p", "p", render=lambda row: esc(p_words(row))),
    Column("n", "n", "n"),
)


def _of(rows: Sequence[Values], measure: str) -> Any:
    return next((row["estimate"] for row in rows if row["measure"] == measure), None)


def _marked(label: str, row: Values, *, is_current: bool = False, is_grey: bool = False) -> Row:
    low, high = row.get("ci") or (None, None)
    words = f"{shown_in(row)}, n {shown(row.get('n'), 'n')}"
    return Row(label, words, (Mark("m-main", row["estimate"], low, high),), is_grey=is_grey, is_current=is_current)


def _against_market(report: Report) -> str:
    rows = [
        row for row in report["statistics"]["book"] if row["measure"] in ("alpha", "active_return", "return_minus_base")
    ]
    names = {"alpha": "Alpha", "active_return": "Above benchmark", "return_minus_base": "Against default"}
    labels = {row["variant"]: row.get("label") for row in report["strategy_variants"]["variants"]}
    drawn = [
        _marked(
            f"{names[row['measure']]}: {labels.get(row['policy']) or shown(row['policy'], 'words')}",
            row,
            is_current=row["policy"] == report["main_policy"],
        )
        for row in rows
        if row["estimate"] is not None
    ]
    words = "; ".join(f"{row.label}: {row.words}" for row in drawn) or "No benchmark, or too short a history"
    chart = charts.dot_rows("alphas", "Percent a year with 95% intervals", f"{words}.", drawn, kind="pct0")
    wanted = (
        "alpha",
        "beta",
        "information_ratio",
        "active_return",
        "return_minus_base",
        "capacity",
        "break_even_cost_per_side",
    )
    measures = (
        *wanted,
        *sorted({row["measure"] for row in report["statistics"]["book"] if row["measure"].startswith("path_sd")}),
    )
    behind = table(
        [row for row in report["statistics"]["book"] if row["measure"] in measures],
        _BOOK_COLUMNS,
        caption="Portfolios against the market, costs and their own path",
        none="No portfolio was simulated.",
    )
    note = "Percent a year: alpha and return above the benchmark, and each variant minus the default; 95% intervals."
    return figure("Against the market", note, chart, behind)


def _decay(report: Report) -> str:
    signals, labels = report["statistics"]["signals"], signal_labels(report)
    primary = [row for row in signals if row["is_primary"]]
    drawn = [
        _marked(f"{row['horizon_days']} sessions", row, is_current=row["horizon_days"] == SIGNAL_HORIZON_DAYS)
        for row in primary
        if row["estimate"] is not None
    ]
    words = "; ".join(f"{row.label}: {row.words}" for row in drawn)
    chart = charts.dot_rows(
        "decay",
        "Residual momentum and the next week, by sessions held",
        f"{words}." if words else MISSING,
        drawn,
        kind="snum2",
    )
    columns = (
        Column("signal", "Signal", render=lambda row: esc(labels.get(row["signal"], str(row["signal"])))),
        Column("horizon_days", "Sessions", "n"),
        Column("estimate", "IC, next week", "snum4", "mean rank over the horizon, returns without beta x benchmark"),
        Column("ci", "95% interval", render=lambda row: esc(interval(row))),
        Column("horizon_ic", "IC, horizon", "snum4", "ranks of one week with returns over the whole horizon"),
        Column("p", "p", "num4"),
        Column("q", "q", "num4", "over the signals of the horizon"),
        Column("q_table", "q, table", "num4", "over all signals and horizons"),
        Column("spread", "Spread", "snum4", "top fifth minus bottom fifth, next week, fraction of price"),
        Column("spread_p", "its p", "num4"),
        Column("turnover_top", "Turnover", "num2", "of the top fifth in a week"),
        Column("rank_autocorrelation", "Persistence", "num2", "rank correlation with the week before"),
        Column("n", "Weeks", "n"),
        Column("verdict", "Verdict", render=lambda row: verdict_chip(row["verdict"])),
    )
    if any(row.get("neutral_ic") is not None for row in signals):
        columns += (
            Column("neutral_ic", "IC in groups", "snum4", "forward returns minus their group's"),
            Column("neutral_p", "its p", "num4"),
            Column("neutral_verdict", "In groups", render=lambda row: verdict_chip(row["neutral_verdict"])),
        )
    behind = table(
        signals, columns, json="statistics.signals", caption="Signals by horizon", none="Too few tickers or weeks."
    )
    sure = next((row["verdict"] for row in primary if row["horizon_days"] == SIGNAL_HORIZON_DAYS), None)
    judged = f"Over {SIGNAL_HORIZON_DAYS} sessions: {verdict_word(sure)}."
    note = (
        "Correlation of residual momentum's mean rank over that many sessions with the next week's return without "
        f"beta x the benchmark's, with the 95% interval behind the verdict. {judged}"
    )
    return figure("Over which horizon does the ranking predict?", note, chart, behind)


_WALK_LINES = (
    ("picked", "c-target", "Each window's pick"),
    ("fixed", "c-hold", "Settings in force"),
    ("benchmark", "c-bench", "Benchmark"),
)


def _walk_forward(report: Report) -> str:
    found = report["statistics"]
    curves, windows = found["walk_forward"], found["windows"]
    names = {name: curve_name(report, "benchmark") if name == "benchmark" else label for name, _, label in _WALK_LINES}
    lines = [Line(css, names[name], curves["series"][name]) for name, css, _ in _WALK_LINES if name in curves["series"]]
    gain = next((row for row in found["overfit"] if row["measure"] == "selected_minus_fixed"), None)
    if gain is None or gain["estimate"] is None or len(windows) < 4:
        note = f"{len(windows)} windows; with fewer than four there is no out-of-sample result."
    else:
        pays = "paid" if gain["ci"] and gain["ci"][0] > 0 else "did not pay beyond luck"
        note = (
            f"Tuning {pays}: the picks earned {shown_in(gain)} per setup more than the settings in force over "
            f"the same {len(windows)} test windows (95% interval {interval(gain)})."
        )
    last = "; ".join(
        f"{line.label}: {line.values[-1]:,.0f}" for line in lines if line.values and line.values[-1] is not None
    )
    chart = charts.line_chart(
        "walk-forward",
        "Portfolio that follows each window's pick",
        f"Final equity in dollars: {last}." if last else MISSING,
        curves["dates"],
        lines,
        height=230,
    )
    columns = (
        Column("window", "Window", "n"),
        Column("test_first", "Test from"),
        Column("test_last", "to"),
        Column("ranking", "Rank"),
        Column("min_momentum_percentile", "Cutoff", "g"),
        Column("exit", "Exit", "words"),
        Column("n_train", "n train", "n"),
        Column("train_net_r", "Net R, train", "r3"),
        Column("n_test", "n test", "n"),
        Column("test_net_r", "Net R, test", "r3"),
        Column("fixed_net_r", "In force, test", "r3"),
    )
    behind = table(
        windows[:_MOST_WINDOWS],
        columns,
        json="statistics.windows",
        caption="Walk-forward windows",
        none="The history is too short for a window.",
    )
    swatches = legend([(line.css, line.label, "") for line in lines]) if lines else ""
    return figure("What would tuning have earned?", note, chart, behind, legend=swatches)


_GROUPINGS = {"direction": "", "year": "", "trend": "Trend ", "volatility": "Volatility "}


def _regimes(report: Report) -> str:
    rows = report["statistics"]["regimes"]
    drawn = [
        _marked(
            f"{_GROUPINGS.get(row['grouping'], '')}{shown(row['member'], 'words')}".capitalize(),
            row,
            is_grey=row["is_too_short"],
        )
        for row in rows
        if row["estimate"] is not None
    ]
    words = "; ".join(f"{row.label}: {row.words}" for row in drawn)
    chart = charts.dot_rows("regimes", "R by year and regime", f"{words}." if words else MISSING, drawn)
    columns = (
        Column("grouping", "By", "words"),
        Column("member", "Which", "words"),
        Column("estimate", "Mean", "r3"),
        Column("ci", "95% interval", render=lambda row: esc(interval(row))),
        Column("n", "n", "n"),
        Column("n_weeks", "Weeks", "n"),
        Column("largest_year_pct", "Largest year", "pct0", "largest share of the net R from a single year"),
        Column("is_descriptive", "Dominated by one year", "yes"),
    )
    behind = table(
        rows, columns, json="statistics.regimes", caption="Qualified setups by regime", none="No graded setup."
    )
    is_adjusted = any(row["measure"] == "adjusted_r" for row in rows)
    what = "R after costs and without beta x the benchmark's move" if is_adjusted else "R after costs"
    note = f"{what}, longest hold, qualified setups. Grey: history too short for an interval (60 weeks)."
    return figure("Does the result hold in every regime?", note, chart, behind)


_HEALTH_KINDS = {"frac": lambda v: shown(100 * v, "pct"), "flag": lambda v: "yes" if v else "no"}


def _ground(report: Report) -> str:
    found = report["statistics"]
    rows = [
        {
            "what": row["text"],
            "value": MISSING
            if row["value"] is None
            else _HEALTH_KINDS.get(row["unit"] or "", lambda v: shown(v, "g"))(row["value"]),
        }
        for row in found["health"]
    ]
    inner = table(rows, (Column("what", "Fact"), Column("value", "Value")), caption="Data behind the statistics")
    note = (
        "The advice rules use thresholds of 0.02R for a floor and 0.05R for a hold; an effect below the column "
        "Detectable of the claims is out of reach of these data."
    )
    return block("Data behind the statistics", note, inner)
