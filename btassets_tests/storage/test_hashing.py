"""Hashes: of values, not of how they are cut, and the same in any process."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa

from btassets.storage.hashing import content_hash, digest
from btassets.storage.lake import bucket_of


def some(n: int = 3) -> pa.Table:
    return pa.table({"ticker": pa.array([f"T{k}" for k in range(n)]), "x": pa.array([float(k) for k in range(n)])})


def test_the_content_hash_sees_values_not_chunks() -> None:
    whole = some(6)
    cut = pa.concat_tables([whole.slice(0, 2), whole.slice(2)])
    assert content_hash(cut) == content_hash(whole) != content_hash(some(5))
    assert content_hash(whole.rename_columns(["ticker", "y"])) != content_hash(whole)


def test_the_digest_is_the_same_in_any_process() -> None:
    assert digest({"b": 1, "a": [1.5, None, "x"]}) == digest({"a": [1.5, None, "x"], "b": 1})
    program = (
        "from btassets.storage.hashing import digest; from btassets.storage.lake import bucket_of; "
        "print(digest({'b': 1, 'a': 'x'}), bucket_of('AAPL', 64))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": str(seed)}, capture_output=True,
            text=True,
            check=True, cwd=Path(__file__).parents[2],
        ).stdout
        for seed in (0, 1)
    }  # fmt: skip
    assert said == {f"{digest({'a': 'x', 'b': 1})} {bucket_of('AAPL', 64)}\n"}
