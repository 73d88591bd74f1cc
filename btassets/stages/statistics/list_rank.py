"""Predictive power of the list itself, in calendar time: a row of `stat_pairs`.

Each week the names listed in the last six weeks (long, qualified; weighted by number of listings) are ranked among all
eligible ones and correlated with the next week's return without beta x benchmark. It includes no stop, target or cost:
it measures selection, not the profit of trading it.

Belongs here: the list as a signal. Does not belong here: the signals (`stat_signals.py`), setups and exits.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.cross_section.rank_ic import weekly_rank_ic
from btassets.engine.days import week_mondays
from btassets.engine.statistics.ewc import WEEKLY, estimate
from btassets.engine.statistics.influence import series_influence
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.analysis.signal_weeks import cross_sections, stored_signals
from btassets.stages.statistics.benchmark_moves import benchmark_moves
from btassets.stages.statistics.stat_sample import NO_WINDOWS, estimate_row

LIST = "list"
"""Family of the row."""

_WEEK_SESSIONS = 5
_LISTED_WEEKS = 6


def list_rows(tables: Tables, settings: Settings) -> list[dict[str, Any]]:
    """One row of `stat_pairs`, or none if no week has a list and enough other names."""
    signals = stored_signals(tables)
    weeks = cross_sections(signals, settings, [_WEEK_SESSIONS])
    listed = _listings(tables)
    if not len(weeks.monday) or not listed.num_rows:
        return []
    coded = signals("ticker").combine_chunks().dictionary_encode()
    names, ticker = coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int32)[weeks.rows]
    following = weeks.forward[0] - benchmark_moves(tables, settings, names, ticker, weeks.asof)
    week_no = (weeks.monday - weeks.monday[0]).astype(np.int64) // 7
    place = pc.fill_null(pc.index_in(listed["ticker"].cast(pa.string()), pa.array(names, pa.string())), -1).to_numpy()
    own_week = (week_mondays(listed["asof_date"].cast(pa.int32()).to_numpy()) - weeks.monday[0]).astype(np.int64) // 7
    used = (place >= 0) & (own_week >= 0) & (own_week <= week_no[-1])
    count = np.zeros((int(week_no[-1]) + 1 + _LISTED_WEEKS, len(names)))
    np.add.at(count, (own_week[used] + _LISTED_WEEKS, place[used]), 1.0)
    total = np.cumsum(count, axis=0)
    listings = total[week_no + _LISTED_WEEKS, ticker] - total[week_no, ticker]
    weekly = weekly_rank_ic(weeks.monday, listings[np.newaxis], following[np.newaxis])
    axis = np.full((int(week_no[-1]) + 1, 1), np.nan)
    axis[(weekly.week - weeks.monday[0]).astype(np.int64) // 7, 0] = weekly.ic[0, 0]
    found = estimate(series_influence(axis), WEEKLY)
    row = {
        "member": "listed",
        "against": "the rest",
        "measure": "rank_ic",
        **estimate_row(found, 0, "ic"),
        "family": LIST,
        **NO_WINDOWS,
        "family_size": 1,
        "p_adj": found.p[0],
        "adj_method": "none",
    }
    return [row]


def _listings(tables: Tables) -> pa.Table:
    """Ticker and date of every qualified long."""
    where = pc.field("qualified") & (pc.field("direction") == "long")
    columns = ("ticker", "asof_date", "direction", "qualified")
    return tables["graded_setups"].where(columns, where, wanted=columns[:2])
