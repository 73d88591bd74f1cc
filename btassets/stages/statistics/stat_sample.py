"""The graded setups as inputs of the statistics: arrays by week, exit and gate.

Belongs here: reading `graded_setups` once, in batches, into the estimator's inputs, and the columns shared by all
statistics tables. Does not belong here: any statistic (`stat_*.py`, `engine.statistics`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.conventions import label_days
from btassets.engine.days import week_mondays, years_of
from btassets.engine.floors import Variant, core_flags, flags_of, floors_of, variants_in_use
from btassets.engine.statistics.ewc import Estimates, weeks_of_overlap
from btassets.engine.statistics.influence import Influence, benchmark_adjusted_r, ratio_influence
from btassets.engine.statistics.walk_forward import LOOKBACK_SESSIONS, Window, train_means, windows
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.stored_inputs import tickers_with_bars
from btassets.stages.ranking.tie_order import tie_order
from btassets.stages.statistics.betas import BetaTable

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TARGET = "target"
PICKED = "picked_in_train"
"""Member of a family: the pick of each window's train."""

NO_FAMILY: dict[str, Any] = {"family": None, "family_size": None, "p_adj": None, "adj_method": "none"}
NO_WINDOWS: dict[str, Any] = {
    "oos_estimate": None,
    "oos_p": None,
    "oos_windows": None,
    "oos_confirmed": "n/a",
}

_COLUMNS = ("row_no", "ticker", "asof_date", "direction", "is_graded", "outcome", "label_end_date")
_FLOATS = (
    "activation_momentum_percentile",
    "momentum_percentile",
    "gross_r",
    "risk_pct",
    "cost_r",
    "adv20_usd",
    "target_gap_r",
)


@dataclass(frozen=True)
class Sample:
    """Graded setups that pass the momentum gate or the floors, and the weekly sums of all of them.

    Attributes
    ----------
    exits
        `target`, then `hold_N`; columns of the R arrays.
    n_weeks
        Length of the weekly axis, from the calendar's first week.
    week_no, asof, year
        Week on the axis, as-of date (int32 days) and calendar year, shape (n_setups,).
    asof_session, label_end_session
        Positions in the calendar, shape (n_setups,).
    is_long
        Direction, shape (n_setups,).
    net_r, adjusted_r
        R after costs, and the same without each setup's own beta x the benchmark's move, shape (n_setups, n_exits).
    flags, floats
        Verdicts of the gate and other columns of `graded_setups`, shape (n_setups,) each.
    everyone
        By measure: all graded setups, one column per exit.
    n_graded, n_expired
        Graded setups of the scenario, and how many of them expired.
    has_benchmark
        Whether any setup has a benchmark return.
    walk
        Walk-forward windows of the calendar.
    variants
        Rows of the gate ablation.
    core_flags
        Flags of every floor except the momentum cutoff.
    overlap_weeks
        Weeks over which labels overlap.
    """

    exits: tuple[str, ...]
    n_weeks: int
    week_no: npt.NDArray[np.int64]
    asof: npt.NDArray[np.int32]
    year: npt.NDArray[np.int64]
    asof_session: npt.NDArray[np.int64]
    label_end_session: npt.NDArray[np.int64]
    is_long: Flags
    net_r: Floats
    adjusted_r: Floats
    flags: Mapping[str, Flags]
    floats: Mapping[str, Floats]
    everyone: Mapping[str, Influence]
    n_graded: int
    n_expired: int
    has_benchmark: bool
    walk: list[Window]
    variants: tuple[Variant, ...]
    core_flags: tuple[str, ...]
    overlap_weeks: int

    @property
    def measure(self) -> str:
        """`adjusted_r` with a benchmark, else `net_r`."""
        return "adjusted_r" if self.has_benchmark else "net_r"

    def r_of(self, measure: str) -> Floats:
        """R under every exit by measure, shape (n_setups, n_exits)."""
        return self.adjusted_r if measure == "adjusted_r" else self.net_r

    def exit_no(self, name: str) -> int:
        """Column of an exit."""
        return self.exits.index(name)

    @property
    def longest_hold(self) -> str:
        """The portfolio's own hold."""
        return self.exits[-1]

    def cutoff_mask(self, cutoff_pct: float, ranking: str = "residual") -> Flags:
        """Rows that pass the floors and a momentum cutoff; 0 or below: the floors only."""
        core = self.flags["meets_core"]
        if cutoff_pct <= 0:
            return core
        name = "momentum_percentile" if ranking == "raw" else "activation_momentum_percentile"
        return core & self.is_long & (self.floats[name] >= cutoff_pct)

    def floor_mask(self, dropped: Sequence[str] = ()) -> Flags:
        """Rows that pass the momentum gate and every floor except those of the `dropped` flags."""
        passed = self.flags["momentum_ok"].copy()
        for name in self.core_flags:
            if name not in dropped:
                passed &= self.flags[name]
        return passed

    def train_means(self, masks: Flags, r: Floats) -> Iterator[tuple[Floats, npt.NDArray[np.int64]]]:
        """Mean R and number of setups by gate and exit in the train of each window of `walk`."""
        return train_means(self.walk, self.asof_session, self.label_end_session, masks, r)


