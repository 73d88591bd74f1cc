"""Ticker partitions: one per ticker of the book.

Belongs here: the partitions definition, and the tickers of a run. Does not belong here: adding tickers and naming
ranges of them (`btassets.instance.ticker_ranges`).
"""

import dagster as dg

tickers = dg.DynamicPartitionsDefinition(name="tickers")


def targeted(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> list[str]:
    """Tickers of a run: those of its partition range; every ticker if none was chosen."""
    if context.has_partition_key or context.has_partition_key_range:
        return list(context.partition_keys)
    return list(context.instance.get_dynamic_partitions("tickers"))
