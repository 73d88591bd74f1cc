"""The graded setups on one page, in the dress of a book's report.

Belongs here: the parts of a report that given setups have, and their order. Does not belong here: grading
(`grade.py`), the sections themselves (`btassets.render.sections`). Intervals, verdicts and today's list need a book's
replay: the page says so instead of showing an empty section.
"""

from collections.abc import Mapping
from typing import Any, cast

import pyarrow.compute as pc

from btassets.render.format import esc, prose, shown
from btassets.render.html_tables import facts, section
from btassets.render.report_page import contents, shell
from btassets.render.report_types import Report
from btassets.render.sections import evidence, portfolio, risk
from btassets.render.sections.equity import equity_figure
from btassets.render.sections.first_screen import answer_block, tiles
from btassets.stages.advice.report_numbers import rounded_rows
from btassets.stages.report import report_curves as curves
from btassets.stages.report.report_answer import result_sentence
from btassets.stages.report.report_document import ablation_deltas, drops_document
from btassets.stages.report.report_risk import risk_document
from btassets.studies.grade.grade import GradeResult

_NOT_TESTED = (
    "Not tested: intervals, verdicts and random picks need the replay of a book. Read the number of setups beside each "
    "mean, and the mean without the best 5%."
)


def grade_document(result: GradeResult, *, name: str, benchmark: str | None) -> dict[str, Any]:
    """The report's numbers with the other parts of the page: curves, periods, trades, risk, answer.

    Parameters
    ----------
    name
        Title of the page.
    benchmark
        Name of the benchmark; None: there is none.
    """
    found = curves.read_curves(result.tables["equity_curves"])
    policies = [row["policy"] for row in result.report["portfolio_sim"]["policies"]]
    main = next((curve for curve in found if curve in policies), None)
    graded, trades = result.tables["graded_setups"], result.tables["trades"]
    last = pc.max(result.tables["equity_curves"]["date"]).as_py()
    document: dict[str, Any] = {
        "dropped": result.dropped,
        **result.report,
        "as_of": None if last is None else last.isoformat(),
        "book": {"name": name, "source": "given setups", "benchmark": benchmark},
        "main_policy": main,
        "comparisons": [
            {"curve": curve, **curves.curve_numbers(own)} for curve, own in found.items() if curve not in policies
        ],
        "equity_curves": curves.curves_document(found),
        "yearly_returns": {curve: curves.returns_by(own, "Y") for curve, own in found.items()},
        "monthly_returns": {curve: curves.returns_by(own, "M") for curve, own in found.items()},
        "drawdown_stretches": {curve: curves.drawdown_stretches(own) for curve, own in found.items()},
        "trades": curves.trades_document(trades, policies),
        "risk": risk_document(found, main, trades, result.tables["equity_curves"]),
        "calibration": rounded_rows(result.tables["calibration"]),
        "gate_ablation_deltas": ablation_deltas(result.report["gate_ablation"]),
        "drops": drops_document(graded.select(["drop_reason", "qualified", "is_graded"])),
        "statistics": {"own_signals": [], "book": []},
        "ticker_pages": {},
        "notes": list(result.warnings),
    }
    document["answer"] = _answer(document)
    return document


def _answer(document: Mapping[str, Any]) -> dict[str, str]:
    own, every = document["overall_qualified"], document["overall_all"]
    luck = (
        f"A qualified setup earned {shown(own['net_avg_r'], 'r3')} after costs, all setups "
        f"{shown(every['net_avg_r'], 'r3')}. {_NOT_TESTED}"
    )
    change = (
        f"{shown(document['qualified'], 'n')} of {shown(document['candidates'], 'n')} setups pass the gate. Other "
        "floors and holds are compared below; the best row of a sweep is biased upward."
    )
    return {"result": result_sentence(document), "luck": luck, "change": change}


def grade_page(document: Mapping[str, Any], json_name: str) -> str:
    """HTML text of a graded table's document; `json_name` is the file with its numbers."""
    report = cast(Report, document)
    parts = (
        portfolio.book(report),
        risk.risk(report),
        evidence.setups(report),
        evidence.exits_and_gate(report),
        evidence.floors_and_signals(report),
        evidence.calibration(report),
        portfolio.trades(report),
        portfolio.variants(report),
        _notes(document),
        _provenance(document),
    )
    body = _first_screen(report) + "".join(parts)
    title = f"{document['book']['name']}: graded setups"
    footer = f"Not investment advice. Every number is in {json_name} beside this file."
    return shell(title, contents(body) + body, footer)


def _first_screen(report: Report) -> str:
    book = report["book"]
    against = f"against {book['benchmark']}" if book["benchmark"] else "without a benchmark"
    line = f"{report['candidates']:,} given setups of {report['tickers']:,} tickers, {against}"
    if report["as_of"]:
        line = f"As of {report['as_of']}: {line}"
    head = f'<header><h1>{esc(book["name"])}</h1><p class="what">{prose(line)}</p></header>'
    curve = (
        equity_figure(report, "first-equity", 250)
        if report["equity_curves"]["series"]
        else '<p class="none">The portfolio made no trade.</p>'
    )
    return f'{head}<div class="first">{curve}{tiles(report)}{answer_block(report["answer"], "")}</div>'


def _notes(document: Mapping[str, Any]) -> str:
    items = "".join(f"<li>{prose(text)}</li>" for text in document["notes"])
    return section("notes", "Notes on the table", "", f'<ul class="warnings">{items}</ul>') if items else ""


def _provenance(document: Mapping[str, Any]) -> str:
    known = [
        ("As of", document["as_of"] or "-"),
        ("Profile", document["profile"]),
        ("Benchmark", document["book"]["benchmark"] or "-"),
        ("Settings", document["settings_hash"]),
        *((f"Dropped: {reason.replace('_', ' ')}", f"{n:,}") for reason, n in document["dropped"].items()),
    ]
    return section("provenance", "Provenance", "", facts(known))
