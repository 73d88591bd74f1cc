"""Table `factor_ic_weekly` from `factor_signals`: how each signal sorted the universe in each week.

Belongs here: which rows and forward returns the scenario's rules let in, and the table's layout. Does
not belong here: the correlations (`engine.cross_section.rank_ic`) and their means (`factor_ic.sql`).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.cross_section.ordering import group_starts
from btassets.engine.cross_section.rank_ic import MIN_CROSS_SECTION, weekly_rank_ic
from btassets.engine.cross_section.weeks import iso_weeks, thinned_weeks, week_mondays
from btassets.settings.models import Settings
from btassets.stages.settings_relation import HORIZON_DAYS
from btassets.tables import FACTOR_IC_WEEKLY, SIGNALS

COLUMNS = ("asof_date", "is_week", "is_own_week", "eligible", "n_forward", f"fwd_return_{HORIZON_DAYS}", *SIGNALS)
"""Columns of `factor_signals` that are read."""

_STRIDE_WEEKS = max(1, round(HORIZON_DAYS / 5))


def weekly_ic(signals: pa.Table, settings: Settings, scenario: str) -> pa.Table:
    """Rank IC and quintile spread of every signal in every week against the next 30 sessions.

    On the week grid only eligible tickers count; on the seed's own-week grid every ticker does. Where
    the scenario drops ended tickers, a forward return needs all of its 30 bars. Weeks without a pair
    are left out; the IC of a week with fewer than 20 pairs is null.

    Parameters
    ----------
    signals
        Table `factor_signals`, sorted by ticker bytes and as-of date: equal signals keep that order
        in the quintile spread.
    settings
        `method.asof_grid` and `method.ended` are read.
    scenario
        First column.
    """
    is_week_grid = settings.method.asof_grid == "week"
    is_used = signals["is_week" if is_week_grid else "is_own_week"]
    if is_week_grid:
        is_used = pc.and_(is_used, signals["eligible"])
    rows = np.flatnonzero(is_used.to_numpy())
    asof = signals["asof_date"].cast(pa.int32()).to_numpy()[rows]
    order = np.argsort(week_mondays(asof), kind="stable")
    rows, asof = rows[order], asof[order]
    monday = week_mondays(asof)
    forward = signals[f"fwd_return_{HORIZON_DAYS}"].to_numpy()[rows]
    if settings.method.ended == "dropped":
        forward[signals["n_forward"].to_numpy()[rows] < HORIZON_DAYS] = np.nan
    values = np.empty((len(SIGNALS), len(rows)))
    for s, name in enumerate(SIGNALS):
        values[s] = signals[name].to_numpy()[rows]
    weekly = weekly_rank_ic(monday, values, forward[np.newaxis])

    n_weeks = len(weekly.week)
    week_asof = np.maximum.reduceat(asof, group_starts(monday)[:-1]) if n_weeks else asof
    year, week = iso_weeks(week_asof)
    is_thinned = np.zeros((len(SIGNALS), n_weeks), dtype=np.bool_)
    for s in range(len(SIGNALS)):
        usable = np.flatnonzero(weekly.size[s, 0] >= MIN_CROSS_SECTION)
        is_thinned[s, usable[thinned_weeks(year[usable], week[usable], _STRIDE_WEEKS)]] = True

    def of_week(column: npt.NDArray[np.int32]) -> pa.Array:
        return pa.array(np.tile(column, len(SIGNALS)))

    def real(column: npt.NDArray[np.float64]) -> pa.Array:
        return pa.array(column.ravel(), mask=np.isnan(column.ravel()))

    table = pa.table(
        {
            "scenario": pa.repeat(scenario, len(SIGNALS) * n_weeks),
            "signal": pa.array([name for name in SIGNALS for _ in range(n_weeks)], pa.string()),
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
