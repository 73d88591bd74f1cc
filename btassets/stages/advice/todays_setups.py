"""Stage `todays_setups`: setups that qualify at T, and the nearest misses.

Belongs here: the setups of one as-of date with their percentile, the floors each one fails, and the order of the list.
Does not belong here: the gate itself (`run.floor_sql`, as applied by the models), levels and scores (the replay),
printing (`report.todays_list`).

A *nearest miss* is a setup that does not qualify and fails as few floors as any other that does not (usually one);
closest first by the summed shortfall: the missing fraction of a numeric floor, 1 for a yes-or-no floor or a missing
value. Ties are in the tie order. While the momentum gate is on, shorts can never qualify and are no misses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.counted import counted
from btassets.engine.cross_section.percentiles import row_activation, row_percentile
from btassets.engine.days import EPOCH
from btassets.engine.floors import FLOORS, MOMENTUM, floors_of, value_of
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.graph.advice import TODAYS_SETUPS, TODAYS_TARGETS
from btassets.graph.ranking import todays_signals
from btassets.graph.replay import CANDIDATES
from btassets.run.floor_sql import Flags, judge, qualifies
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import BUILT_IN_RULE, Settings
from btassets.stages.bars.bars_view import bars_until
from btassets.stages.bars.sessions_view import Sessions, read_sessions
from btassets.stages.ranking.gate_signals import require_floor_columns
from btassets.stages.replay.replay_inputs import target_rules

MAX_MISSES = 10
_RULES = ReplayRules()
PERCENTILE = "activation_momentum_percentile"
_MOMENTUM_FLOOR = next(floor for floor in FLOORS if floor.name == MOMENTUM)
_VOTE_COLUMNS = {
    "vote_trend": "trend",
    "vote_position": "position",
    "vote_directional": "directional_movement",
    "vote_rsi": "rsi",
    "vote_volume": "volume",
}

_COLUMNS = (
    *(
        "ticker",
        "asof_date",
        "direction",
        "is_week",
        "is_latest",
        "entry",
        "stop",
        "target",
        "rr",
        "confidence",
    ),
    *("primary_prob", "best_prob", "ev", "level_strength", "is_projected", "momentum", "residual_momentum"),
    *("action", "risk_level", "n_sr_targets", "adv20_usd", "price_factor"),
)
_READ = tuple(dict.fromkeys((*_COLUMNS, *(floor.column for floor in FLOORS if floor.column in CANDIDATES.names))))
_KEYS = ("scenario", "asof_date", "ticker", "direction")
_SHOWN = (
    *("asof_date", "ticker", "direction", "entry", "stop", "target", "rr", "confidence", "primary_prob"),
    *("action", "risk_level", "n_sr_targets", "level_strength", "is_projected", "adv20_usd", "price_factor"),
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TodaysList:
    """The list of one as-of date.

    Attributes
    ----------
    as_of
        The date whose close is the entry; None for a book without a completed week.
    is_signal_day
        Whether it is the as-of session of a completed week, like the dates of the statistics.
    last_signal_day
        The newest signal day up to T.
    n_setups, n_ranked
        Setups at the date, and members of its ranking.
    qualified
        Rows of `todays_setups` by percentile, highest first; `targets` of each are its rows of `todays_targets`.
    misses
        The nearest misses, closest first.
    """

    as_of: date | None
    is_signal_day: bool
    last_signal_day: date | None
    n_setups: int
    n_ranked: int
    qualified: list[dict[str, Any]] = field(default_factory=list)
    misses: list[dict[str, Any]] = field(default_factory=list)


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Tables `todays_setups` and `todays_targets`: the list at T."""
    sessions = read_sessions(tables)
    found = _list_at(tables, settings, sessions, sessions.last, is_latest=True)
    rows = [{"scenario": tables.scenario, **row} for row in (*found.qualified, *found.misses)]
    targets = [{**{name: row[name] for name in _KEYS}, **target} for row in rows for target in row["targets"]]
    facts = {
        "as_of": _iso(found.as_of),
        "is_signal_day": found.is_signal_day,
        "last_signal_day": _iso(found.last_signal_day),
        "n_setups": found.n_setups,
        "n_ranked": found.n_ranked,
    }
    numbers = {"qualified_today": len(found.qualified), "misses_today": len(found.misses), **facts}
    named = settings.gates.named()
    made = {
        "todays_setups": pa.Table.from_pylist(rows, schema=TODAYS_SETUPS.beside(named).schema),
        "todays_targets": pa.Table.from_pylist(targets, schema=TODAYS_TARGETS.schema),
    }
    return StageResult(made, numbers, facts)


