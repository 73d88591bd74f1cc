"""Ticker partitions of an instance: adding tickers, and the ranges named by run tags.

Belongs here: names and ranges of partitions. A ticker that leaves stays a partition with its history. Does not belong
here: the partitions definition (`btassets.defs.partitions`).
"""

from collections.abc import Mapping

import dagster as dg

PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
PARTITIONS = "tickers"
"""Name of the partitions of a book that is alone in its instance."""


def register(instance: dg.DagsterInstance, names: list[str], partitions: str = PARTITIONS) -> list[str]:
    """Add the tickers that are not partitions yet, in the given order; return those added."""
    known = set(instance.get_dynamic_partitions(partitions))
    new = [name for name in names if name not in known]
    if new:
        instance.add_dynamic_partitions(partitions, new)
    return new


def range_tags(instance: dg.DagsterInstance, names: list[str], partitions: str = PARTITIONS) -> dict[str, str]:
    """Run tags of the smallest partition range that covers `names`; empty for no names."""
    order = {name: position for position, name in enumerate(instance.get_dynamic_partitions(partitions))}
    known = sorted((name for name in names if name in order), key=order.__getitem__)
    return {RANGE_START: known[0], RANGE_END: known[-1]} if known else {}


def n_targeted(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> int:
    """Number of tickers targeted by a run's tags: its range, its one ticker, or all."""
    if PARTITION in tags:
        return 1
    known = list(instance.get_dynamic_partitions(PARTITIONS))
    if RANGE_START not in tags or not {tags[RANGE_START], tags[RANGE_END]} <= set(known):
        return len(known)
    return known.index(tags[RANGE_END]) - known.index(tags[RANGE_START]) + 1
