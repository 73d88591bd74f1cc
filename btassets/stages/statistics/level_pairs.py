"""Other exits for the same setups: a moved level, a stop that follows, a part sold at the target; a family of pairs.

Each qualified setup is graded again with one change, by the code of the replay, and booked by the model of the
backtest, so that gaps, fills and costs are the same. R stays that of the planned stop, so that the position is the
same size: a stop at half the distance loses half an R. A setup that the moved level would not have let in (the open is
beyond it) earns nothing.

Belongs here: the moves and the difference per setup. Does not belong here: errors and p-values of the family
(`stat_groups.py`), the excursions themselves (`engine.replay.outcome`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.conventions import AS_PLANNED, ExitPolicy
from btassets.engine.days import values_on, week_mondays
from btassets.engine.market.calendar import has_ended
from btassets.engine.replay.candidate_columns import LABELS, graded_names
from btassets.engine.replay.grading import AlignedBars, GivenPrices, grade_on, ticker_arrays
from btassets.engine.statistics.influence import Influence, benchmark_adjusted_r, setup_influence
from btassets.engine.statistics.walk_forward import window_of
from btassets.graph.ranking import PERCENTILE_RANKS
from btassets.graph.replay import CANDIDATES
from btassets.run.settings_relation import settings_relations
from btassets.run.sql_models import run_model
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import TickerBars, read_bucket_bars
from btassets.stages.bars.sessions_view import Sessions, read_sessions
from btassets.stages.ranking.tie_order import in_tie_order
from btassets.stages.replay.arrow_columns import as_array
from btassets.stages.statistics.betas import row_betas
from btassets.stages.statistics.stat_sample import Sample

LEVELS = "levels"
AS_TRADED = "as_traded"
_SHORTEST = (1,)
"""Holds of the grading: only the race counts."""

_COLUMNS = (
    *("row_no", "ticker", "asof_date", "direction", "entry", "stop", "target", "rr", "price_factor"),
    *("risk_pct", "net_r", "cost_r", "bench_ret_target"),
)
_GIVEN = ("entry", "stop", "target", "rr", "price_factor")

Floats = npt.NDArray[np.float64]


class Move(NamedTuple):
    """One change: its name, the distances of stop and target as a share of the planned ones, another exit policy.

    Without a policy of its own a move is graded under that of the settings.
    """

    name: str
    stop_frac: float = 1.0
    target_frac: float = 1.0
    policy: ExitPolicy | None = None


MOVES = (
    Move("stop_0.5", stop_frac=0.5),
    Move("stop_0.75", stop_frac=0.75),
    Move("target_0.5", target_frac=0.5),
    Move("target_0.75", target_frac=0.75),
    Move("as_planned", policy=AS_PLANNED),
    Move("trail_2", policy=ExitPolicy(trail_atr=2.0)),
    Move("trail_3", policy=ExitPolicy(trail_atr=3.0)),
    Move("breakeven_1", policy=ExitPolicy(breakeven_r=1.0)),
    Move("part_0.5", policy=ExitPolicy(part_frac=0.5)),
)


def moves_of(settings: Settings, *, has_targets: bool = True) -> tuple[Move, ...]:
    """Moves that change something: the exit policy of the settings is no change, nor is a target that no setup has."""
    of_targets = () if has_targets else tuple(m for m in MOVES if m.target_frac != 1.0 or m.name == "part_0.5")
    return tuple(move for move in MOVES if move.policy != settings.exits.policy and move not in of_targets)


@dataclass(frozen=True)
class LevelPairs:
    """Differences of the moves to the exits as traded.

    Attributes
    ----------
    moves
        In the order of the differences.
    pairs, tests
        Mean difference in R per setup, over all and over the test weeks of the walk-forward.
    measure
        `adjusted_r` with a benchmark, else `net_r`.
    """

    moves: tuple[Move, ...]
    pairs: Influence
    tests: Influence
    measure: str

    @property
    def labels(self) -> list[tuple[str, str]]:
        """Names of both sides of each pair."""
        return [(move.name, AS_TRADED) for move in self.moves]


def level_pairs(tables: Tables, settings: Settings, sample: Sample) -> LevelPairs | None:
    """The family over the qualified setups with a result; None without one."""
    wanted = pc.field("qualified") & pc.field("is_graded")
    found = tables["graded_setups"].where([*_COLUMNS, "qualified", "is_graded"], wanted, wanted=_COLUMNS)
    setups = in_tie_order(found)
    if not setups.num_rows:
        return None
    sessions = read_sessions(tables)
    asof = setups["asof_date"].cast(pa.int32()).to_numpy().astype(np.int32)
    moves = moves_of(settings, has_targets=setups["target"].null_count < setups.num_rows)
    results = _results(tables, settings, setups, moves, asof, sessions)
    net, bench = (np.stack([result[k] for result in results], axis=1) for k in range(2))
    values = net - _real(setups, "net_r")[:, np.newaxis]
    if sample.has_benchmark:
        names = sorted(set(setups["ticker"].to_pylist()), key=str.encode)
        place = pc.index_in(setups["ticker"].cast(pa.string()), pa.array(names, pa.string())).to_numpy()
        beta = row_betas(tables, settings, names, place, asof)
        is_long = pc.equal(setups["direction"].cast(pa.string()), "long").to_numpy()
        risk = _real(setups, "risk_pct")

        def adjusted(net_r: Floats, move: Floats) -> Floats:
            return benchmark_adjusted_r(net_r, move, risk, is_long, beta)

        base = adjusted(_real(setups, "net_r"), _real(setups, "bench_ret_target"))
        values = np.stack([adjusted(net[:, k], bench[:, k]) - base for k in range(len(moves))], axis=1)
    week_no = (week_mondays(asof) - week_mondays(sessions.days[:1])[0]).astype(np.int64) // 7
    place = window_of(np.searchsorted(sessions.days, asof).astype(np.int64), sample.walk)
    return LevelPairs(
        moves,
        setup_influence(week_no, values, sample.n_weeks),
        setup_influence(week_no, values, sample.n_weeks, place >= 0),
        sample.measure,
    )


def _real(setups: pa.Table, name: str) -> Floats:
    return setups[name].cast(pa.float64()).to_numpy()


def moved(setups: pa.Table, move: Move) -> dict[str, Floats]:
    """Entry, stop, target, R:R and price factor of every setup with one level moved."""
    entry, stop, target = (_real(setups, name) for name in ("entry", "stop", "target"))
    ratio = _real(setups, "rr") * move.target_frac / move.stop_frac
    # An unmoved level keeps its bits.
    return {
        "entry": entry,
        "stop": stop if move.stop_frac == 1.0 else entry + move.stop_frac * (stop - entry),
        "target": target if move.target_frac == 1.0 else entry + move.target_frac * (target - entry),
        "rr": ratio,
        "price_factor": _real(setups, "price_factor"),
    }


def _results(
    tables: Tables,
    settings: Settings,
    setups: pa.Table,
    moves: Sequence[Move],
    asof: npt.NDArray[np.int32],
    sessions: Sessions,
) -> list[tuple[Floats, Floats]]:
    """Net R of the planned risk and the benchmark's return, of every setup, for each move."""
    policies = list(dict.fromkeys(move.policy or settings.exits.policy for move in moves))
    shared = [[move for move in moves if (move.policy or settings.exits.policy) == policy] for policy in policies]
    batches = [_Batch.of(setups, group, policy) for group, policy in zip(shared, policies, strict=True)]
    _grade(tables, settings, setups, batches, asof, sessions)
    found: dict[str, tuple[Floats, Floats]] = {}
    # The share sold at the target is all that booking reads of a policy; a query costs more to plan than to run.
    for part_frac in dict.fromkeys(policy.part_frac for policy in policies):
        booked = [batch for batch in batches if batch.policy.part_frac == part_frac]
        net, bench = _moved_r(settings, setups, booked, part_frac)
        together = [move for batch in booked for move in batch.moves]
        found |= {move.name: (net[:, k], bench[:, k]) for k, move in enumerate(together)}
    return [found[move.name] for move in moves]


