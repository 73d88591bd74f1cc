"""Comparison of two scenarios: paired differences, trades added and removed, both curves.

Belongs here: reading the finished tables of two scenarios and pairing them. Does not belong here: running
either of them (`btassets run`), the estimator (`engine.statistics`), layout (`btassets.studies.compare.compare_page`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.book.book import Book
from btassets.engine.conventions import POLICIES
from btassets.engine.days import iso_day
from btassets.engine.floors import compared_signals, percentile_of
from btassets.engine.statistics.ewc import DAILY, Estimates, estimate
from btassets.engine.statistics.influence import Influence, difference, setup_influence
from btassets.engine.statistics.return_series import MEAN, SHARPE, daily_returns, return_influence
from btassets.errors import UsageError
from btassets.graph.stage import Reads
from btassets.render.format import exit_words
from btassets.run.freshness import input_hash, is_fresh
from btassets.run.tables import Tables
from btassets.settings.models import flatten
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.ranking.gate_signals import require_floor_columns
from btassets.stages.statistics.stat_sample import TARGET, Sample, read_sample
from btassets.studies.compare.compare_answer import answer

SAME, NOISE, SHORT = "identical", "not distinguishable from noise", "too short to tell"
HIGHER, LOWER = "higher", "lower"

MOST_TRADES = 25
"""Number of trades of each kind listed by name; all of them are counted."""

_SCHEMA_VERSION = 1
_DIGITS = 4
_BOOK_NUMBERS = ("total_return_pct", "cagr_pct", "max_drawdown_pct", "sharpe", "trades", "win_rate", "avg_net_r")
_STAGES = ("signal_ranks", "percentile_ranks", "graded_setups", "portfolio_sims")
_TABLES = ("graded_setups", "portfolio_sims", "equity_curves", "trades")
_READS = Reads(
    "compare",
    "btassets/studies/compare/compare.py",
    reads=(*_TABLES, "ohlcv_history", "sessions", "benchmark_closes"),
    outside=("membership",),
)

Row = dict[str, Any]


def compare_document(first: Book, second: Book) -> dict[str, Any]:
    """The comparison of two scenarios as plain JSON values; differences are second minus first.

    Raises
    ------
    UsageError
        If one of them was never run.
    """
    for book in (first, second):
        if any(Tables(_READS, book)[name].footer is None for name in _TABLES):
            raise UsageError(
                f"compare: scenario {book.scenario} was never run",
                f"`btassets run{'' if book.scenario == 'base' else f' --scenario {book.scenario}'}` computes it.",
            )
        require_floor_columns(Tables(_READS, book)["graded_setups"], book.settings.gates.floors)
    samples = [read_sample(Tables(_READS, book), book.settings) for book in (first, second)]
    curves = [_curves(book) for book in (first, second)]
    document: dict[str, Any] = {
        "schema_version": _SCHEMA_VERSION,
        "kind": "compare",
        "book": first.folder.name,
        "as_of": iso_day(read_sessions(Tables(_READS, first)).last),
        "scenarios": [book.scenario for book in (first, second)],
        "settings_hashes": [book.resolved.hash for book in (first, second)],
        "warnings": [
            f"stale: bars, settings or code changed since scenario {book.scenario} was computed; run it again."
            for book in ((first, second) if first.scenario != second.scenario else (first,))
            if not _is_fresh(book)
        ],
        "settings": _settings(first, second),
        "differences": [*_setup_rows(*samples), *_book_rows(*curves)],
        "books": _books(first, second),
        "setups": _setups(first, second),
        "trades": {policy: _trades(first, second, policy) for policy in reversed(POLICIES)},
        "curves": _both(curves),
    }
    document["headline"] = headline(document)
    document["answer"] = answer(document)
    return document


def _is_fresh(book: Book) -> bool:
    return all(is_fresh(name, book, input_hash(name, book)) for name in _STAGES)


def verdict(row: Mapping[str, Any]) -> str:
    """Verdict on the second scenario from a difference and its interval."""
    if row["difference"] is None:
        return SHORT
    if row["ci_lo"] is None:
        return SAME if row["difference"] == 0 else SHORT
    if row["difference"] == 0 and row["ci_lo"] == row["ci_hi"] == 0:
        return SAME
    return HIGHER if row["ci_lo"] > 0 else LOWER if row["ci_hi"] < 0 else NOISE


def _number(value: Any, digits: int = _DIGITS) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), digits)


def _row(measure: str, exit_name: str, unit: str, sides: Sequence[Influence], found: Estimates, j: int = 0) -> Row:
    row: Row = {
        "measure": measure,
        "exit": exit_name,
        "unit": unit,
        "first": _number(sides[0].estimate[j]),
        "second": _number(sides[1].estimate[j]),
        "difference": _number(found.estimate[j]),
        "ci_lo": _number(found.ci_lo[j]),
        "ci_hi": _number(found.ci_hi[j]),
        "p_raw": _number(found.p[j]),
        "mde80": _number(found.mde80[j]),
        "n_first": int(sides[0].n_obs[j]),
        "n_second": int(sides[1].n_obs[j]),
        "n_periods": int(found.n_periods[j]),
    }
    # Rounding must not turn a small difference into none.
    row["is_exact_zero"] = bool(found.estimate[j] == 0.0)
    return row | {"verdict": verdict(row) if row["difference"] != 0 or row["is_exact_zero"] else NOISE}


def paired_setups(first: Sample, second: Sample, exit_no: int, measure: str) -> tuple[list[Influence], Influence]:
    """Mean R of the qualified setups of each, and their difference week by week.

    Parameters
    ----------
    exit_no
        0 for the target race, -1 for each one's longest hold.
    measure
        `net_r` or `adjusted_r`.
    """
    sides = [
        setup_influence(s.week_no, s.r_of(measure)[:, exit_no], s.n_weeks, s.flags["qualified"])
        for s in (first, second)
    ]
    return sides, difference(sides[1], sides[0])


def _setup_rows(first: Sample, second: Sample) -> list[Row]:
    measures = ("adjusted_r", "net_r") if first.has_benchmark and second.has_benchmark else ("net_r",)
    overlap = max(first.overlap_weeks, second.overlap_weeks)
    rows: list[Row] = []
    for measure in measures:
        for exit_no in (-1, 0):
            sides, pairs = paired_setups(first, second, exit_no, measure)
            names = [TARGET if exit_no == 0 else s.longest_hold for s in (first, second)]
            label = names[0] if names[0] == names[1] else " / ".join(names)
            rows.append(_row(measure, label, "r", sides, estimate(pairs, overlap)))
    return rows


def _curves(book: Book) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """Days and equity by policy."""
    table = Tables(_READS, book)["equity_curves"].read(["curve", "date", "equity"])
    found = {}
    for policy in POLICIES:
        own = table.filter(pc.equal(table["curve"], policy))
        if own.num_rows:
            found[policy] = (own["date"].cast(pa.int32()).to_numpy().astype(np.int64), own["equity"].to_numpy())
    return found


def _book_rows(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Row]:
    """Mean return and Sharpe ratio of both portfolios over their common days."""
    rows: list[Row] = []
    for policy in reversed(POLICIES):
        if policy not in first or policy not in second:
            continue
        days = np.intersect1d(first[policy][0], second[policy][0])
        sides = []
        for own_days, equity in (first[policy], second[policy]):
            returns = daily_returns(equity[np.isin(own_days, days)])
            sides.append(return_influence(np.nan_to_num(returns)))
        found = estimate(difference(sides[1], sides[0]), DAILY)
        rows.append(_row("mean_return", policy, "frac_a_year", sides, found, MEAN))
        rows.append(_row("sharpe", policy, "a_year", sides, found, SHARPE))
    return rows


def _settings(first: Book, second: Book) -> list[Row]:
    ours, theirs = flatten(first.settings), flatten(second.settings)
    return [
        {"key": key, "first": _plain(value), "second": _plain(theirs[key])}
        for key, value in ours.items()
        if value != theirs[key] and not key.startswith(("executor.", "schedule.", "holdings.", "fills.", "alerts"))
    ]


def _plain(value: Any) -> str:
    if value is None:
        return "off"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _books(first: Book, second: Book) -> list[Row]:
    """Numbers of the portfolios without an interval, as in the report."""
    rows: list[Row] = []
    for policy in reversed(POLICIES):
        for book in (first, second):
            found = Tables(_READS, book)["portfolio_sims"].read().to_pylist()
            own = next((row for row in found if row["policy"] == policy), {})
            has_trades = bool(own.get("trades"))
            numbers = {name: _number(own.get(name)) if has_trades else None for name in _BOOK_NUMBERS}
            rows.append({"policy": policy, "scenario": book.scenario, **numbers, "trades": own.get("trades") or 0})
    return rows


def _keys(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    return {tuple(row[name] for name in names): row for row in rows}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _number(sum(known) / len(known)) if known else None


def _setups(first: Book, second: Book) -> list[Row]:
    """Graded setups that qualify in both, only in the first, only in the second, with their results.

    With the mean percentile of each signal on which either gate has a floor, over the setups that have one.
    """
    names_of_key = ("ticker", "asof_date", "direction")
    own = [list(map(percentile_of, compared_signals(book.settings.gates.values()))) for book in (first, second)]
    sides = []
    for book, names in zip((first, second), own, strict=True):
        table = Tables(_READS, book)["graded_setups"].read([*names_of_key, "qualified", "is_graded", "net_r", *names])
        rows = table.filter(pc.and_(table["qualified"], table["is_graded"])).select([*names_of_key, "net_r", *names])
        sides.append(_keys(rows.to_pylist(), names_of_key))
    ours, theirs = sides
    groups = (
        ("in both", [{**theirs[key], **row} for key, row in ours.items() if key in theirs]),
        ("removed", [row for key, row in ours.items() if key not in theirs]),
        ("added", [row for key, row in theirs.items() if key not in ours]),
    )
    percentiles = dict.fromkeys(name for names in own for name in names)
    return [
        {
            "group": group,
            "n": len(rows),
            "net_avg_r": _mean([row["net_r"] for row in rows]),
            **{name: _mean([row.get(name) for row in rows]) for name in percentiles},
        }
        for group, rows in groups
    ]


def _trades(first: Book, second: Book, policy: str) -> dict[str, Any]:
    """Trades of one policy's portfolios: kept, removed (only in the first) and added (only in the second)."""
    sides = []
    for book in (first, second):
        table = Tables(_READS, book)["trades"].read()
        own = table.filter(pc.equal(table["policy"], policy)).to_pylist()
        sides.append(_keys(own, ("ticker", "asof_date")))
    ours, theirs = sides
    groups = {
        "in both": [row for key, row in theirs.items() if key in ours],
        "removed": [row for key, row in ours.items() if key not in theirs],
        "added": [row for key, row in theirs.items() if key not in ours],
    }
    return {
        "groups": [
            {
                "group": name,
                "n": len(rows),
                "net_avg_r": _mean([row["net_r"] for row in rows]),
                "pnl_usd": _number(sum(row["pnl_usd"] for row in rows), 2),
            }
            for name, rows in groups.items()
        ],
        **{name: _listed(groups[name]) for name in ("removed", "added")},
    }


