"""The report as one JSON-able document: every number that the page shows.

Belongs here: which key holds what, in which order. Does not belong here: the numbers of the method
(`report_numbers.py`), curves (`report_curves.py`), facts of the book (`report_facts.py`), drawing
(`btassets.render`). Nothing in it tells a time or a machine; a missing value is null.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets import __version__
from btassets.book.book import Book
from btassets.code_version import code_version
from btassets.engine.floors import ALL_FLOORS
from btassets.engine.portfolio.sizing import size
from btassets.graph.registry import STAGES
from btassets.render.report_types import Report
from btassets.run.freshness import data_version
from btassets.stages.advice.report_inputs import read_report_inputs
from btassets.stages.advice.report_numbers import ReportInputs, report_numbers, rounded_rows
from btassets.stages.advice.todays_setups import TodaysList, todays_list
from btassets.stages.bars.sessions import read_sessions
from btassets.stages.report import report_curves as curves
from btassets.stages.report import report_facts as facts
from btassets.stages.report.report_answer import answer
from btassets.stages.report.report_risk import risk_document
from btassets.stages.report.report_statistics import statistics_document, with_intervals, with_verdicts

_SETUP_DIGITS = {
    **dict.fromkeys(("rr", "vote_trend", "vote_position", "vote_directional", "vote_rsi", "vote_volume"), 2),
    **dict.fromkeys(("confidence", "percentile", "primary_prob", "level_strength"), 1),
    "adv20_usd": 0,
}


def report_document(book: Book) -> Report:
    """Assemble the report of a scenario from the lake.

    Returns
    -------
    dict
        First the keys of `report_numbers` (those of the legacy profile's report, and in the standard profile its
        additions), then what the page shows around them.
    """
    lake, scenario = book.lake, book.scenario
    sessions = read_sessions(book)
    calibration = lake.read("calibration", scenario)
    drops = _drops(lake.read("graded_setups", scenario, ["drop_reason", "qualified", "is_graded"]))
    inputs = read_report_inputs(book, calibration=calibration, dropped=drops["all"])
    numbers = report_numbers(inputs)
    # The same items, with sentence and evidence, stand in `advice`.
    report: dict[str, Any] = {**numbers, "as_of": curves.iso(sessions.last)}
    report["book"] = _book(book)
    report["universe"] = facts.universe(book, sessions.last, _at_as_of(book))
    report["data_quality"] = facts.data_quality(book, _benchmark_texts(book))
    report["calibration"] = rounded_rows(calibration)
    report["gate_ablation_deltas"] = _ablation_deltas(report["gate_ablation"])
    report["drops"] = drops
    report["advice"] = _advice(book, "recommendation")
    report["research_advice"] = _advice(book, "research_recommendation")
    report["statistics"] = statistics_document(book)
    with_verdicts(report)
    if book.settings.profile == "standard":
        # The legacy profile keeps the rows of its own tables as they are; its intervals stand in `statistics`.
        with_intervals(report, book)
    report |= _curves(book, inputs)
    report["todays_setups"] = _todays(book, todays_list(book))
    ranks = lake.read("percentile_ranks", scenario, ["grid", "asof_date", "n_ranked"])
    n_thin, n_weeks = facts.thin_weeks(ranks)
    report["weeks"] = {"n": n_weeks, "n_thin": n_thin, **_first_last(ranks)}
    report["warnings"] = facts.warnings(
        book,
        report,
        last=sessions.last,
        today=np.datetime64(datetime.now(UTC).date(), "D"),
        n_thin=n_thin,
        n_weeks=n_weeks,
    )
    report["assumptions"] = facts.assumptions(book.settings, facts.benchmark_name(book.base))
    report["settings"] = facts.shown_settings(book.settings)
    report["reproduce"] = facts.reproduce(book)
    report["answer"] = answer(report)
    return cast(Report, report)


def _book(book: Book) -> dict[str, Any]:
    base = book.base
    sources = sorted({path for stage in STAGES.values() for path in stage.code})
    return {
        "name": book.folder.name,
        "source": f"files: {facts.last_part(base.source.path)}" if base.source.kind == "files" else base.source.kind,
        "basis": base.basis,
        "calendar": base.calendar,
        "benchmark": facts.benchmark_name(base),
        "data_version": data_version("ohlcv_history", book),
        "code_version": code_version(*sources),
        "btassets_version": __version__,
    }


def _at_as_of(book: Book) -> int:
    counts = book.lake.read("sessions", columns=["n_tickers"])["n_tickers"]
    return int(counts[-1].as_py())


def _benchmark_texts(book: Book) -> list[str]:
    footer = book.lake.footer("benchmark_closes")
    return [] if footer is None else list(footer.facts.get("warnings", ()))


def _drops(graded: pa.Table) -> dict[str, dict[str, int]]:
    """Setups without a result by reason, of all and of the qualified."""
    own = graded.filter(graded["qualified"])
    return {
        name: dict(sorted(Counter(r for r in rows["drop_reason"].to_pylist() if r is not None).items()))
        for name, rows in (("all", graded), ("qualified", own))
    }


def _ablation_deltas(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each gate minus `all_floors`, of the rounded numbers; null where one of the two is missing."""
    base = next((row for row in rows if row["variant"] == ALL_FLOORS), None)
    if base is None:
        return []

    def change(row: Mapping[str, Any], name: str) -> float | None:
        return None if row[name] is None or base[name] is None else round(row[name] - base[name], 3)

    return [
        {
            "variant": row["variant"],
            "delta_total": row["total"] - base["total"],
            "delta_net_avg_r": change(row, "net_avg_r"),
            "delta_hold_net_avg_r": change(row, "hold_net_avg_r"),
        }
        for row in rows
        if row is not base
    ]