@dataclass(frozen=True)
class _Batch:
    """Moves under one policy, graded together: arrays of shape (n_setups * n_moves,), every move of a setup in turn."""

    moves: list[Move]
    policy: ExitPolicy
    levels: dict[str, Floats]
    graded: dict[str, npt.NDArray[Any]]

    def by_setup(self, name: str) -> npt.NDArray[Any]:
        """A graded column or a level, shape (n_setups, n_moves)."""
        found = self.graded if name in self.graded else self.levels
        return found[name].reshape(-1, len(self.moves))

    @classmethod
    def of(cls, setups: pa.Table, moves: list[Move], policy: ExitPolicy) -> "_Batch":
        parts = [moved(setups, move) for move in moves]
        levels = {name: np.stack([part[name] for part in parts], axis=1).ravel() for name in _GIVEN}
        return cls(moves, policy, levels, {})


def _grade(
    tables: Tables,
    settings: Settings,
    setups: pa.Table,
    batches: Sequence[_Batch],
    asof: npt.NDArray[np.int32],
    sessions: Sessions,
) -> None:
    """Fill the graded columns of every batch; the bars are read once."""
    bench = tables["benchmark_closes"].read()
    bench_days = np.ascontiguousarray(bench["date"].cast(pa.int32()).to_numpy(), dtype=np.int32)
    prices = [np.ascontiguousarray(bench[name].to_numpy(), dtype=np.float64) for name in ("open", "close")]
    sign = np.where(pc.equal(setups["direction"].cast(pa.string()), "long").to_numpy(), 1, -1).astype(np.int8)
    runs = pc.run_end_encode(setups["ticker"].combine_chunks())
    ends = runs.run_ends.to_pylist()
    own = {t: slice(a, b) for t, a, b in zip(runs.values.to_pylist(), [0, *ends[:-1]], ends, strict=True)}
    for bucket, group in tables.bucketed("ohlcv_history").by_bucket(own).items():
        for item in read_bucket_bars(tables, settings, bucket, group):
            one = own[item.ticker]
            bars, aligned = _aligned(item, sessions, bench_days, prices)
            place = np.searchsorted(bars.dates, asof[one]).astype(np.int32)
            ticker = ticker_arrays(
                aligned,
                len(sessions.days) - 1,
                is_ended=has_ended(int(bars.dates[-1]), sessions.last),
                gap_days=settings.engine.gap_days,
            )
            for batch in batches:
                n_moves = len(batch.moves)
                rows = slice(one.start * n_moves, one.stop * n_moves)
                part = grade_on(
                    ticker,
                    GivenPrices(
                        np.repeat(place, n_moves),
                        np.repeat(sign[one], n_moves),
                        *(batch.levels[name][rows] for name in _GIVEN),
                    ),
                    horizon_days=settings.engine.horizon_days,
                    hold_days=_SHORTEST,
                    policy=batch.policy,
                )
                for name, values in part.items():
                    if name not in batch.graded:
                        batch.graded[name] = np.zeros(n_moves * len(asof), values.dtype)
                    batch.graded[name][rows] = values