def todays_list(tables: Tables, settings: Settings, *, signal_day: bool = False) -> TodaysList:
    """Today's list of a book, as stored; with `signal_day` the list of the last week as-of.

    Parameters
    ----------
    tables
        Reader of `todays_setups` and `todays_targets`; with `signal_day` of the stage itself and its own tables.

    Raises
    ------
    UnknownTableError
        If the book was never run.
    """
    if signal_day:
        sessions = read_sessions(tables)
        weeks = sessions.days[sessions.is_week]
        if not len(weeks):
            return TodaysList(None, is_signal_day=False, last_signal_day=None, n_setups=0, n_ranked=0)
        return _list_at(tables, settings, sessions, int(weeks[-1]), is_latest=False)
    stored = tables["todays_setups"]
    rows = stored.read().drop_columns(["scenario"]).to_pylist()
    targets: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for target in tables["todays_targets"].read().drop_columns(["scenario", "asof_date"]).to_pylist():
        targets.setdefault((target.pop("ticker"), target.pop("direction")), []).append(target)
    for row in rows:
        row["targets"] = targets.get((row["ticker"], row["direction"]), [])
    facts = stored.facts
    return TodaysList(
        _date(facts.get("as_of")),
        bool(facts.get("is_signal_day")),
        _date(facts.get("last_signal_day")),
        facts.get("n_setups", 0),
        facts.get("n_ranked", 0),
        [row for row in rows if row["is_qualified"]],
        [row for row in rows if not row["is_qualified"]],
    )


def _list_at(tables: Tables, settings: Settings, sessions: Sessions, day: int, *, is_latest: bool) -> TodaysList:
    weeks = sessions.days[sessions.is_week]
    setups = _setups_at(tables, day, is_latest=is_latest)
    percentile, n_ranked = _percentiles(tables, settings, setups, day, is_latest=is_latest)
    gates = settings.gates.values()
    setups = _with_signals(tables, settings, setups, day, is_latest=is_latest)
    passes = verdicts(gates, setups, percentile)
    is_qualified = qualifies(passes)
    taken = np.flatnonzero(is_qualified)
    # Highest percentile first, the order of buying; the sort is stable, so ties keep the tie order.
    taken = taken[np.argsort(-np.nan_to_num(percentile[taken], nan=-1.0), kind="stable")]
    missed = nearest_misses(gates, setups, percentile, passes)
    shown = [*taken.tolist(), *missed]
    rows = setups.select([*_SHOWN, *_signal_names(settings)]).take(pa.array(shown, pa.int64())).to_pylist()
    explained = _explained(tables, settings, rows, day)
    failed = failed_floors(passes)
    for at, row in zip(shown, rows, strict=True):
        row["is_qualified"] = bool(is_qualified[at])
        row["percentile"] = None if np.isnan(percentile[at]) else float(percentile[at])
        row["failed_floors"] = ",".join(failed[at])
        del row["price_factor"]  # of the as-of day, which its targets needed
        known = explained.get(row["ticker"], {})
        row.update({name: known.get(vote) for name, vote in _VOTE_COLUMNS.items()})
        row["conflicts"] = "; ".join(conflicts(known, row.pop("n_sr_targets")))
    return TodaysList(
        _as_date(day),
        bool(len(weeks)) and int(weeks[-1]) == day,
        _as_date(int(weeks[-1])) if len(weeks) else None,
        setups.num_rows,
        n_ranked,
        rows[: len(taken)],
        rows[len(taken) :],
    )


