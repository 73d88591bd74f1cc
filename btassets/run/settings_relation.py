"""Settings passed to the SQL models as one-row and short relations instead of templates.

Belongs here: the columns of `settings`, `exit_days` and `cutoffs`; the columns of the floors come from their list
(`floor_sql.py`). Does not belong here: their use in the models (`dbt_like_sql/`) and the origin of values
(`btassets.settings`).
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from btassets.engine.conventions import CUTOFFS_PCT, MIN_CROSS_SECTION, MIN_THINNED_WEEKS
from btassets.engine.floors import BUILT_IN_RANKING, FLOORS, floors_of
from btassets.graph.ranking import SIGNAL_RANKS
from btassets.run.floor_sql import gate_fields, variant_relation
from btassets.settings.models import Settings
from btassets.settings.signal_floors import floor_values

SETTINGS_SCHEMA: Final = pa.schema(
    [
        pa.field("scenario", pa.string(), nullable=False),
        pa.field("profile", pa.string(), nullable=False),
        pa.field("asof_grid", pa.string(), nullable=False),
        pa.field("ranking", pa.string(), nullable=False),
        pa.field("is_ranked_by_signal", pa.bool_(), nullable=False),
        pa.field("fill", pa.string(), nullable=False),
        pa.field("expired", pa.string(), nullable=False),
        pa.field("gapped_target", pa.string(), nullable=False),
        pa.field("ended", pa.string(), nullable=False),
        pa.field("ic", pa.string(), nullable=False),
        *gate_fields(),
        pa.field("per_side_frac", pa.float64(), nullable=False),
        pa.field("delisting_return", pa.float64(), nullable=False),
        pa.field("moves_stop", pa.bool_(), nullable=False),
        pa.field("part_frac", pa.float64(), nullable=False),
        pa.field("max_hold_days", pa.int16(), nullable=False),
        pa.field("horizon_days", pa.int16(), nullable=False),
        pa.field("min_forward_days", pa.int16(), nullable=False),
        pa.field("min_cross_section", pa.int16(), nullable=False),
        pa.field("min_thinned_weeks", pa.int16(), nullable=False),
    ]
)

SETTINGS_RELATIONS = ("settings", "exit_days", "floor_variants", "cutoffs")


def hold_relations(settings: Settings) -> dict[str, pa.Table]:
    """Relations behind the macros of holds and floors, for queries that read no other setting."""
    horizon = pa.array([settings.engine.horizon_days], pa.int16())
    floors = {name: pa.array([value]) for name, value in floor_values(settings.gates.floors).items()}
    return {"settings": pa.table({"horizon_days": horizon} | floors), "exit_days": _exit_days(settings)}


def _exit_days(settings: Settings) -> pa.Table:
    return pa.table({"hold_days": pa.array(settings.exits.hold_days, pa.int16())})


def settings_relations(
    settings: Settings,
    scenario: str = "base",
    *,
    min_forward_days: int | None = None,
    gates: Mapping[str, Any] | None = None,
) -> dict[str, pa.Table]:
    """Create the relations `settings` (one row), `exit_days`, `cutoffs` and `floor_variants`.

    `signal_ranks` has no row: the stage of that name replaces it where setups are ranked or judged by signals.

    Parameters
    ----------
    settings
        All settings of the scenario.
    scenario
        Becomes the first column of every model.
    min_forward_days
        Minimum number of forward bars of a row in the sample. Unset: the horizon if rows truncated by the end of a
        ticker are left out (the legacy profile's replay never produces them), else 0. `grade` passes 0, since given
        rows count as soon as they are resolved.
    gates
        Values of the floors instead of those of `settings`: the loosest over the cells of a sweep.
    """
    method, gates = settings.method, settings.gates.values() if gates is None else gates
    floors = floors_of(gates)
    if min_forward_days is None:
        min_forward_days = settings.engine.horizon_days if method.ended == "dropped" else 0
    row = {
        "scenario": scenario,
        "profile": settings.profile,
        **{
            name: getattr(method, name)
            for name in ("asof_grid", "ranking", "fill", "expired", "gapped_target", "ended", "ic")
        },
        "is_ranked_by_signal": settings.gates.ranking != BUILT_IN_RANKING,
        **gates,
        "per_side_frac": settings.costs.per_side_frac,
        "delisting_return": settings.costs.delisting_return,
        "moves_stop": settings.exits.policy.moves_stop,
        "part_frac": settings.exits.part_frac,
        "max_hold_days": max(settings.exits.hold_days),
        "horizon_days": settings.engine.horizon_days,
        "min_forward_days": min_forward_days,
        "min_cross_section": MIN_CROSS_SECTION,
        "min_thinned_weeks": MIN_THINNED_WEEKS,
    }
    schema = pa.schema([*SETTINGS_SCHEMA, *gate_fields([floor for floor in floors if floor not in FLOORS])])
    return {
        "settings": pa.Table.from_pylist([row], schema=schema),
        "exit_days": _exit_days(settings),
        "floor_variants": variant_relation(gates),
        "signal_ranks": SIGNAL_RANKS.beside(gates).schema.empty_table(),
        "cutoffs": pa.table({"min_momentum_percentile": pa.array(CUTOFFS_PCT, pa.float64())}),
    }