def _aligned(
    item: TickerBars, sessions: Sessions, bench_days: npt.NDArray[np.int32], prices: Sequence[Floats]
) -> tuple[Any, AlignedBars]:
    bars = item.bars.between(0, int(np.searchsorted(item.bars.dates, sessions.last, side="right")))
    bench_open, bench_close = values_on(bars.dates, bench_days, *prices)
    session_no = np.searchsorted(sessions.days, bars.dates).astype(np.int32)
    return bars, AlignedBars(bars, bench_open, bench_close, session_no)


def _moved_r(
    settings: Settings, setups: pa.Table, batches: Sequence[_Batch], part_frac: float
) -> tuple[Floats, Floats]:
    """Net R of the planned risk and the benchmark's return under every move, each of shape (n_setups, n_moves)."""
    relations = settings_relations(settings, min_forward_days=0)
    # `moves_stop` decides one column alone, which is not read here.
    own = {"moves_stop": True, "part_frac": part_frac}
    row = relations["settings"]
    relations["settings"] = pa.Table.from_pylist([row.to_pylist()[0] | own], schema=row.schema)
    relations["exit_days"] = pa.table({"hold_days": pa.array(_SHORTEST, pa.int16())})
    relations["percentile_ranks"] = PERCENTILE_RANKS.schema.empty_table()
    relations["candidates"] = _candidates(setups, batches)
    moves = [move for batch in batches for move in batch.moves]
    shape = (setups.num_rows, len(moves))
    # In the tie order, as the setups are, and the moves of one setup in theirs.
    booked = in_tie_order(run_model("graded_setups", relations))
    gross = booked["gross_r"].fill_null(0.0).to_numpy().reshape(shape)
    is_traded = booked["is_graded"].to_numpy().astype(np.bool_).reshape(shape)
    stop_fracs = np.array([move.stop_frac for move in moves])
    net = np.where(is_traded, gross * stop_fracs - _real(setups, "cost_r")[:, np.newaxis], 0.0)
    bench = np.where(is_traded, booked["bench_ret_target"].to_numpy().reshape(shape), 0.0)
    return net, bench


def _candidates(setups: pa.Table, batches: Sequence[_Batch]) -> pa.Table:
    """Graded rows of every move in the shape of `candidates`; each is on every grid, what the gate reads is null."""
    names = graded_names(_SHORTEST)
    n_moves = sum(len(batch.moves) for batch in batches)
    n_rows = n_moves * setups.num_rows
    setups = setups.take(pa.array(np.repeat(np.arange(setups.num_rows), n_moves)))
    columns: dict[str, Any] = {}
    for column in CANDIDATES.under(_SHORTEST).columns:
        name, kind = column.name, column.type
        if name in names or name in batches[0].levels:
            values = np.concatenate([batch.by_setup(name) for batch in batches], axis=1).ravel()
            columns[name] = as_array(values, kind, LABELS.get(name))
        elif name in setups.column_names:
            columns[name] = setups[name]
        elif name in ("is_week", "is_bar", "is_own_week", "is_latest"):
            columns[name] = pa.repeat(name != "is_latest", n_rows)
        else:
            columns[name] = pa.nulls(n_rows, kind)
    return pa.table(columns)