def label_sessions(settings: Settings) -> int:
    """Sessions that a label of the scenario covers after its as-of session."""
    return label_days(settings.engine.horizon_days, settings.exits.hold_days)


def overlap_weeks(settings: Settings) -> int:
    """Weeks over which labels of the scenario overlap; at least 2: a fill at the open may reach into the next week."""
    return max(2, weeks_of_overlap(label_sessions(settings)))


def read_sample(tables: Tables, settings: Settings, *, only_core: bool = False) -> Sample:
    """Read the scenario's graded setups, a batch at a time.

    Parameters
    ----------
    only_core
        Keep only longs and qualified setups that pass the floors, without benchmark returns and without the sums over
        all setups: the inputs of the simulations.
    """
    sessions = read_sessions(tables)
    tickers = pa.array(list(tickers_with_bars(tables, settings)), pa.string())
    graded = tables["graded_setups"]
    grid = sessions.days[sessions.is_week] if settings.method.asof_grid == "week" else sessions.days
    betas = None if only_core else BetaTable(tables, settings, grid)
    return sample_of(graded.parts, graded.n_rows, sessions.days, settings, (tickers, betas), only_core=only_core)


def sample_of(
    parts: Callable[[list[str]], Iterable[pa.Table]],
    n_rows: int,
    days: npt.NDArray[np.int32],
    settings: Settings,
    market: tuple[pa.Array, BetaTable | None],
    *,
    only_core: bool = False,
) -> Sample:
    """The sample of graded setups from any store.

    Parameters
    ----------
    parts
        Batches of `graded_setups` with the given columns.
    n_rows
        Rows of all batches.
    days
        Sessions up to T.
    market
        Tickers in byte order, and each setup's beta; without one R without the benchmark's move is unknown.
    only_core
        As in `read_sample`.
    """
    gates = settings.gates.values()
    floors = floors_of(gates)
    flags = tuple(flag.name for flag in flags_of(floors))
    exits = (TARGET, *(f"hold_{n}" for n in settings.exits.hold_days))
    returns = ("gross_r", *(f"time_r_{n}" for n in settings.exits.hold_days))
    benches = ("bench_ret_target", *(f"bench_ret_{n}" for n in settings.exits.hold_days))
    monday = int(week_mondays(days[:1])[0]) if len(days) else 0
    n_weeks = (int(week_mondays(days[-1:])[0]) - monday) // 7 + 1 if len(days) else 0
    benches = () if market[1] is None else benches
    columns = [*_COLUMNS, *flags, *dict.fromkeys((*_FLOATS, *returns)), *benches]
    wanted = pc.field("is_graded")
    if only_core:
        wanted &= pc.field("meets_core") & ((pc.field("direction") == "long") | pc.field("qualified"))
    sums = {m: np.zeros((3, n_weeks, len(exits))) for m in ("net_r", "adjusted_r")}
    whole: dict[str, npt.NDArray[Any]] = {}
    n_kept = n_graded = n_expired = 0
    for raw in parts(columns):
        batch = raw.filter(wanted)
        n_graded += batch.num_rows
        n_expired += pc.sum(pc.equal(batch["outcome"], "expired")).as_py() or 0
        part = _arrays(batch, flags, returns, benches, monday, market)
        for measure in [name for name in sums if name in part] if not only_core else ():
            total = sums[measure]
            _add_weekly(total, part["week_no"], part[measure])
        kept = np.flatnonzero(part["meets_core"] | part["momentum_ok"])
        for name, values in part.items():
            if name not in whole:
                # Over-allocate: untouched pages cost no memory.
                whole[name] = np.empty((n_rows, *values.shape[1:]), values.dtype)
            whole[name][n_kept : n_kept + len(kept)] = values[kept]
        n_kept += len(kept)
    order = tie_order(whole["ticker_code"][:n_kept], whole["row_no"][:n_kept])
    # Column by column: free each read column once its sorted copy exists.
    whole = {name: whole.pop(name)[:n_kept][order] for name in list(whole)}
    return Sample(
        exits=exits,
        n_weeks=n_weeks,
        week_no=whole["week_no"],
        asof=whole["asof"],
        year=years_of(whole["asof"]),
        asof_session=np.searchsorted(days, whole["asof"]).astype(np.int64),
        label_end_session=np.searchsorted(days, whole["label_end"]).astype(np.int64),
        is_long=whole["is_long"],
        net_r=whole["net_r"],
        adjusted_r=whole.get("adjusted_r", np.broadcast_to(np.nan, whole["net_r"].shape)),
        flags={name: whole[name] for name in flags},
        floats={name: whole[name] for name in _FLOATS},
        everyone={name: ratio_influence(*total) for name, total in sums.items()},
        n_graded=n_graded,
        n_expired=n_expired,
        has_benchmark=bool(sums["adjusted_r"][1].any()),
        walk=windows(LOOKBACK_SESSIONS, len(days) - label_sessions(settings) - 1, horizon=label_sessions(settings)),
        variants=variants_in_use(gates),
        core_flags=tuple(flag.name for flag in core_flags(floors)),
        overlap_weeks=overlap_weeks(settings),
    )


