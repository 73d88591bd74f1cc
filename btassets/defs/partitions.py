"""Tickers of a run.

Belongs here: the tickers that a run targets. Does not belong here: the partitions definition
(`btassets.defs.placement`), adding tickers and naming ranges of them (`btassets.instance.ticker_ranges`).
"""

import dagster as dg

from btassets.instance.ticker_ranges import PARTITIONS


def targeted(context: dg.AssetExecutionContext | dg.OpExecutionContext, partitions: str = PARTITIONS) -> list[str]:
    """Tickers of a run: those of its partition range; every ticker if none was chosen."""
    if context.has_partition_key or context.has_partition_key_range:
        return list(context.partition_keys)
    return list(context.instance.get_dynamic_partitions(partitions))
