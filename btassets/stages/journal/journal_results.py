"""Stage `journal_results`: what became of the setups that were shown.

Belongs here: shown levels on the bars as they are now, their grading by the code of the backtest, and which results
are written for good. Does not belong here: the grading (`engine.replay`), the result under a fill with its costs
(`dbt_like_sql/graded_setups.sql`), what the results mean (`journal_verdict.py`).

A setup is graded by the settings of its list. Where the source has adjusted or restated the close of the as-of day,
the shown levels are scaled by the same factor: a split leaves R as it was. The first result of a setup is written to
the log and stays; grading on later bars is beside it as `net_r_now`, and a difference is a note.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.days import EPOCH, values_on
from btassets.engine.market.calendar import has_ended
from btassets.engine.replay.candidate_columns import LABELS
from btassets.engine.replay.grading import AlignedBars, GivenPrices, grade_setups
from btassets.engine.setups.fill_gap import fill_gap_r
from btassets.graph.columns import TableSpec
from btassets.graph.journal import JOURNAL_RESULTS
from btassets.graph.ranking import PERCENTILE_RANKS
from btassets.graph.replay import CANDIDATES
from btassets.run.settings_relation import settings_relations
from btassets.run.shown_lists import JournalSoFar, Record, first_lists, settings_of_record
from btassets.run.sql_models import run_model
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import TickerBars, read_bucket_bars
from btassets.stages.bars.sessions_view import Sessions, read_sessions
from btassets.stages.replay.arrow_columns import as_array
from btassets.storage.chained_log import chained, head

_SAME = 1e-6
"""Relative difference below which prices or results are the same: adjustment multiplies and rounds."""

_LABELS = ("kind", "as_of", "is_signal_day", "settings_hash")
_RESULT = (
    *("entry_price", "fill_gap_r", "outcome", "exit_reason", "gross_r", "cost_r", "net_r"),
    *("hold_days", "label_end_date"),
)
_LEVELS = ("entry", "stop", "target")
_SHORTEST = (1,)
"""Holds of the grading: only the race counts, and no hold may reach beyond it."""

Row = dict[str, Any]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class _Market:
    """Calendar and benchmark that every ticker is graded with."""

    sessions: Sessions
    bench_days: npt.NDArray[np.int32]
    bench_open: npt.NDArray[np.float64]
    bench_close: npt.NDArray[np.float64]


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `journal_results`: every qualified setup of every list that counts."""
    n_lines = tables["journal"].facts["n_lines"]
    lists = first_lists([link.record for link in tables.outside("shown_lists").links[:n_lines]])
    so_far: JournalSoFar = tables.outside("first_results")
    written = {key_of(row): row for link in so_far.links for row in link.record["results"]}
    found = graded_lists(tables, settings, lists)
    made_of = {"data_version": tables.version("ohlcv_history"), "basis": settings.basis}
    new = [as_written(row, made_of) for row in found if row["status"] == "graded" and key_of(row) not in written]
    written |= {key_of(row): row for row in new}
    links = chained(so_far.links, [{"at": so_far.now, "results": new}] if new else [])
    rows = [_table_row(row, written.get(key_of(row)), tables.scenario) for row in found]
    counts = {name: sum(row["status"] == name for row in rows) for name in ("graded", "open", "not_filled", "no_bar")}
    numbers = {**counts, "noted": sum(bool(row["note"]) for row in rows), "rewritten": so_far.is_rewritten}
    return StageResult(
        {"journal_results": pa.Table.from_pylist(rows, schema=JOURNAL_RESULTS.schema)},
        numbers,
        {"head": head(links), "n_lines": len(links)},
        beside={"journal_results": [link.record for link in links[len(so_far.links) :]]},
    )


def key_of(row: Mapping[str, Any]) -> Key:
    """Key of a shown setup: as-of date, ticker, direction."""
    return str(row["as_of"]), row["ticker"], row["direction"]


def as_written(row: Row, made_of: Mapping[str, str]) -> Row:
    """A first result as the log keeps it, with the version and the price basis of the bars."""
    end = row["label_end_date"]
    kept = {name: row[name] for name in (*_LABELS, "ticker", "direction", "rank", *_RESULT)}
    return kept | {"label_end_date": None if end is None else end.isoformat(), **made_of}


