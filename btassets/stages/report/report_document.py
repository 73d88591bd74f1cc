"""The report as one JSON document: every number shown on the page.

Belongs here: the keys and their order. Does not belong here: the numbers of the method (`report_numbers.py`), curves
(`report_curves.py`), facts of the book (`report_facts.py`), drawing (`btassets.render`). It contains no time and no
machine name; missing values are null.
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
from btassets.engine.days import iso_day
from btassets.engine.floors import ALL_FLOORS
from btassets.engine.portfolio.sizing import size
from btassets.graph.flow import STAGES
from btassets.render.report_types import Report
from btassets.render.todays_list import rounded_signal, signal_columns
from btassets.run.stage_code import code_version_of_all
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.advice.report_inputs import read_report_inputs
from btassets.stages.advice.report_numbers import ReportInputs, price, report_numbers, rounded_rows
from btassets.stages.advice.todays_setups import TodaysList, todays_list
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.report import report_curves as curves
from btassets.stages.report import report_facts as facts
from btassets.stages.report.report_answer import answer
from btassets.stages.report.report_excursions import excursions
from btassets.stages.report.report_gate import gate_warnings
from btassets.stages.report.report_journal import journal_document
from btassets.stages.report.report_null_market import null_market_document
from btassets.stages.report.report_ranking import ranking_document
from btassets.stages.report.report_risk import risk_document
from btassets.stages.report.report_statistics import statistics_document, with_intervals, with_verdicts
from btassets.stages.report.ticker_pages import page_paths

_SETUP_DIGITS = {
    **dict.fromkeys(("rr", "vote_trend", "vote_position", "vote_directional", "vote_rsi", "vote_volume"), 2),
    **dict.fromkeys(("confidence", "percentile", "primary_prob", "level_strength"), 1),
    "adv20_usd": 0,
}


def report_document(tables: Tables, settings: Settings) -> Report:
    """Assemble the report of a scenario from its tables.

    Returns
    -------
    dict
        First the keys of `report_numbers` (those of the legacy profile's report, and in the standard profile its
        additions), then the other content of the page.
    """
    sessions = read_sessions(tables)
    calibration = tables["calibration"].read()
    drops = drops_document(tables["graded_setups"].read(["drop_reason", "qualified", "is_graded"]))
    inputs = read_report_inputs(tables, settings, calibration=calibration, dropped=drops["all"])
    numbers = report_numbers(inputs)
    # The same items, with sentence and evidence, are in `advice`.
    report: dict[str, Any] = {**numbers, "as_of": iso_day(sessions.last)}
    report["book"] = _book(tables, settings)
    report["universe"] = facts.universe(tables, settings, sessions.last, _at_as_of(tables))
    report["data_quality"] = facts.data_quality(tables, settings, _benchmark_texts(tables))
    report["calibration"] = rounded_rows(calibration)
    report["gate_ablation_deltas"] = ablation_deltas(report["gate_ablation"])
    report["drops"] = drops
    report["advice"] = _advice(tables, "recommendation")
    report["research_advice"] = _advice(tables, "research_recommendation")
    report["statistics"] = statistics_document(tables)
    report["excursions"] = excursions(tables, report["statistics"]["pairs"])
    with_verdicts(report)
    if settings.profile == "standard":
        # The legacy profile keeps the rows of its own tables unchanged; its intervals are in `statistics`.
        with_intervals(report, tables, settings)
    report |= _curves(tables, inputs)
    report["todays_setups"] = _todays(settings, todays_list(tables, settings))
    report["journal"] = journal_document(tables)
    report["ranking"] = ranking_document(tables, settings)
    report["null_market"] = null_market_document(tables)
    ranks = tables["percentile_ranks"].read(["grid", "asof_date", "n_ranked"])
    n_thin, n_weeks = facts.thin_weeks(ranks)
    report["weeks"] = {"n": n_weeks, "n_thin": n_thin, **_first_last(ranks)}
    report["warnings"] = facts.warnings(
        tables,
        settings,
        report,
        last=sessions.last,
        today=np.datetime64(datetime.now(UTC).date(), "D"),
        n_thin=n_thin,
        n_weeks=n_weeks,
    )
    report["warnings"] += gate_warnings(tables, settings)
    report["assumptions"] = facts.assumptions(settings, facts.benchmark_name(settings))
    report["settings"] = facts.shown_settings(settings)
    report["reproduce"] = facts.reproduce(tables.context, settings)
    report["answer"] = answer(report)
    known = [ticker for ticker, facts in tables.bucketed("ohlcv_history").footers().items() if facts["n_rows"]]
    report["ticker_pages"] = page_paths(cast(Report, report), settings, known)
    return cast(Report, report)


def _book(tables: Tables, settings: Settings) -> dict[str, Any]:
    source = settings.source
    return {
        "name": tables.context.book_name,
        "source": f"files: {facts.last_part(source.path)}" if source.kind == "files" else source.kind,
        "basis": settings.basis,
        "calendar": settings.calendar,
        "benchmark": facts.benchmark_name(settings),
        "data_version": tables.version("ohlcv_history"),
        "code_version": code_version_of_all(STAGES.values()),
        "btassets_version": __version__,
    }


def _at_as_of(tables: Tables) -> int:
    counts = tables["sessions"].read(["n_tickers"])["n_tickers"]
    return int(counts[-1].as_py())


def _benchmark_texts(tables: Tables) -> list[str]:
    return list(tables["benchmark_closes"].facts.get("warnings", ()))


def drops_document(graded: pa.Table) -> dict[str, dict[str, int]]:
    """Setups without a result by reason, of all and of the qualified."""
    own = graded.filter(graded["qualified"])
    return {
        name: dict(sorted(Counter(r for r in rows["drop_reason"].to_pylist() if r is not None).items()))
        for name, rows in (("all", graded), ("qualified", own))
    }


def ablation_deltas(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each gate minus `all_floors`, of the rounded numbers; null if one of the two is missing."""
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