def _advice(book: Book, table: str) -> list[dict[str, Any]]:
    rows = book.lake.read(table, book.scenario).drop_columns(["scenario"]).to_pylist()
    return [{**row, "evidence": json.loads(row["evidence"]), "verdict": None} for row in rows]


def _first_last(ranks: pa.Table) -> dict[str, str | None]:
    span = pc.min_max(ranks["asof_date"].filter(pc.not_equal(ranks["grid"], "latest"))).as_py()
    return {
        name: None if span[key] is None else span[key].isoformat() for name, key in (("first", "min"), ("last", "max"))
    }


def _curves(book: Book, inputs: ReportInputs) -> dict[str, Any]:
    """Curves, what they are compared with, periods, stretches and trades."""
    lake, scenario = book.lake, book.scenario
    found = curves.read_curves(lake.read("equity_curves", scenario))
    main = next(iter(found), None)
    if main is not None and "benchmark" not in found:
        added = curves.benchmark_curve(found[main], lake.read("benchmark_closes"))
        found |= {} if added is None else {"benchmark": added}
    policies = [row["policy"] for row in inputs.policies]
    is_book = {name: name in policies for name in found}
    trades, shown = lake.read("trades", scenario), main if main in policies else None
    positions = lake.read("equity_curves", scenario, ["curve", "date", "n_positions"])
    return {
        "main_policy": shown,
        "comparisons": [
            {"curve": name, **curves.curve_numbers(curve)} for name, curve in found.items() if not is_book[name]
        ],
        "equity_curves": curves.curves_document(found),
        "yearly_returns": {name: curves.returns_by(curve, "Y") for name, curve in found.items()},
        "monthly_returns": {name: curves.returns_by(curve, "M") for name, curve in found.items()},
        "drawdown_stretches": {name: curves.drawdown_stretches(curve) for name, curve in found.items()},
        "trades": curves.trades_document(trades, policies),
        "risk": risk_document(found, shown, trades, positions),
    }


def _todays(book: Book, found: TodaysList) -> dict[str, Any]:
    return {
        "as_of": None if found.as_of is None else found.as_of.isoformat(),
        "is_signal_day": found.is_signal_day,
        "last_signal_day": None if found.last_signal_day is None else found.last_signal_day.isoformat(),
        "n_setups": found.n_setups,
        "n_qualified": len(found.qualified),
        "n_ranked": found.n_ranked,
        "capital": book.settings.portfolio.starting_capital,
        "qualified": [_setup(book, row) for row in found.qualified],
        "nearest_misses": [_setup(book, row) for row in found.misses],
    }


def price(value: float) -> float:
    """A price as it is quoted: cents from a dollar on, else four digits."""
    return round(value, 2 if abs(value) >= 1 else 4)


def _setup(book: Book, row: Mapping[str, Any]) -> dict[str, Any]:
    rules = book.settings.portfolio
    shown = {k: v for k, v in row.items() if k not in ("scenario", "asof_date", "is_qualified")}
    for name in ("entry", "stop", "target"):
        shown[name] = None if shown[name] is None else price(shown[name])
    for name, digits in _SETUP_DIGITS.items():
        shown[name] = None if shown[name] is None else round(shown[name], digits)
    shares = size(row["entry"], row["stop"], rules.starting_capital, rules.risk_frac, rules.notional_cap_frac)
    shown["level_strength"] = None if row["is_projected"] else shown["level_strength"]
    floors = row["failed_floors"]
    return shown | {"failed_floors": floors.split(",") if floors else [], "shares": round(shares, 2)}
