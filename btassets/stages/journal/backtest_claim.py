"""The backtest's claim about its qualified setups when a list is shown; live results are compared with it.

Belongs here: the three measures of a setup, and their means with the house's interval over the backtest. Does not
belong here: the estimator (`engine.statistics.ewc`), the comparison (`journal_verdict.py`).

The claim is written into the journal with the list, so that what is judged later is what was promised then, and not
a backtest that has seen the live weeks since.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.days import week_mondays
from btassets.engine.setups.fill_gap import fill_gap_r
from btassets.engine.statistics.ewc import estimate, weeks_of_overlap
from btassets.engine.statistics.influence import setup_influence, week_numbers
from btassets.run.tables import Tables
from btassets.settings.models import Settings

Floats = npt.NDArray[np.float64]

MEASURES = ("net_r", "hit_rate", "fill_gap_r")
"""Mean net R (winsorised), share of targets among targets and stops (of setups with a target), and how much worse the
fill was than the entry."""

_TAIL = 0.005
"""Share of setups beyond each bound of the winsorised net R."""

_COLUMNS = ("asof_date", "direction", "entry", "stop", "target", "entry_price", "outcome", "net_r")


def backtest_claim(tables: Tables, settings: Settings) -> dict[str, Any] | None:
    """Means of the qualified setups of the backtest with their intervals; None without a graded one.

    Returns
    -------
    dict
        `bounds` of the winsorised net R, and per measure `mean`, `lo`, `hi` (95%), `se`, `dof`, `n_setups`, `n_weeks`;
        the error is null where the history is too short for one.
    """
    wanted = pc.field("qualified") & pc.field("is_graded")
    rows = tables["graded_setups"].where([*_COLUMNS, "qualified", "is_graded"], wanted, wanted=_COLUMNS)
    if not rows.num_rows:
        return None
    net_r = reals(rows, "net_r")
    bounds = [float(value) for value in np.nanquantile(net_r, (_TAIL, 1.0 - _TAIL))]
    asof = rows["asof_date"].cast(pa.int32()).to_numpy().astype(np.int32)
    week_no, n_weeks = week_numbers(week_mondays(asof))
    values = measures_of(rows, bounds)
    influence = setup_influence(week_no, np.stack([values[m] for m in MEASURES], axis=1), n_weeks)
    found = estimate(influence, weeks_of_overlap(settings.engine.horizon_days))
    claim: dict[str, Any] = {"bounds": bounds}
    for j, measure in enumerate(MEASURES):
        row = found.row(j)
        claim[measure] = {"mean": row["estimate"], "lo": row["ci_lo"], "hi": row["ci_hi"]} | {
            name: row[name] for name in ("se", "dof", "n_setups", "n_weeks")
        }
    return claim


def measures_of(rows: pa.Table, bounds: list[float]) -> Mapping[str, Floats]:
    """Value of each measure per setup, NaN where it has none; columns as in `graded_setups`."""
    is_long = pc.equal(rows["direction"].cast(pa.string()), "long").to_numpy(zero_copy_only=False)
    levels = (reals(rows, name) for name in ("entry", "stop", "entry_price"))
    return {
        "net_r": np.clip(reals(rows, "net_r"), bounds[0], bounds[1]),
        "hit_rate": hits(rows["outcome"].cast(pa.string()).to_pylist(), rows["target"].to_pylist()),
        "fill_gap_r": fill_gap_r(is_long, *levels),
    }


def hits(outcomes: Sequence[str | None], targets: Sequence[float | None]) -> Floats:
    """1 for a target, 0 for a stop (an ambiguous bar counts as one), NaN for anything else and without a target."""
    values = {"target_hit": 1.0, "stop_hit": 0.0, "ambiguous": 0.0}
    pairs = zip(outcomes, targets, strict=True)
    return np.array([np.nan if at is None else values.get(word or "", np.nan) for word, at in pairs], np.float64)


def reals(rows: pa.Table, name: str) -> Floats:
    """A column as float64, NaN where it is null."""
    return rows[name].cast(pa.float64()).to_numpy()
