"""Reads the tables of a run back as inputs of the report's numbers.

Belongs here: the table behind each part of `ReportInputs`. Does not belong here: rounding and layout
(`report_numbers.py`), and content of the report other than the method's numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from btassets.graph.analysis import CALIBRATION
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.advice.report_numbers import ReportInputs
from btassets.stages.bars.universe import bar_spans

_MODELS = ("setup_stats", "gate_sweep", "gate_ablation", "time_exit_sweep", "setup_group_stats", "factor_ic")
_EQUAL_WEIGHT = ("hold", "renewed")


def read_report_inputs(
    tables: Tables,
    settings: Settings,
    *,
    calibration: pa.Table | None = None,
    dropped: Mapping[str, int] | None = None,
    warnings: Sequence[str] = (),
) -> ReportInputs:
    """Inputs of `report_numbers`, from the run's tables.

    Parameters
    ----------
    calibration
        Table `calibration`; None if the caller does not show it (the advice does not use it).
    dropped, warnings
        As in `ReportInputs`.
    """
    models = {name: tables[name].read() for name in _MODELS}
    models["calibration"] = CALIBRATION.schema.empty_table() if calibration is None else calibration
    policies = tables["portfolio_sims"].read().to_pylist()
    return ReportInputs(
        settings,
        tables.context.settings_hash,
        tables.scenario,
        len(bar_spans(tables, settings)),
        models,
        policies,
        tables["strategy_variants"].read().to_pylist(),
        _equal_weight(policies),
        dropped or {},
        warnings,
    )


def _equal_weight(policies: Sequence[Mapping[str, Any]]) -> dict[str, float] | None:
    values = {
        name: row[f"equal_weight_{name}_return_pct"]
        for row in policies[:1]
        for name in _EQUAL_WEIGHT
        if row[f"equal_weight_{name}_return_pct"] is not None
    }
    return values or None
