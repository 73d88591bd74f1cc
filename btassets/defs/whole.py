"""Assets of every unpartitioned stage, made from the registry.

Belongs here: one thin asset per stage; the SQL models share one step. Does not belong here: any
computing (`btassets.stages.run_stage`).
"""

from collections.abc import Iterator

import dagster as dg

from btassets.code_version import code_version
from btassets.defs import checks, metadata
from btassets.defs.page import page_metadata
from btassets.defs.resources import BookResource
from btassets.stages.check_facts import check_facts
from btassets.stages.registry import PARTITIONED, STAGES, Stage
from btassets.stages.run_stage import StageOutcome, run_stage, run_stages


def _spec(stage: Stage, table: str) -> dg.AssetSpec:
    about = stage.about if table == stage.name else f"{table}: written together with {stage.name}."
    return dg.AssetSpec(
        table,
        deps=list(stage.reads),
        group_name=stage.group,
        description=metadata.description(about, table),
        metadata=metadata.column_schema(table),
        owners=metadata.OWNERS,
        kinds=set(stage.kinds),
        code_version=code_version(*stage.code),
    )


def _results(stage: Stage, outcome: StageOutcome, book: BookResource) -> Iterator[dg.MaterializeResult]:
    opened = book.open()
    found = check_facts(stage.name, outcome, opened)
    for table in stage.outputs:
        made = metadata.result(outcome, table)
        made = made._replace(metadata={**(made.metadata or {}), **page_metadata(opened, table)})
        results = [checks.result(f.check, passed=f.passed, severity=f.severity, **f.numbers) for f in found]
        yield made._replace(check_results=results) if table == stage.name and results else made


def _build(stage: Stage) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=stage.name if len(stage.outputs) == 1 else f"make_{stage.name}",
        specs=[_spec(stage, table) for table in stage.outputs],
        check_specs=checks.of_asset(stage.name),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def asset(context: dg.AssetExecutionContext, book: BookResource):
        outcome = run_stage(stage.name, book.open())
        context.log.info(f"{stage.name}: {'unchanged, skipped' if outcome.is_cached else 'computed'}")
        yield from _results(stage, outcome, book)

    return asset


def _build_models(stages: list[Stage]) -> dg.AssetsDefinition:
    """Assets of several SQL models in one step, of which any subset can be materialized."""

    @dg.multi_asset(
        name="sql_models",
        specs=[_spec(stage, stage.name) for stage in stages],
        check_specs=[spec for stage in stages for spec in checks.of_asset(stage.name)],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def models(context: dg.AssetExecutionContext, book: BookResource):
        wanted = {key.to_user_string() for key in context.selected_asset_keys}
        wanted |= {key.asset_key.to_user_string() for key in context.selected_asset_check_keys}
        for outcome in run_stages(wanted, book.open()):
            yield from _results(STAGES[outcome.name], outcome, book)

    return models


def build_whole_assets() -> list[dg.AssetsDefinition]:
    """Every unpartitioned asset, in flow order."""
    whole = [stage for stage in STAGES.values() if stage.name not in PARTITIONED]
    models = [stage for stage in whole if "sql" in stage.kinds]
    plain = [_build(stage) for stage in whole if stage not in models]
    return [*plain, _build_models(models)]