def _table_row(now: Row, written: Row | None, scenario: str) -> Row:
    """Row of the table: the result as it was written first, and beside it what the bars say now."""
    row = {**now, "scenario": scenario, "asof_date": date.fromisoformat(now["as_of"]), "net_r_now": now["net_r"]}
    if written is not None:
        row |= {name: written[name] for name in (*_RESULT, "data_version")} | {"status": "graded"}
        end = written["label_end_date"]
        row["label_end_date"] = None if end is None else date.fromisoformat(end)
        if now["net_r"] is None:
            row["note"] = _joined(now["note"], "its bars are no longer all there")
        elif abs(now["net_r"] - written["net_r"]) > _SAME * max(1.0, abs(written["net_r"])):
            row["note"] = _joined(now["note"], f"on the current bars {now['net_r']:.2f}R, was {written['net_r']:.2f}R")
    return {name: row.get(name) for name in JOURNAL_RESULTS.names}


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def graded_lists(tables: Tables, settings: Settings, lists: Sequence[Record]) -> list[Row]:
    """Every qualified setup of the lists with its grading on the bars as they are, in the order of the lists."""
    setups: list[Row] = [
        {**{name: record[name] for name in _LABELS}, "rank": rank, "note": "", **setup}
        for record in lists
        for rank, setup in enumerate(record["setups"], 1)
        if setup["is_qualified"]
    ]
    rules = {record["settings_hash"]: _of_the_race(settings_of_record(record["rules"])) for record in lists}
    _grade(tables, settings, setups, rules)
    for settings_hash, own in rules.items():
        chosen = [row for row in setups if row["settings_hash"] == settings_hash and row["status"] != "no_bar"]
        _result_of(chosen, own)
    return setups


def _of_the_race(settings: Settings) -> Settings:
    return settings.model_copy(update={"exits": settings.exits.model_copy(update={"hold_days": _SHORTEST})})


def _grade(tables: Tables, settings: Settings, setups: Sequence[Row], rules: Mapping[str, Settings]) -> None:
    """Add to each setup its status so far, the scaled levels, and the graded columns (`graded`)."""
    bench = tables["benchmark_closes"].read()
    market = _Market(
        read_sessions(tables),
        np.ascontiguousarray(bench["date"].cast(pa.int32()).to_numpy(), dtype=np.int32),
        np.ascontiguousarray(bench["open"].to_numpy(), dtype=np.float64),
        np.ascontiguousarray(bench["close"].to_numpy(), dtype=np.float64),
    )
    by_ticker: dict[str, list[Row]] = {}
    for row in setups:
        row |= {"status": "no_bar", "n_forward": None, **dict.fromkeys(_RESULT)}
        by_ticker.setdefault(row["ticker"], []).append(row)
    for bucket, tickers in tables.bucketed("ohlcv_history").by_bucket(by_ticker).items():
        for item in read_bucket_bars(tables, settings, bucket, tickers):
            _grade_ticker(item, by_ticker[item.ticker], market, rules)


