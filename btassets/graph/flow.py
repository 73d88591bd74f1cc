"""The flow from bars to recommendation: every stage in order, and all lists derived from the declarations.

Belongs here: combining the groups, and the lists used by Dagster's graph, the freshness rules, the warehouse, the
command line and the documentation. Does not belong here: any declaration (the file of its group).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from btassets.graph import advice, analysis, bars, journal, own, portfolio, ranking, replay, report, statistics
from btassets.graph.columns import TableSpec
from btassets.graph.outside import BESIDE, OUTSIDE
from btassets.graph.stage import Check, HasGate, Stage

GROUPS = (bars, replay, own, ranking, analysis, portfolio, statistics, advice, journal, report)
"""Declarations in flow order."""

STAGES: dict[str, Stage] = {stage.name: stage for group in GROUPS for stage in group.STAGES}

TABLES_OF_NO_STAGE: tuple[TableSpec, ...] = (
    bars.BARS,
    portfolio.TRIALS,
    own.SIGNAL_TRIALS,
    advice.VERDICTS,
)
"""The adjusted view that `export` computes from the stored bars, and the ledgers to which runs and sweeps append."""

TABLES: dict[str, TableSpec] = {
    spec.name: spec for spec in (*(t for s in STAGES.values() for t in s.tables), *TABLES_OF_NO_STAGE)
}

PARTITIONED: tuple[str, ...] = tuple(name for name, stage in STAGES.items() if stage.is_partitioned)
"""Stages partitioned by ticker; the others are unpartitioned."""

STAGE_OF_TABLE: dict[str, Stage] = {table: stage for stage in STAGES.values() for table in stage.outputs}

STAGE_OF_STORE: dict[str, Stage] = {store: stage for stage in STAGES.values() for store in stage.stores}


@dataclass(frozen=True)
class ViewSpec:
    """Storage layout and sort order of a table, for the views of the warehouse.

    Attributes
    ----------
    layout
        `bucketed`: one set of hash buckets; `replays`: one per replay; `replay`: one file per replay; `whole`: one
        file per scenario.
    order
        Sort columns of the view.
    """

    layout: str
    order: tuple[str, ...]


def upstream(stage: Stage, stages: Mapping[str, Stage] = STAGES) -> tuple[str, ...]:
    """Stages that must be up to date before `stage`, in flow order.

    Stages whose tables or stores it reads, and those whose other outputs are its external inputs.
    """
    wanted = {*stage.reads, *stage.outside}
    return tuple(name for name, other in stages.items() if wanted & {*other.outputs, *other.stores, *other.writes})


def stages_under(settings: HasGate, stages: Mapping[str, Stage] = STAGES) -> dict[str, Stage]:
    """The flow, of a book with own stages too, under the book's settings (`Stage.under`)."""
    return {name: stage.under(settings) for name, stage in stages.items()}


def downstream(names: Iterable[str], stages: Mapping[str, Stage] = STAGES) -> set[str]:
    """`names` and every stage that depends on one of them, directly or not."""
    reached = set(names)
    for stage in stages.values():
        if reached.intersection(upstream(stage, stages)):
            reached.add(stage.name)
    return reached


def asset_of(name: str) -> str:
    """Asset of a table or a store: the table itself, or the table of the stage that owns the store."""
    return STAGE_OF_STORE[name].name if name in STAGE_OF_STORE else name


def dependencies(stage: Stage) -> tuple[str, ...]:
    """Assets upstream of a stage, an own one included: its inputs, and outputs that must be written before it.

    An input that may be missing, as the versions of the market without an edge, is none of them: the page would warn
    before the first run of every book that it has not been materialized.
    """
    read = [asset_of(name) for name in stage.reads]
    written = [other.name for other in STAGES.values() if set(stage.outside) & set(other.writes)]
    return tuple(dict.fromkeys((*read, *written)))


def views() -> dict[str, ViewSpec]:
    """Tables of the warehouse with their layout and order; stores have no view."""
    found: dict[str, ViewSpec] = {}
    for name, spec in TABLES.items():
        stage = STAGE_OF_TABLE.get(name)
        if spec is bars.BARS:
            continue
        layout = "whole"
        if stage is not None and stage.is_partitioned:
            layout = "bucketed" if stage.keyed == "shared" else "replays"
        elif stage is not None and stage.keyed == "replay":
            layout = "replay"
        found[name] = ViewSpec(layout, spec.order)
    return found


def check_of(name: str) -> tuple[Stage, Check] | None:
    """Stage and declaration of a check; None for a query of `dbt_like_sql/tests`."""
    return next(((s, c) for s in STAGES.values() for c in s.checks if c.name == name), None)


def problems(stages: Mapping[str, Stage] = STAGES) -> list[str]:
    """Errors in the declarations, one sentence each; empty if there are none."""
    found: list[str] = []
    known: set[str] = set()
    for stage in stages.values():
        found += [
            f"{stage.name} reads {name}, which no earlier stage writes" for name in stage.reads if name not in known
        ]
        found += [f"{stage.name}: no external input is named {name}" for name in stage.outside if name not in OUTSIDE]
        found += [
            f"{stage.name}: no output beside tables is named {name}" for name in stage.writes if name not in BESIDE
        ]
        if stage.outputs[0] != stage.name:
            found.append(f"{stage.name}: its first table is named {stage.outputs[0]}")
        for spec in stage.tables:
            shown = set() if spec.page is None else {*spec.page.columns, *(n.column for n in spec.page.numbers)}
            unknown = sorted((shown | set(spec.order)) - set(spec.names))
            found += [f"{spec.name}: page or order names {column}, which is not a column" for column in unknown]
        known |= {*stage.outputs, *stage.stores}
    return found
