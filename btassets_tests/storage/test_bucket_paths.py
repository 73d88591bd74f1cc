"""Kept paths are those of their own lake."""

from pathlib import Path

import pytest

from btassets.storage.bucket_paths import bucket_path, place_in


def test_a_path_is_built_once_for_each_lake_table_and_bucket():
    one = bucket_path(Path("a"), "signals/base", 7)
    assert one is bucket_path(Path("a"), "signals/base", 7)
    others = {bucket_path(Path("b"), "signals/base", 7), bucket_path(Path("a"), "signals/base", 8)}
    assert len({one, *others, bucket_path(Path("a"), "signals/x", 7)}) == 4
    assert one == Path("a/signals/base/bucket-0007.parquet")


def test_a_place_is_below_its_own_root():
    path = Path("/x/data/trades/base.parquet")
    assert [place_in(root, path) for root in (Path("/x/data"), Path("/x"))] == ["trades/base", "data/trades/base"]
    with pytest.raises(ValueError, match="not in the subpath"):
        place_in(Path("/y"), path)
