"""Metadata of single partitions of an asset that materializes many of them at once.

Belongs here: handing Dagster the metadata of all partitions in one piece. Its own `add_asset_metadata` looks up
the range and copies everything known so far for each partition, quadratic in their number. Does not belong here: the
numbers (`btassets.defs.assets`).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.execution.context.metadata_logging import AssetMetadataHandle, OutputMetadataAccumulator


def of_partitions(context: dg.AssetExecutionContext, key: dg.AssetKey, facts: Mapping[str, Mapping[str, Any]]) -> None:
    """Metadata by partition of the running asset, beside that of the whole run; nothing if no partition was chosen."""
    if not (context.has_partition_key or context.has_partition_key_range):
        return
    step = context.get_step_execution_context()
    known = step._metadata_accumulator.per_output_metadata
    added = {AssetMetadataHandle(asset_key=key, partition_key=name): dict(own) for name, own in facts.items()}
    step._metadata_accumulator = OutputMetadataAccumulator(per_output_metadata={**known, **added})