def _setups_at(tables: Tables, day: int, *, is_latest: bool) -> pa.Table:
    """Candidate rows of one as-of date in the tie order (ticker bytes, long before short)."""
    flag = "is_latest" if is_latest else "is_week"
    asof = pa.scalar(day, pa.int32()).cast(pa.date32())
    stored = tables.bucketed("candidates")
    parts = [
        part.filter(pc.and_(part[flag], pc.equal(part["asof_date"], asof)))
        for bucket in stored.buckets
        if (part := stored.newest(bucket, _READ)) is not None
    ]
    if not parts:
        return CANDIDATES.schema.empty_table().select(list(_READ))
    table = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    for name in ("direction", "action", "risk_level"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.string()))
    # Arrow sorts text by its bytes, in which "long" precedes "short" too.
    return table.sort_by([("ticker", "ascending"), ("direction", "ascending")])


def _percentiles(
    tables: Tables, settings: Settings, setups: pa.Table, day: int, *, is_latest: bool
) -> tuple[Floats, int]:
    """Activation percentile of each setup at the date, NaN if it has none, and the number of ranked members."""
    if settings.method.ranking == "rows" and not is_latest:
        # The legacy profile's own grid has no common date, so the rows of this date are ranked among themselves.
        same_week = np.zeros(setups.num_rows, np.int32)
        raw, residual = (row_percentile(same_week, _reals(setups, name)) for name in ("momentum", "residual_momentum"))
        activation = row_activation(raw, residual)
        return activation, int(np.count_nonzero(~np.isnan(activation)))
    at_day = pc.field("asof_date") == pa.scalar(day, pa.int32()).cast(pa.date32())
    where = (pc.field("grid") == ("latest" if is_latest else "week")) & at_day
    columns = ("grid", "asof_date", "ticker", "direction", "activation_momentum_percentile")
    ranks = tables["percentile_ranks"].where(columns, where)
    by_row = {
        (ticker, direction): value
        for ticker, direction, value in zip(
            ranks["ticker"].to_pylist(),
            ranks["direction"].to_pylist(),
            ranks["activation_momentum_percentile"].to_pylist(),
            strict=True,
        )
    }
    n_ranked = sum(value is not None for value in by_row.values())
    pairs = zip(setups["ticker"].to_pylist(), setups["direction"].to_pylist(), strict=True)
    found = [by_row.get((ticker, direction), by_row.get((ticker, None))) for ticker, direction in pairs]
    return np.array([np.nan if value is None else value for value in found], dtype=np.float64), n_ranked


def _signal_names(settings: Settings) -> list[str]:
    """Columns of the list with the signals that the gate uses beside momentum."""
    return [column.name for column in todays_signals(settings.gates.named())]


def _with_signals(tables: Tables, settings: Settings, setups: pa.Table, day: int, *, is_latest: bool) -> pa.Table:
    """`setups` with value and percentile of the signals that the gate names, at the date."""
    names = _signal_names(settings)
    if not names:
        return setups
    at_day = pc.field("asof_date") == pa.scalar(day, pa.int32()).cast(pa.date32())
    where = (pc.field("grid") == ("latest" if is_latest else "week")) & at_day
    ranked = value_of(settings.gates.ranking)
    stored = {name: "ranking_value" if name == ranked else name for name in names}
    require_floor_columns(tables["signal_ranks"], settings.gates.floors)
    ranks = tables["signal_ranks"].where(("grid", "asof_date", "ticker", *stored.values()), where)
    at = pc.index_in(setups["ticker"].cast(pa.string()), ranks["ticker"].combine_chunks())
    for name in names:
        setups = setups.append_column(name, ranks[stored[name]].combine_chunks().take(at))
    return setups


def _reals(setups: pa.Table, name: str) -> Floats:
    return setups[name].cast(pa.float64()).to_numpy()


def _is_long(setups: pa.Table) -> npt.NDArray[np.bool_]:
    return np.array([word == "long" for word in setups["direction"].to_pylist()], dtype=np.bool_)


def verdicts(gates: Mapping[str, Any], setups: pa.Table, percentile: Floats) -> dict[str, Flags]:
    """Whether each setup passes each floor, the percentile floor last; arrays of shape (n_setups,)."""
    return judge(setups.append_column(PERCENTILE, pa.array(percentile, from_pandas=True)), gates)


def failed_floors(passes: Mapping[str, Flags]) -> list[list[str]]:
    """Names of the floors that each setup fails, the percentile floor last."""
    n_setups = len(passes[MOMENTUM])
    return [[name for name, passed in passes.items() if not passed[k]] for k in range(n_setups)]


