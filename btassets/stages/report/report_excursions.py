"""Part `excursions` of the report: how far trades went against and for their position before they ended.

Belongs here: the excursions of winners (target reached; of a setup without one: a gain at the end) and losers (stopped)
among the qualified setups, and the rows of the moved levels with their verdicts. Does not belong here: the excursions
(`engine.replay.outcome`), the estimates (`stages.statistics.level_pairs`).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from btassets.engine.statistics.verdicts import LEVEL, NOISE, SUPPORTED
from btassets.run.tables import Tables
from btassets.stages.statistics.level_pairs import LEVELS

_COLUMNS = ("outcome", "gross_r", "target", "mae_r", "mae_day", "mfe_r", "mfe_day")
_QUANTILES = (0.5, 0.8, 0.95)
_LOSERS = ("stop_hit", "ambiguous")

Document = dict[str, Any]


def excursions(tables: Tables, pairs: list[Document]) -> Document:
    """Excursions of the qualified setups, and the moved levels.

    Parameters
    ----------
    pairs
        `statistics.pairs` of the report.
    """
    wanted = pc.field("qualified") & pc.field("is_graded")
    rows = tables["graded_setups"].where([*_COLUMNS, "qualified", "is_graded"], wanted, wanted=_COLUMNS)
    outcome = np.array(rows["outcome"].to_pylist(), dtype=object)
    columns = {name: rows[name].cast("float64").to_numpy() for name in _COLUMNS[1:]}
    lost = np.isin(outcome, _LOSERS)
    won = (outcome == "target_hit") | (np.isnan(columns["target"]) & ~lost & (columns["gross_r"] > 0.0))
    return {
        "winners": _side(-columns["mae_r"][won], columns["mae_day"][won]),
        "losers": _side(columns["mfe_r"][lost], columns["mfe_day"][lost]),
        "levels": [{**row, "verdict": level_verdict(row)} for row in pairs if row["family"] == LEVELS],
    }


def _side(values: npt.NDArray[np.float64], days: npt.NDArray[np.float64]) -> Document:
    """Count, quantiles of the distance in R, and the mean day of the extreme."""
    known = values[~np.isnan(values)] + 0.0
    if not len(known):
        return {"n": 0, "p50_r": None, "p80_r": None, "p95_r": None, "mean_day": None}
    p50, p80, p95 = (round(float(value), 2) for value in np.quantile(known, _QUANTILES))
    return {"n": len(known), "p50_r": p50, "p80_r": p80, "p95_r": p95, "mean_day": round(float(np.nanmean(days)), 1)}


def level_verdict(row: Mapping[str, Any]) -> str | None:
    """`supported` if a moved level was better beyond the chance of the whole family, else noise; None: untested.

    That it was worse is no advice: nobody moves a level to lose.
    """
    p, estimate = row["p_adj"], row["estimate"]
    if p is None or estimate is None:
        return None
    is_better = estimate > 0 and p < LEVEL
    return SUPPORTED if is_better and row["oos_confirmed"] != "no" else NOISE
