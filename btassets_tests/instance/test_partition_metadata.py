"""Metadata by partition: each event carries its own beside that of the run."""

import dagster as dg
import pytest

from btassets.instance.partition_metadata import of_partitions

PARTS = dg.StaticPartitionsDefinition([f"T{n}" for n in range(5)])


@dg.asset(partitions_def=PARTS, backfill_policy=dg.BackfillPolicy.single_run())
def rows(context: dg.AssetExecutionContext):
    context.add_asset_metadata({"early": 1}, partition_key="T1") if context.has_partition_key_range else None
    of_partitions(context, context.assets_def.key, {f"T{n}": {"n": n} for n in range(4)})
    return dg.MaterializeResult(metadata={"all": 9})


RANGE = {"dagster/asset_partition_range_start": "T1", "dagster/asset_partition_range_end": "T4"}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (RANGE, {"T1": {"all": 9, "n": 1}, "T2": {"all": 9, "n": 2}, "T3": {"all": 9, "n": 3}, "T4": {"all": 9}}),
        ({}, {None: {"all": 9}}),
    ],
)
def test_of_partitions(tags, expected):
    result = dg.Definitions(assets=[rows]).resolve_implicit_global_asset_job_def().execute_in_process(tags=tags)
    found = {
        e.partition: {key: value.value for key, value in e.materialization.metadata.items()}
        for e in result.get_asset_materialization_events()
    }
    assert found == expected
