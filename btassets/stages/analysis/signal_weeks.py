"""The signals week by week as selected by the scenario's rules, and their table `factor_ic_weekly`.

Belongs here: the selection of rows and forward returns, and the table's layout. Does not belong here: the correlations
(`engine.cross_section.rank_ic`), their means (`factor_ic.sql`) and errors (`stat_signals.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.conventions import MIN_CROSS_SECTION, SIGNAL_HORIZON_DAYS
from btassets.engine.cross_section.ordering import group_starts
from btassets.engine.cross_section.rank_ic import weekly_rank_ic
from btassets.engine.days import iso_weeks, thinned_weeks, week_mondays
from btassets.engine.signals import SIGNAL_NAMES
from btassets.graph.analysis import FACTOR_IC_WEEKLY
from btassets.run.tables import Tables
from btassets.settings.models import Settings

Column = Callable[[str], pa.ChunkedArray]
"""Returns a column of `factor_signals`, whose rows are sorted by ticker bytes, then as-of date."""

_STRIDE_WEEKS = max(1, round(SIGNAL_HORIZON_DAYS / 5))


@dataclass(frozen=True)
class CrossSections:
    """Signals and forward returns, week by week; within a week by ticker bytes.

    Attributes
    ----------
    rows
        Position of each row in `factor_signals`, shape (n_rows,).
    asof, monday
        As-of date and Monday of its week, int32 days since 1970-01-01, shape (n_rows,); `monday` ascends.
    names
        Of the signals.
    values
        Shape (n_signals, n_rows), in the order of `names`; NaN = none.
    forward
        Returns over each horizon, a fraction, shape (n_horizons, n_rows); NaN = none.
    """

    rows: npt.NDArray[np.int64]
    asof: npt.NDArray[np.int32]
    monday: npt.NDArray[np.int32]
    names: Sequence[str]
    values: npt.NDArray[np.float64]
    forward: npt.NDArray[np.float64]


def stored_signals(tables: Tables) -> Column:
    """Columns of the book's `factor_signals`, each read on demand, because all at once are large."""
    return lambda name: tables["factor_signals"].read([name])[name]


def own_signals(tables: Tables) -> tuple[list[str], Column]:
    """Names of the own signals in use, and `stored_signals` with their columns beside the others."""
    names = [signal for signal, _ in tables["own_signals"].facts.get("tried", ())]
    known = stored_signals(tables)

    def column(name: str) -> pa.ChunkedArray:
        if name not in names:
            return known(name)
        return tables["own_signals"].where(["signal", "value"], pc.field("signal") == name, wanted=["value"])["value"]

    return names, column


def cross_sections(
    signals: Column, settings: Settings, horizons: Sequence[int], names: Sequence[str] = SIGNAL_NAMES
) -> CrossSections:
    """Rows of the scenario's grid: eligible tickers on the week grid, all tickers on the own-week grid.

    If the scenario drops ended tickers, a forward return needs all of its bars.

    Parameters
    ----------
    settings
        Reads `method.asof_grid` and `method.ended`.
    horizons
        Sessions of the forward returns.
    names
        Signals wanted.
    """
    if settings.method.asof_grid == "week":
        is_used = pc.and_(signals("is_week"), signals("eligible"))
    else:
        is_used = signals("is_own_week")
    rows = np.flatnonzero(is_used.to_numpy())
    asof = signals("asof_date").cast(pa.int32()).to_numpy()[rows]
    order = np.argsort(week_mondays(asof), kind="stable")
    rows, asof = rows[order], asof[order]
    values, forward = np.empty((len(names), len(rows))), np.empty((len(horizons), len(rows)))
    for s, name in enumerate(names):
        values[s] = signals(name).to_numpy()[rows]
    n_forward = signals("n_forward").to_numpy()[rows] if settings.method.ended == "dropped" else None
    for h, horizon in enumerate(horizons):
        forward[h] = signals(f"fwd_return_{horizon}").to_numpy()[rows]
        if n_forward is not None:
            forward[h, n_forward < horizon] = np.nan
    return CrossSections(rows, asof, week_mondays(asof), names, values, forward)


def weekly_ic(signals: Column, settings: Settings, scenario: str, names: Sequence[str] = SIGNAL_NAMES) -> pa.Table:
    """Rank IC and quintile spread of every signal in every week against the next 30 sessions.

    Weeks without a pair are left out; the IC of a week with fewer than 20 pairs is null.

    Parameters
    ----------
    signals, settings, names
        As `cross_sections` takes them.
    scenario
        First column.
    """
    found = cross_sections(signals, settings, [SIGNAL_HORIZON_DAYS], names)
    asof, monday = found.asof, found.monday
    weekly = weekly_rank_ic(monday, found.values, found.forward)

    n_weeks = len(weekly.week)
    week_asof = np.maximum.reduceat(asof, group_starts(monday)[:-1]) if n_weeks else asof
    year, week = iso_weeks(week_asof)
    is_thinned = np.zeros((len(names), n_weeks), dtype=np.bool_)
    for s in range(len(names)):
        usable = np.flatnonzero(weekly.size[s, 0] >= MIN_CROSS_SECTION)
        is_thinned[s, usable[thinned_weeks(year[usable], week[usable], _STRIDE_WEEKS)]] = True

    def of_week(column: npt.NDArray[np.int32]) -> pa.Array:
        return pa.array(np.tile(column, len(names)))

    def real(column: npt.NDArray[np.float64]) -> pa.Array:
        return pa.array(column.ravel(), mask=np.isnan(column.ravel()))

    table = pa.table(
        {
            "scenario": pa.repeat(scenario, len(names) * n_weeks),
            "signal": pa.array([name for name in names for _ in range(n_weeks)], pa.string()),
            "week": of_week(weekly.week).cast(pa.date32()),
            "asof_date": of_week(week_asof).cast(pa.date32()),
            "iso_year": of_week(year),
            "iso_week": of_week(week),
            "n": pa.array(weekly.size[:, 0, :].ravel()),
            "ic": real(weekly.ic[:, 0, :]),
            "spread": real(weekly.spread[:, 0, :]),
            "is_thinned": pa.array(is_thinned.ravel()),
        },
        schema=FACTOR_IC_WEEKLY.schema,
    )
    return table.filter(pc.greater(table["n"], 0))
