"""Stage `stat_calibration`: calibration of stated probabilities, with standard errors, by direction.

Belongs here: the selection of setups. Does not belong here: the statistics (`engine.statistics.calibration`) and the
plain bins (`calibration.sql`).
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.days import week_mondays
from btassets.engine.statistics.calibration import Calibration, calibration
from btassets.engine.statistics.ewc import weeks_of_overlap
from btassets.engine.statistics.influence import week_numbers
from btassets.graph.statistics import STAT_CALIBRATION
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.ranking.tie_order import in_tie_order
from btassets.stages.statistics.stat_sample import NO_FAMILY, as_statistics, estimate_row

_COLUMNS = ("row_no", "ticker", "asof_date", "direction", "primary_prob", "outcome_at_close")


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `stat_calibration` of the scenario: every setup graded from the signal's close, ungated."""
    where = pc.field("outcome_at_close").is_valid() & pc.field("primary_prob").is_valid()
    setups = in_tie_order(tables["graded_setups"].where(_COLUMNS, where))
    stated = setups["primary_prob"].to_numpy() / 100.0
    is_hit = pc.equal(setups["outcome_at_close"], "target_hit").to_numpy().astype(np.bool_)
    is_long = pc.equal(setups["direction"], "long").to_numpy().astype(np.bool_)
    week_no, n_weeks = week_numbers(week_mondays(setups["asof_date"].cast(pa.int32()).to_numpy()))
    overlap = weeks_of_overlap(settings.engine.horizon_days)
    everyone = np.ones(len(stated), dtype=np.bool_)
    rows: list[dict[str, Any]] = []
    skill: dict[str, Any] = {}
    for direction, chosen in (("all", everyone), ("long", is_long), ("short", ~is_long)):
        found = calibration(stated[chosen], is_hit[chosen], week_no[chosen], n_weeks, overlap)
        rows += _rows(direction, found)
        skill[f"brier_skill_{direction}"] = None if np.isnan(found.brier_skill) else found.brier_skill
    table = as_statistics(rows, STAT_CALIBRATION.schema, tables.scenario)
    return StageResult({"stat_calibration": table}, skill)


def _rows(direction: str, found: Calibration) -> list[dict[str, Any]]:
    n = int(found.n.sum())
    size = int(np.count_nonzero(~np.isnan(found.p_adj)))
    rows: list[dict[str, Any]] = [
        {
            "direction": direction,
            "bin": k + 1,
            "measure": "gap",
            "stated": found.stated[k],
            "hit": found.hit[k],
            **estimate_row(found.gap, k, "frac"),
            "family": f"bins_{direction}",
            "family_size": size,
            "p_adj": found.p_adj[k],
            "adj_method": "step_down",
        }
        for k in range(len(found.n))
        if found.n[k]
    ]
    gain = {**estimate_row(found.skill_gain, 0, "squared_error"), **NO_FAMILY}
    rows.append({"direction": direction, "measure": "skill_gain", **gain})
    rows += [
        {
            "direction": direction,
            "measure": measure,
            "estimate": value,
            "unit": unit,
            "n_setups": n,
            **NO_FAMILY,
        }
        for measure, value, unit in (
            ("brier", found.brier, "squared_error"),
            ("brier_skill", found.brier_skill, "frac"),
            ("ece", found.ece, "frac"),
        )
    ]
    return rows
