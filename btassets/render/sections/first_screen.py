"""First screen: title, equity curve, six tiles, the answer, and today's action.

Belongs here: what a reader must see within ten seconds. Does not belong here: the evidence (`portfolio.py`,
`evidence.py`) and the method (`method.py`).
"""

from collections.abc import Mapping
from typing import Any

from btassets.render.format import esc, exit_words, html, prose
from btassets.render.html_tables import value_at
from btassets.render.labels import curve_name, main_portfolio, verdict_chip
from btassets.render.report_types import Report
from btassets.render.sections.equity import equity_figure

_CURVE_HEIGHT = 250


def first_screen(report: Report) -> str:
    """Title, curve, tiles, answer and the line of today."""
    return f'{_title(report)}<div class="first">{_curve(report)}{tiles(report)}{_answer(report)}</div>'


def _title(report: Report) -> str:
    book, universe = report["book"], report["universe"]
    what = f"{universe['tickers']:,} tickers from {book['source']}"
    against = f"against {book['benchmark']}" if book["benchmark"] else "without a benchmark"
    scenario = "" if report["scenario"] == "base" else f", scenario {report['scenario']}"
    line = prose(f"As of {report['as_of']}: {what}, {against}{scenario}")
    return f'<header><h1>{esc(book["name"])}</h1><p class="what">{line}</p></header>'


def _curve(report: Report) -> str:
    if not report["equity_curves"]["series"]:
        return '<p class="none">The portfolio made no trade: no as-of date had a ranked ticker.</p>'
    return equity_figure(report, "first-equity", _CURVE_HEIGHT)


def _answer(report: Report) -> str:
    found = report["answer"]
    today = f'<p class="today"><b>Today.</b> {prose(found["today"])} <a href="#today">The list</a></p>'
    return answer_block(found, verdict_chip(found["verdict"]), today)


def answer_block(found: Mapping[str, Any], chip: str, after: str = "") -> str:
    """The answer in plain sentences: result, luck, change.

    Parameters
    ----------
    found
        Sentences under `result`, `luck`, `change`.
    chip
        Verdict beside the sentence about luck.
    after
        Markup below them.
    """
    rows = "".join(
        f"<p><b>{esc(label)}</b> {prose(found[key])}{f' {chip}' if key == 'luck' else ''}</p>"
        for label, key in (("Result.", "result"), ("Luck?", "luck"), ("Change?", "change"))
    )
    return f'<section id="answer" aria-label="The answer">{rows}{after}</section>'


def tiles(report: Report) -> str:
    """A few numbers with their comparisons."""
    at, _ = main_portfolio(report)
    policy = exit_words(report["main_policy"])
    setups = "overall_qualified"
    parts = [
        _tile(report, "CAGR", f"{at}.cagr_pct", "pct", _beside(report, "cagr_pct", "pct"), policy),
        _tile(
            report,
            "Max drawdown",
            f"{at}.max_drawdown_pct",
            "pct",
            _beside(report, "max_drawdown_pct", "pct"),
            policy,
        ),
        _tile(
            report,
            "Sharpe",
            f"{at}.sharpe",
            "num2",
            [*_beside(report, "sharpe", "num2"), *_sharpe_interval(report)],
            policy,
        ),
        _tile(
            report,
            "Net R per setup",
            f"{setups}.net_avg_r",
            "r3",
            [
                ("median", f"{setups}.median_net_r", "r3"),
                ("without best 5%", f"{setups}.net_avg_r_ex_top5", "r3"),
                *_net_r_interval(report),
                ("graded setups", f"{setups}.total", "n"),
            ],
            "qualified, target exit",
        ),
        _tile(
            report,
            "Trades",
            f"{at}.trades",
            "n",
            [
                ("win rate", f"{at}.win_rate", "pct"),
                ("net R per trade", f"{at}.avg_net_r", "r3"),
                ("sessions held", f"{at}.avg_hold_days", "num1"),
            ],
            policy,
        ),
    ]
    parts.append(_todays_tile(report) if "todays_setups" in report else _given_tile(report))
    return f'<section id="tiles" aria-label="Key numbers" class="tiles">{"".join(parts)}</section>'


def _net_r_interval(report: Report) -> list[tuple[str, str, str]]:
    """Interval of the mean net R; too few setups and the legacy profile have none."""
    if not report["overall_qualified"].get("net_avg_r_ci"):
        return []
    return [("95%", "overall_qualified.net_avg_r_ci.0 overall_qualified.net_avg_r_ci.1", "r2")]


def _given_tile(report: Report) -> str:
    """In the place of today's setups where a table of setups was graded."""
    sides = [(side, f"by_direction.{side}.total", "n") for side in ("long", "short")]
    return _tile(
        report, "Qualified", "qualified", "n", [("given setups", "candidates", "n"), *sides], "passed the gate"
    )


def _todays_tile(report: Report) -> str:
    return _tile(
        report,
        "Today's setups",
        "todays_setups.n_qualified",
        "n",
        [
            ("setups seen", "todays_setups.n_setups", "n"),
            ("tickers ranked", "todays_setups.n_ranked", "n"),
            ("capital, dollars", "todays_setups.capital", "usd0"),
        ],
        "a signal day" if report["todays_setups"]["is_signal_day"] else "a preview",
    )


def _sharpe_interval(report: Report) -> list[tuple[str, str, str]]:
    for at, row in enumerate(report["statistics"]["book"]):
        if row["measure"] == "sharpe" and row["policy"] == report["main_policy"] and row["ci"] is not None:
            return [("95%", f"statistics.book.{at}.ci.0 statistics.book.{at}.ci.1", "num2")]
    return []


def _beside(report: Report, key: str, kind: str) -> list[tuple[str, str, str]]:
    rows = []
    for at, row in enumerate(report["comparisons"]):
        rows.append((curve_name(report, row["curve"]), f"comparisons.{at}.{key}", kind))
    return rows


def _tile(report: Report, label: str, place: str, kind: str, beside: list[tuple[str, str, str]], about: str) -> str:
    lines = "".join(f"<div><dt>{esc(term)}</dt><dd>{_values(report, at, k)}</dd></div>" for term, at, k in beside)
    return (
        f'<div class="tile"><p class="label">{esc(label)}</p>'
        f'<p class="value" data-json="{place}" data-kind="{kind}">{html(value_at(report, place), kind)}</p>'
        f'<p class="about">{esc(about)}</p><dl>{lines}</dl></div>'
    )


def _values(report: Report, places: str, kind: str) -> str:
    """The value at a place; of two places, separated by a space, an interval."""
    values = (
        f'<span data-json="{at}" data-kind="{kind}">{html(value_at(report, at), kind)}</span>' for at in places.split()
    )
    return " to ".join(values)