def _ticker_codes(names: pa.ChunkedArray, tickers: pa.Array) -> npt.NDArray[np.int64]:
    """Position of each row's ticker in the tie order; one that the settings no longer use comes after the others."""
    return pc.fill_null(pc.index_in(names.cast(pa.string()), tickers), len(tickers)).to_numpy().astype(np.int64)


def _arrays(
    batch: pa.Table,
    flags: tuple[str, ...],
    returns: tuple[str, ...],
    benches: tuple[str, ...],
    monday: int,
    market: tuple[pa.Array, BetaTable | None],
) -> dict[str, npt.NDArray[Any]]:
    def real(name: str) -> Floats:
        return batch[name].cast(pa.float64()).to_numpy()

    tickers, betas = market
    asof = batch["asof_date"].cast(pa.int32()).to_numpy().astype(np.int32)
    is_long = pc.equal(batch["direction"], "long").to_numpy().astype(np.bool_)
    found: dict[str, npt.NDArray[Any]] = {
        "ticker_code": _ticker_codes(batch["ticker"], tickers),
        "row_no": batch["row_no"].to_numpy(),
        "asof": asof,
        "label_end": batch["label_end_date"].cast(pa.int32()).fill_null(2**31 - 1).to_numpy(),
        "week_no": (week_mondays(asof) - monday).astype(np.int64) // 7,
        "is_long": is_long,
        **{name: real(name) for name in _FLOATS},
        **{name: batch[name].to_numpy().astype(np.bool_) for name in flags},
    }
    net = np.stack([real(name) for name in returns], axis=1) - found["cost_r"][:, np.newaxis]
    found["net_r"] = net
    if betas is not None:
        beta = betas.of(batch["ticker"], asof)
        adjusted = [
            benchmark_adjusted_r(net[:, k], real(name), found["risk_pct"], is_long, beta)
            for k, name in enumerate(benches)
        ]
        found["adjusted_r"] = np.stack(adjusted, axis=1)
    return found


def _add_weekly(total: Floats, week_no: npt.NDArray[np.int64], values: Floats) -> None:
    n_weeks = total.shape[1]
    for k in range(values.shape[1]):
        rows = np.flatnonzero(~np.isnan(values[:, k]))
        week, value = week_no[rows], values[rows, k]
        for place, weights in enumerate((value, None, value * value)):
            total[place, :, k] += np.bincount(week, weights=weights, minlength=n_weeks)


def estimate_row(found: Estimates, j: int, unit: str) -> dict[str, Any]:
    """One estimate as the columns shared by all statistics tables."""
    return {**found.row(j), "unit": unit}


def as_statistics(rows: list[dict[str, Any]], schema: pa.Schema, scenario: str) -> pa.Table:
    """Rows as a table: absent columns, NaN and infinity are null."""

    def clean(value: Any) -> Any:
        if isinstance(value, float | np.floating) and not np.isfinite(value):
            return None
        return value.item() if isinstance(value, np.generic) else value

    filled = [{name: clean(({"scenario": scenario} | row).get(name)) for name in schema.names} for row in rows]
    return pa.Table.from_pylist(filled, schema=schema)
