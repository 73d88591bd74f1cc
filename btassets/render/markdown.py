"""The report in one short Markdown file: for a terminal, a mail, a pull request.

Belongs here: the headline, the key numbers, today's list. Does not belong here: everything else, which is in
report.html and report.json.
"""

from collections.abc import Sequence
from typing import Any

from btassets.render.format import MISSING, exit_words, shown
from btassets.render.labels import curve_name, main_portfolio, verdict_word
from btassets.render.report_types import Report
from btassets.render.todays_list import signal_columns

_MOST_SETUPS = 20
_BOOK = (
    ("CAGR", "cagr_pct", "pct"),
    ("Max drawdown", "max_drawdown_pct", "pct"),
    ("Sharpe", "sharpe", "num2"),
)
_SETUP = (
    ("Ticker", "ticker", "text"),
    ("Side", "direction", "text"),
    ("Entry", "entry", "price"),
    ("Stop", "stop", "price"),
    ("Target", "target", "price"),
    ("R:R", "rr", "num2"),
    ("Confidence", "confidence", "num1"),
    ("Percentile", "percentile", "num1"),
    ("Action", "action", "words"),
    ("Shares", "shares", "num2"),
)


def markdown(report: Report) -> str:
    """Markdown text of a report document."""
    book, universe = report["book"], report["universe"]
    lines = [
        f"# {_safe(book['name'])}, {report['as_of']}",
        "",
        *_answer(report),
        "",
        f"{universe['tickers']:,} tickers, {_safe(book['source'])}, {book['basis']} prices, benchmark "
        f"{_safe(book['benchmark'] or MISSING)}, profile {report['profile']}, fill {report['fill']}, scenario "
        f"{_safe(report['scenario'])}, settings {report['settings_hash']}, "
        f"data {book['data_version']}, code {book['code_version']}.",
        "",
        *_compared(report),
        "",
        *_setups(report),
        "",
        "## Warnings",
        "",
        *(f"- {_safe(words)}" for words in report["warnings"]),
        "",
        "## Advice",
        "",
        *(
            f"- {_safe(row['sentence'])} ({verdict_word(row['verdict'])})"
            for row in (*report["advice"], *report["research_advice"])
        ),
        "",
        *_today(report),
    ]
    return "\n".join(lines) + "\n"


def _answer(report: Report) -> list[str]:
    found = report["answer"]
    return [
        f"**Result.** {_safe(found['result'])}",
        "",
        f"**Luck?** {_safe(found['luck'])} ({found['verdict_word']})",
        "",
        f"**Change?** {_safe(found['change'])}",
        "",
        f"**Today.** {_safe(found['today'])}",
    ]


def _compared(report: Report) -> list[str]:
    _, row = main_portfolio(report)
    others = report["comparisons"]
    names = [
        f"Portfolio, {exit_words(report['main_policy'])}" if report["main_policy"] else "No portfolio",
        *(curve_name(report, other["curve"]) for other in others),
    ]
    rows = [
        [label, shown(row.get(key), kind), *(shown(other[key], kind) for other in others)] for label, key, kind in _BOOK
    ]
    rows.append(["Trades", shown(row.get("trades"), "n"), *([MISSING] * len(others))])
    rows.append(["Win rate", shown(row.get("win_rate"), "pct"), *([MISSING] * len(others))])
    return _table(["", *names], rows)


def _setups(report: Report) -> list[str]:
    rows = []
    for label, row in (("Qualified", report["overall_qualified"]), ("All", report["overall_all"])):
        keys = (
            ("total", "n"),
            ("hit_rate", "pct"),
            ("net_avg_r", "r3"),
            ("median_net_r", "r3"),
            ("net_avg_r_ex_top5", "r3"),
        )
        rows.append([label, *(shown(row[key], kind) for key, kind in keys)])
    return _table(["Setups", "n", "Hit rate", "Net R", "Median", "Without best 5%"], rows)


def _today(report: Report) -> list[str]:
    today = report["todays_setups"]
    rows = today["qualified"]
    day = (
        "a signal day"
        if today["is_signal_day"]
        else f"a preview; last signal day {today['last_signal_day'] or MISSING}"
    )
    head = ["## Today's setups", "", f"{len(rows)} qualify at {today['as_of'] or MISSING}, {day}."]
    if not rows:
        return head
    columns = [*_SETUP, *((name, name, "g") for name in signal_columns(rows))]
    listed: list[Any] = rows[:_MOST_SETUPS]
    table = _table(
        [label for label, _, _ in columns],
        [[shown(r[key], kind) for _, key, kind in columns] for r in listed],
    )
    more = ["", f"{len(rows) - _MOST_SETUPS} more in report.json."] if len(rows) > _MOST_SETUPS else []
    return [*head, "", *table, *more]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---", *(["---:"] * (len(head) - 1))], *rows]
    return ["| " + " | ".join(_safe(cell) for cell in line) + " |" for line in lines]


def _safe(text: object) -> str:
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
