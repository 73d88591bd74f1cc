"""Lists of the past, as they would have been shown: one per as-of date of the backtest.

Belongs here: what qualified at each date by the current settings. Does not belong here: adding the lists to the log
and marking them (`btassets.run.shown_lists`), the gate (`dbt_like_sql/graded_setups.sql`).

The list of a date holds what the backtest bought from: setups that qualified, highest percentile first. No row knows
a later bar, but settings and bars are the current ones: such a list proves nothing and is never judged.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from btassets.run.shown_lists import BACKFILL, Record
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.journal.journal import list_record

PERCENTILE = "activation_momentum_percentile"
_COLUMNS = ("asof_date", "ticker", "direction", "entry", "stop", "target", "rr", "confidence", PERCENTILE)


def backfill_records(tables: Tables, settings: Settings, *, since: str | None, now: str) -> list[Record]:
    """Records of the lists of the past, in the order of their dates.

    Parameters
    ----------
    tables, settings
        Of the reader `BACKFILL_READS`.
    since
        First as-of date, ISO; None: all.
    now
        Time of this replay.
    """
    sessions = read_sessions(tables)
    week_ends = pa.array(sessions.days[sessions.is_week], pa.int32()).cast(pa.date32())
    by_day: dict[str, list[dict[str, Any]]] = {day.isoformat(): [] for day in week_ends.to_pylist()}
    rows = tables["graded_setups"].where([*_COLUMNS, "qualified"], pc.field("qualified"), wanted=_COLUMNS)
    for row in rows.to_pylist():
        by_day.setdefault(row["asof_date"].isoformat(), []).append(row)
    records: list[Record] = []
    for day in sorted(day for day in by_day if since is None or day >= since):
        # The sort is stable: equal ones in the tie order of the table, as today's list has them.
        own = sorted(by_day[day], key=lambda row: -1.0 if row[PERCENTILE] is None else row[PERCENTILE], reverse=True)
        setups = [{**row, "is_qualified": True, "percentile": row[PERCENTILE], "failed_floors": ""} for row in own]
        records.append(
            list_record(tables, settings, as_of=day, is_signal_day=True, setups=setups, now=now, kind=BACKFILL)
        )
    return records