def _listed(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    largest = sorted(rows, key=lambda row: (-abs(row["pnl_usd"]), row["ticker"].encode(), row["asof_date"]))
    return [
        {
            "ticker": row["ticker"],
            "entry_date": row["entry_date"].isoformat(),
            "exit_date": row["exit_date"].isoformat(),
            "hold_days": row["hold_days"],
            "net_r": _number(row["net_r"], 3),
            "pnl_usd": _number(row["pnl_usd"], 2),
            "reason": row["reason"],
        }
        for row in largest[:MOST_TRADES]
    ]


def _both(curves: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Equity of both by policy on the days of either; null if missing."""
    found: dict[str, Any] = {}
    for policy in reversed(POLICIES):
        own = [side[policy] for side in curves if policy in side]
        if not own:
            continue
        days = np.unique(np.concatenate([part[0] for part in own]))
        series = []
        for side in curves:
            values = np.full(len(days), np.nan)
            if policy in side:
                values[np.searchsorted(days, side[policy][0])] = side[policy][1]
            series.append([_number(value, 2) for value in values.tolist()])
        found[policy] = {"dates": [iso_day(int(day)) for day in days], "first": series[0], "second": series[1]}
    return found


def headline(document: Mapping[str, Any]) -> dict[str, Any]:
    """One sentence on the main measure: the R of the longest hold, benchmark-adjusted if there is one."""
    first, second = document["scenarios"]
    row = document["differences"][0]
    name = "Benchmark-adjusted R" if row["measure"] == "adjusted_r" else "Net R"
    n_changed = len(document["settings"])
    changed = f"{n_changed} setting{'' if n_changed == 1 else 's'} differ{'s' if n_changed == 1 else ''}."
    if row["difference"] is None:
        text = f"{second} against {first}: no graded setup qualifies in one of them. {changed}"
        return {"text": text, "verdict": SHORT}
    if all(r["verdict"] == SAME for r in document["differences"]):
        return {
            "text": f"{second} against {first}: identical, every difference is exactly 0. {changed}",
            "verdict": SAME,
        }
    spread = "no interval" if row["ci_lo"] is None else f"95% interval {row['ci_lo']:+.3f} to {row['ci_hi']:+.3f}"
    words = {HIGHER: "higher by more than noise", LOWER: "lower by more than noise", SAME: "identical"}
    text = (
        f"{second} against {first}: {name} per setup, {exit_words(row['exit'])}, {row['difference']:+.3f}R ({spread}): "
        f"{words.get(row['verdict'], row['verdict'])}. {changed}"
    )
    return {"text": text, "verdict": row["verdict"]}


def folder_of(document: Mapping[str, Any]) -> str:
    """Name of a comparison's folder below `reports/`."""
    return f"compare-{document['scenarios'][0]}-{document['scenarios'][1]}"