def nearest_misses(
    gates: Mapping[str, Any],
    setups: pa.Table,
    percentile: Floats,
    passes: Mapping[str, Flags],
    most: int = MAX_MISSES,
) -> list[int]:
    """Row numbers of the nearest misses (see the module), closest first, at most `most`.

    Parameters
    ----------
    gates
        Value of each floor's setting, as used for `passes`.
    setups
        direction and the columns of the floors; in the tie order.
    percentile
        Activation percentile of each setup, NaN: none.
    passes
        From `verdicts`.
    """
    is_momentum_on = _MOMENTUM_FLOOR.is_on(gates[_MOMENTUM_FLOOR.setting])
    may_qualify = _is_long(setups) | np.bool_(not is_momentum_on)
    missed = np.flatnonzero(~qualifies(passes) & may_qualify)
    if not len(missed):
        return []
    short_of = _shortfalls(gates, setups, percentile, passes)
    n_failed = np.sum([is_short > 0 for is_short in short_of], axis=0)[missed]
    distance = np.sum(short_of, axis=0)[missed]
    order = np.lexsort((distance, n_failed))
    order = order[n_failed[order] == n_failed.min()]
    return missed[order[:most]].tolist()


def _shortfalls(
    gates: Mapping[str, Any], setups: pa.Table, percentile: Floats, passes: Mapping[str, Flags]
) -> Sequence[Floats]:
    """Missing fraction per floor, 0 if it is passed, at most 1."""
    found: list[Floats] = []
    for floor in floors_of(gates):
        passed = passes[floor.name]
        missing = np.ones(len(passed))
        # A floor that is off stops nobody, and its column may be absent (`judge`).
        if floor.is_number and not passed.all():
            least = gates[floor.setting] or 0.0
            value = percentile if floor.column == PERCENTILE else _reals(setups, floor.column)
            gap = (least - value) / abs(least) if least else least - value
            gap = -gap if floor.rule == "at_most" else gap
            # A failed floor has a distance above 0, or it would not count as failed.
            missing = np.clip(np.nan_to_num(gap, nan=1.0), np.finfo(np.float64).tiny, 1.0)
        found.append(np.where(passed, 0.0, missing))
    return found


def conflicts(known: Mapping[str, float | None], n_levels: int | None) -> list[str]:
    """Conflicts of one setup in words: what makes its risk level Medium (one) or High (more).

    Parameters
    ----------
    known
        Explanation of its ticker at the date (`explain_asof`); empty if unknown.
    n_levels
        Targets on support or resistance levels; None: an own setup rule, which has no levels.

    >>> conflicts({"is_apart": 1.0, "technical": 80.0, "momentum_score": 55.5, "is_stretched": 0.0}, 1)
    ['technical score 80, momentum score 56', '1 level in range, fewer than 3']
    """
    found: list[str] = []
    if known.get("is_apart"):
        found.append(f"technical score {known['technical']:.0f}, momentum score {known['momentum_score']:.0f}")
    if known.get("is_stretched"):
        stretch = known["stretch_atr"] or 0.0
        found.append(f"close {abs(stretch):.1f} ATR {'above' if stretch > 0 else 'below'} EMA20")
    if n_levels is not None and n_levels < _RULES.min_sr_targets:
        found.append(f"{counted(n_levels, 'level')} in range, fewer than {_RULES.min_sr_targets}")
    return found


def _explained(
    tables: Tables, settings: Settings, rows: Sequence[dict[str, Any]], day: int
) -> dict[str, dict[str, float | None]]:
    """Votes, scores and common conflicts of each ticker at the date, from its bars up to it; null with too few bars.

    Adds `targets` to each row.
    """
    from btassets.stages.advice import setup_reasons  # late: `today` must not load numba

    if not rows or settings.setup.rule != BUILT_IN_RULE:  # the votes are the built-in rule's reasons
        for row in rows:
            row["targets"] = setup_reasons.only_target(row)
        return {}
    bars = bars_until(tables, settings, [row["ticker"] for row in rows], day)
    rules = target_rules(settings)
    for row in rows:
        known = bars.get(row["ticker"])
        row["targets"] = (
            setup_reasons.only_target(row) if known is None else setup_reasons.every_target(known, row, rules)
        )
    return {ticker: setup_reasons.votes_and_scores(known, rules) for ticker, known in bars.items()}


def _as_date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