def _advice(tables: Tables, table: str) -> list[dict[str, Any]]:
    rows = tables[table].read().drop_columns(["scenario"]).to_pylist()
    return [{**row, "evidence": json.loads(row["evidence"]), "verdict": None} for row in rows]


def _first_last(ranks: pa.Table) -> dict[str, str | None]:
    span = pc.min_max(ranks["asof_date"].filter(pc.not_equal(ranks["grid"], "latest"))).as_py()
    return {
        name: None if span[key] is None else span[key].isoformat() for name, key in (("first", "min"), ("last", "max"))
    }


def _curves(tables: Tables, inputs: ReportInputs) -> dict[str, Any]:
    """Curves, comparisons, periods, drawdowns and trades."""
    found = curves.read_curves(tables["equity_curves"].read())
    main = next(iter(found), None)
    if main is not None and "benchmark" not in found:
        added = curves.benchmark_curve(found[main], tables["benchmark_closes"].read())
        found |= {} if added is None else {"benchmark": added}
    policies = [row["policy"] for row in inputs.policies]
    is_book = {name: name in policies for name in found}
    trades, shown = tables["trades"].read(), main if main in policies else None
    positions = tables["equity_curves"].read(["curve", "date", "n_positions"])
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


def _todays(settings: Settings, found: TodaysList) -> dict[str, Any]:
    return {
        "as_of": None if found.as_of is None else found.as_of.isoformat(),
        "is_signal_day": found.is_signal_day,
        "last_signal_day": None if found.last_signal_day is None else found.last_signal_day.isoformat(),
        "n_setups": found.n_setups,
        "n_qualified": len(found.qualified),
        "n_ranked": found.n_ranked,
        "capital": settings.portfolio.starting_capital,
        "qualified": [_setup(settings, row) for row in found.qualified],
        "nearest_misses": [_setup(settings, row) for row in found.misses],
    }


def _setup(settings: Settings, row: Mapping[str, Any]) -> dict[str, Any]:
    rules = settings.portfolio
    shown = {k: v for k, v in row.items() if k not in ("scenario", "asof_date", "is_qualified")}
    for name in ("entry", "stop", "target"):
        shown[name] = None if shown[name] is None else price(shown[name])
    for name, digits in _SETUP_DIGITS.items():
        shown[name] = None if shown[name] is None else round(shown[name], digits)
    shown |= {name: rounded_signal(name, shown[name]) for name in signal_columns([shown])}
    shares = size(row["entry"], row["stop"], rules.starting_capital, rules.risk_frac, rules.notional_cap_frac)
    shown["level_strength"] = None if row["is_projected"] else shown["level_strength"]
    floors, against = row["failed_floors"], row["conflicts"]
    shown["targets"] = [
        target
        | {"price": price(target["price"]), "rr": round(target["rr"], 2)}
        | {"probability_pct": round(target["probability_pct"], 1)}
        for target in row["targets"]
    ]
    lists = {"failed_floors": floors.split(",") if floors else [], "conflicts": against.split("; ") if against else []}
    return shown | lists | {"shares": round(shares, 2)}