def _grade_ticker(item: TickerBars, rows: Sequence[Row], market: _Market, rules: Mapping[str, Settings]) -> None:
    n_bars = int(np.searchsorted(item.bars.dates, market.sessions.last, side="right"))
    bars = item.bars.between(0, n_bars)
    here: list[Row] = []
    for row in rows:
        day = (date.fromisoformat(row["as_of"]) - EPOCH).days
        at = int(np.searchsorted(bars.dates, day))
        if at >= bars.n_bars or int(bars.dates[at]) != day:
            row["note"] = "the source has no bar at the as-of day any more"
            continue
        if not row["entry"]:
            row["note"] = "shown without an entry price"
            continue
        factor = float(item.raw.close[at]) / row["entry"]
        if abs(factor - 1.0) <= _SAME:
            factor = 1.0
        else:
            row["note"] = f"prices of the as-of day are x {factor:.6g} of those shown"
        row |= {"at": at, "levels": [None if row[k] is None else row[k] * factor for k in _LEVELS]}
        row["price_factor"] = float(item.factor[at])
        here.append(row)
    if not here:
        return
    bench_open, bench_close = values_on(bars.dates, market.bench_days, market.bench_open, market.bench_close)
    session_no = np.searchsorted(market.sessions.days, bars.dates).astype(np.int32)
    for settings_hash in dict.fromkeys(row["settings_hash"] for row in here):
        own = [row for row in here if row["settings_hash"] == settings_hash]
        levels = np.array([row["levels"] for row in own], dtype=np.float64)
        graded = grade_setups(
            AlignedBars(bars, bench_open, bench_close, session_no),
            len(market.sessions.days) - 1,
            GivenPrices(
                np.array([row["at"] for row in own], np.int32),
                np.array([1 if row["direction"] == "long" else -1 for row in own], np.int8),
                levels[:, 0],
                levels[:, 1],
                levels[:, 2],
                np.array([row["rr"] for row in own], np.float64),
                np.array([row["price_factor"] for row in own], np.float64),
            ),
            is_ended=bool(bars.n_bars) and has_ended(int(bars.dates[-1]), market.sessions.last),
            horizon_days=rules[settings_hash].engine.horizon_days,
            hold_days=_SHORTEST,
            policy=rules[settings_hash].exits.policy,
            gap_days=rules[settings_hash].engine.gap_days,
        )
        for k, row in enumerate(own):
            row["graded"] = {name: values[k] for name, values in graded.items()}
            row |= {"status": "open", "n_forward": int(graded["n_forward"][k])}


def _result_of(setups: Sequence[Row], settings: Settings) -> None:
    """Result of graded rows under the fill, costs and exits of the settings, by the model of the backtest."""
    if not setups:
        return
    relations = settings_relations(settings)
    relations["candidates"] = _candidates(setups, CANDIDATES.under(_SHORTEST))
    relations["percentile_ranks"] = PERCENTILE_RANKS.schema.empty_table()
    found = {
        (str(row["asof_date"]), row["ticker"], row["direction"]): row
        for row in run_model("graded_setups", relations).to_pylist()
    }
    for row in setups:
        result = found.get(key_of(row))
        if result is None:
            continue
        if result["is_graded"]:
            row |= {"status": "graded", **{name: result[name] for name in _RESULT if name != "fill_gap_r"}}
        elif result["drop_reason"] != "no_forward_bars":
            row |= {"status": "not_filled", "exit_reason": result["drop_reason"]}
        row["fill_gap_r"] = _fill_gap(row, result["entry_price"])


def _fill_gap(row: Row, fill: float | None) -> float | None:
    entry, stop = row["levels"][:2]
    if fill is None or stop is None or entry == stop:
        return None
    return float(fill_gap_r(row["direction"] == "long", entry, stop, fill))


def _candidates(setups: Sequence[Row], spec: TableSpec) -> pa.Table:
    """Graded rows in the shape of `candidates`; each is on every grid, what the gate reads is null."""
    entry, stop, target = (np.array([row["levels"][k] for row in setups], np.float64) for k in range(3))
    days = [(date.fromisoformat(row["as_of"]) - EPOCH).days for row in setups]
    given = {
        "ticker": pa.array([row["ticker"] for row in setups], pa.string()),
        "asof_date": pa.array(days, pa.int32()).cast(pa.date32()),
        "direction": pa.array([row["direction"] for row in setups], pa.string()),
        **{name: pa.repeat(True, len(setups)) for name in ("is_week", "is_bar", "is_own_week")},  # noqa: FBT003
        "is_latest": pa.repeat(False, len(setups)),  # noqa: FBT003 - a value, not an option
        **{name: as_array(values, pa.float64()) for name, values in zip(_LEVELS, (entry, stop, target), strict=True)},
        "rr": pa.array([row["rr"] for row in setups], pa.float64()),
        "confidence": pa.array([row["confidence"] for row in setups], pa.float64()),
        "price_factor": pa.array([row["price_factor"] for row in setups], pa.float64()),
    }
    columns: dict[str, pa.Array] = {}
    for name, kind in ((column.name, column.type) for column in spec.columns):
        if name in given:
            columns[name] = given[name]
        elif name in setups[0]["graded"]:
            values = np.array([row["graded"][name] for row in setups])
            columns[name] = as_array(values, kind, LABELS.get(name))
        else:
            columns[name] = pa.nulls(len(setups), kind)
    return pa.table(columns)
