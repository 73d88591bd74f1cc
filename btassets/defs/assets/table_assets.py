"""Assets of every unpartitioned stage, built from the declared flow.

Belongs here: thin assets; those below the replay share one step. Does not belong here: any computation
(`btassets.run.run_stage`).
"""

from collections.abc import Iterator

import dagster as dg

from btassets.defs import checks
from btassets.defs.assets import asset_metadata as metadata
from btassets.defs.assets.page_numbers import page_metadata
from btassets.defs.placement import ALONE, Placement
from btassets.defs.resources import BookResource
from btassets.errors import UsageError
from btassets.graph.columns import TableSpec
from btassets.graph.flow import PARTITIONED, dependencies
from btassets.graph.stage import Stage
from btassets.instance.cluster.celery_options import MEMORY_TAGS
from btassets.instance.dagster_home import is_home
from btassets.run.check_facts import check_facts
from btassets.run.own_flow.book_flow import BUILT_IN, BookFlow, flow_of
from btassets.run.run_stage import run_stage, run_stages
from btassets.run.stage_code import code_version_of
from btassets.run.stage_result import StageOutcome


def _spec(stage: Stage, spec: TableSpec, place: Placement) -> dg.AssetSpec:
    table = spec.name
    about = stage.about if table == stage.name else f"{table}: written together with {stage.name}."
    return dg.AssetSpec(
        place.key(table),
        deps=[place.key(name) for name in dependencies(stage)],
        group_name=place.name(stage.group),
        description=metadata.description(about, spec),
        metadata=metadata.column_schema(spec),
        owners=metadata.OWNERS,
        kinds=set(stage.kinds),
        code_version=code_version_of(stage),
    )


def _results(
    stage: Stage,
    outcome: StageOutcome,
    book: BookResource,
    wanted: set[str],
    place: Placement,
    instance: dg.DagsterInstance,
) -> Iterator[dg.MaterializeResult]:
    """Tables of a stage that the run requested."""
    opened = book.open()
    has_web = is_home(instance, opened.instance)
    found = check_facts(stage.name, outcome, opened)
    for table in stage.outputs:
        if table not in wanted:
            continue
        made = metadata.result(outcome, table, place)
        made = made._replace(metadata={**(made.metadata or {}), **page_metadata(opened, table, has_web=has_web)})
        results = [
            checks.result(f.check, asset=stage.name, passed=f.passed, severity=f.severity, place=place, **f.numbers)
            for f in found
        ]
        yield made._replace(check_results=results) if table == stage.name and results else made


def _build(stage: Stage, place: Placement) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=place.name(stage.name),
        specs=[_spec(stage, spec, place) for spec in stage.tables],
        check_specs=checks.of_stage(stage, place),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    @place.bind
    def asset(context: dg.AssetExecutionContext, book: BookResource):
        outcome = run_stage(stage.name, book.open())
        _tell(context, outcome)
        yield from _results(stage, outcome, book, set(stage.outputs), place, context.instance)

    return asset


def _build_analysis(stages: list[Stage], place: Placement) -> dg.AssetsDefinition:
    """Assets of every stage below the replay in one step, which can materialize any subset.

    One step, because a separate step costs a process about as much as most of these stages; within it they run
    concurrently on threads.
    """

    @dg.multi_asset(
        name=place.name("analyse"),
        specs=[_spec(stage, spec, place) for stage in stages for spec in stage.tables],
        check_specs=[spec for stage in stages for spec in checks.of_stage(stage, place)],
        can_subset=True,
        op_tags=MEMORY_TAGS if place.is_alone else None,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    @place.bind
    def analyse(context: dg.AssetExecutionContext, book: BookResource):
        wanted = {key.path[-1] for key in context.selected_asset_keys}
        wanted |= {key.asset_key.path[-1] for key in context.selected_asset_check_keys}
        opened = book.open()
        by_table = {table: stage.name for stage in flow_of(opened).stages.values() for table in stage.outputs}
        gone = sorted(wanted - by_table.keys())
        if gone:
            raise UsageError(f"{gone[0]}: no stage of that name in own/ any more", "reload the definitions.")
        for outcome in run_stages({by_table[table] for table in wanted}, opened):
            _tell(context, outcome)
            yield from _results(flow_of(opened).stages[outcome.name], outcome, book, wanted, place, context.instance)

    return analyse


def _tell(context: dg.AssetExecutionContext, outcome: StageOutcome) -> None:
    context.log.info(f"{outcome.name}: {'unchanged, skipped' if outcome.is_cached else 'computed'}")


def build_whole_assets(place: Placement = ALONE, flow: BookFlow = BUILT_IN) -> list[dg.AssetsDefinition]:
    """Every unpartitioned asset: the calendar and the benchmark, then everything below the replay."""
    whole = [stage for stage in flow.stages.values() if stage.name not in PARTITIONED]
    before = [stage for stage in whole if stage.keyed == "shared"]
    return [
        *(_build(stage, place) for stage in before),
        _build_analysis([stage for stage in whole if stage not in before], place),
    ]
