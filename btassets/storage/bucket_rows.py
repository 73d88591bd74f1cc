"""Rows of a bucket: where a ticker's are, and the closed part of a bucket that grows at its end.

A bucket of the replay gains rows every evening, and almost all of it stays. So its rows may be in two files: the
bucket's own, with the newest rows and the facts of every ticker, and a closed part, which is written again only when
a row in it changes. The closed part carries the hash of its content in its name, and the bucket's footer names it: a
reader sees the old rows or the new ones, never a mixture.

Belongs here: order and places of rows, the name of a closed part. Does not belong here: reading and writing files
(`lake.py`), which rows are closed (`btassets.stages.replay.closed_rows`).
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

CLOSED = "closed"
"""Entry of a bucket's footer: the hash in the name of its closed part."""

N_CLOSED = "n_closed"
"""Fact of a ticker: how many of its rows, the oldest, are in the closed part."""

_NAMED = re.compile(rb'^\{"n_buckets":\d+,"closed":"([0-9a-f]{16})",')


def ticker_slices(footers: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Offset and number of rows of each ticker in its bucket, from the bucket's footer."""
    slices: dict[str, tuple[int, int]] = {}
    offset = 0
    for ticker in sorted(footers, key=str.encode):
        slices[ticker] = (offset, footers[ticker]["n_rows"])
        offset += footers[ticker]["n_rows"]
    return slices


def newest_rows(footers: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The footers with the number of rows that are not closed."""
    return {ticker: {**facts, "n_rows": facts["n_rows"] - facts.get(N_CLOSED, 0)} for ticker, facts in footers.items()}


def closed_name(footer: bytes) -> str | None:
    """Hash of the closed part that the footer of a bucket names; None: it has none."""
    found = _NAMED.match(footer)
    return None if found is None else found[1].decode()


@lru_cache(maxsize=4_096)
def closed_path(path: Path, name: str) -> Path:
    """File of the closed part of a bucket.

    >>> closed_path(Path("candidates/base/bucket-0003.parquet"), "0011223344556677").name
    'bucket-0003.closed-0011223344556677.parquet'
    """
    return path.with_name(f"{path.stem}.{CLOSED}-{name}.parquet")


def closed_parts(path: Path) -> list[Path]:
    """Every closed part beside a bucket: the one that it names, any that a killed run left, and damaged ones."""
    pattern = f"{path.stem}.{CLOSED}-*.parquet"
    return sorted([*path.parent.glob(pattern), *path.parent.glob(f".damaged-{pattern}")])


def is_closed_part(path: Path) -> bool:
    """Whether a file is the closed part of a bucket."""
    return f".{CLOSED}-" in path.name


def bucket_of_closed(path: Path) -> Path:
    """The bucket's own file beside a closed part."""
    return path.with_name(f"{path.name.partition('.')[0]}.parquet")


def in_order(closed: pa.Table, newest: pa.Table, facts: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows of both parts by ticker, of each the closed ones first.

    Parameters
    ----------
    facts
        Of each ticker, in ticker (byte) order.
    """
    n_closed = np.array([own.get(N_CLOSED, 0) for own in facts], np.int64)
    n_newest = np.array([own["n_rows"] for own in facts], np.int64) - n_closed
    counts = np.column_stack((n_closed, n_newest)).ravel()
    starts = np.column_stack((_starts(n_closed), closed.num_rows + _starts(n_newest))).ravel()
    # Row r of the result has the same place in its block.
    rows = np.arange(counts.sum()) + np.repeat(starts - _starts(counts), counts)
    return pa.concat_tables([closed, newest]).unify_dictionaries().combine_chunks().take(pa.array(rows))


def _starts(counts: np.ndarray) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(counts)[:-1])) if len(counts) else counts
