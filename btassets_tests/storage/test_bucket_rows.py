"""Rows of a bucket stay in the order of their tickers, in one file or in two."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from btassets.storage.bucket_rows import (
    N_CLOSED,
    bucket_of_closed,
    closed_name,
    closed_path,
    in_order,
    is_closed_part,
    newest_rows,
    ticker_slices,
)


def test_slices_follow_the_byte_order_of_tickers() -> None:
    footers = {"b": {"n_rows": 2}, "B": {"n_rows": 3}, "a": {"n_rows": 0}}
    assert ticker_slices(footers) == {"B": (0, 3), "a": (3, 0), "b": (3, 2)}


@pytest.mark.parametrize("seed", range(5))
def test_two_parts_give_the_rows_of_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"T{k}" for k in range(6)]
    counts = rng.integers(0, 5, (6, 2))
    rows = [(t, k) for t, own in zip(names, counts.sum(axis=1), strict=True) for k in range(own)]
    whole = pa.table(
        {
            "ticker": pa.array([t for t, _ in rows], pa.string()),
            "k": pa.array([k for _, k in rows], pa.int64()),
            "code": pa.array([f"c{k % 3}" if k else None for _, k in rows], pa.string()).dictionary_encode(),
        }
    )
    is_closed = pa.array([k < counts[names.index(t), 0] for t, k in rows], pa.bool_())
    facts = {t: {"n_rows": int(own.sum()), N_CLOSED: int(own[0])} for t, own in zip(names, counts, strict=True)}
    found = in_order(whole.filter(is_closed), whole.filter(pa.compute.invert(is_closed)), facts.values())
    assert found.to_pylist() == whole.to_pylist()
    assert newest_rows(facts)["T3"]["n_rows"] == counts[3, 1]


def test_the_name_of_a_closed_part_is_read_from_a_footer_without_parsing_it() -> None:
    assert closed_name(b'{"n_buckets":64,"closed":"00ff00ff00ff00ff","tickers":{}}') == "00ff00ff00ff00ff"
    assert closed_name(b'{"n_buckets":64,"tickers":{"closed":"00ff00ff00ff00ff"}}') is None
    path = Path("candidates/base/bucket-0003.parquet")
    part = closed_path(path, "00ff00ff00ff00ff")
    assert is_closed_part(part)
    assert not is_closed_part(path)
    assert bucket_of_closed(part) == path
