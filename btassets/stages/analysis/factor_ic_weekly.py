"""Stage `factor_ic_weekly`: cross-sectional quality of each signal in each week.

Belongs here: reading the signals of the scenario's replay. Does not belong here: the selection of rows
(`signal_weeks.py`), the correlation (`engine.cross_section.rank_ic`), the mean over weeks
(`dbt_like_sql/factor_ic.sql`).
"""

import pyarrow as pa
import pyarrow.compute as pc

from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.analysis.signal_weeks import own_signals, stored_signals, weekly_ic


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `factor_ic_weekly` of the book's scenario."""
    table = weekly_ic(stored_signals(tables), settings, tables.scenario)
    names, columns = own_signals(tables)
    if names:
        table = pa.concat_tables([table, weekly_ic(columns, settings, tables.scenario, names)])
    return StageResult({"factor_ic_weekly": table}, {"weeks": len(pc.unique(table["week"]))})
