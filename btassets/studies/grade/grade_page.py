"""The graded setups on one page, in the dress of a book's report.

Belongs here: the parts of a report that given setups have, and their order. Does not belong here: grading
(`grade.py`), intervals and verdicts (`grade_statistics.py`), the sections themselves (`btassets.render.sections`).
Today's list and the claims on a ranking need a book's replay: the page has no empty section for them.
"""

from collections.abc import Mapping
from typing import Any, cast

import pyarrow.compute as pc

from btassets.render.claims import interval
from btassets.render.format import esc, exit_words, prose, shown
from btassets.render.html_tables import facts, section
from btassets.render.labels import verdict_chip, verdict_word
from btassets.render.report_page import contents, shell
from btassets.render.report_types import Report
from btassets.render.sections import evidence, portfolio, risk
from btassets.render.sections.claim_table import claims_section
from btassets.render.sections.equity import equity_figure
from btassets.render.sections.first_screen import answer_block, tiles
from btassets.stages.advice.report_numbers import rounded_rows
from btassets.stages.report import report_curves as curves
from btassets.stages.report.report_answer import result_sentence
from btassets.stages.report.report_document import ablation_deltas, drops_document
from btassets.stages.report.report_risk import risk_document
from btassets.stages.report.report_statistics import claim_row, tested_row, with_group_intervals
from btassets.stages.statistics.stat_sample import TARGET
from btassets.studies.grade.grade import GradeResult

_NOT_TESTED = "Too little data to test whether that is luck."
_SAYS = {
    "supported": "setups like these pay, beyond luck",
    "not distinguishable from noise": "this history cannot tell it from luck",
    "contradicted": "setups like these lose, beyond luck",
}
_LEGACY = "The legacy profile has no intervals and no verdicts."


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
    found_in = result.statistics()
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
        "statistics": {
            "own_signals": [],
            "book": [
                {"policy": row["policy"], "measure": row["measure"], **tested_row(row)} for row in found_in.portfolio
            ],
            "claims": [claim_row(row) for row in found_in.claims],
        },
        "ticker_pages": {},
        "notes": list(result.warnings),
    }
    if found_in.groups:
        with_group_intervals(document, found_in.groups, found_in.pairs, result.settings)
    document["answer"] = _answer(document)
    return document


def _answer(document: Mapping[str, Any]) -> dict[str, Any]:
    own, every = document["overall_qualified"], document["overall_all"]
    exit_name = TARGET if document["main_policy"] in (None, TARGET) else None
    claim = next(
        (
            row
            for row in document["statistics"]["claims"]
            if row["topic"] == "expectancy" and (row["item_key"] == TARGET) is (exit_name == TARGET)
        ),
        None,
    )
    verdict = None if claim is None else claim["verdict"]
    luck = (
        f"A qualified setup earned {shown(own['net_avg_r'], 'r3')} after costs, all setups "
        f"{shown(every['net_avg_r'], 'r3')}. "
    )
    if claim is None:
        luck += _LEGACY
    elif verdict is None:
        luck += _NOT_TESTED
    else:
        mean = f"{shown(claim['estimate'], 'r3')} (95% interval {interval(claim)})"
        luck += f"With the {exit_words(claim['item_key'])} it was {mean}: {_SAYS[verdict]}."
    change = (
        f"{shown(document['qualified'], 'n')} of {shown(document['candidates'], 'n')} setups pass the gate. Other "
        "floors and holds are compared below; the best row of a sweep is biased upward."
    )
    return {
        "result": result_sentence(document),
        "luck": luck,
        "change": change,
        "verdict": verdict,
        "verdict_word": verdict_word(verdict),
    }


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
        claims_section(report),
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
    return f'{head}<div class="first">{curve}{tiles(report)}{_answer_block(report)}</div>'


def _answer_block(report: Report) -> str:
    found = report["answer"]
    return answer_block(found, verdict_chip(found["verdict"]) if report["statistics"]["claims"] else "")


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
