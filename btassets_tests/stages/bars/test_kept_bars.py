"""Kept buckets: read once per version of the file, never more than the memory allowed."""

import numpy as np
import pytest

from btassets.settings.models import Settings
from btassets.stages.bars import bars_view
from btassets.stages.bars.bars_view import read_bars, read_bucket_bars
from btassets.stages.bars.kept_bars import KeptBars
from btassets.storage.lake import Lake
from btassets_tests.support.stored_tables import StoredTables, raw_bars

DAYS = np.arange(18_000, 18_006)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Buckets that are decoded from their file, in order."""
    found: list[tuple[str, int]] = []
    read = Lake.read_bucket

    def counted(lake, table, bucket, columns=None):
        found.append((table, bucket))
        return read(lake, table, bucket, columns)

    monkeypatch.setattr(Lake, "read_bucket", counted)
    monkeypatch.setattr(bars_view, "_KEPT", KeptBars())
    return found


def market(tmp_path, close=20.0):
    bars = {name: raw_bars(DAYS, close) for name in ("A", "B", "C")}
    return StoredTables(tmp_path, n_buckets=64).put_bars(bars).put_sessions(DAYS)


def test_a_bucket_is_decoded_once_and_again_when_its_file_changes(tmp_path, reads):
    tables = market(tmp_path)
    reads.clear()
    first = read_bars(tables, Settings(), ["A", "B", "C"])
    assert len(reads) == len(set(reads)) == 3
    again = read_bars(StoredTables(tmp_path, n_buckets=64), Settings(), ["A", "B", "C"])
    assert len(reads) == 3
    assert again["A"].close is first["A"].close
    tables = market(tmp_path, close=21.0)
    reads.clear()
    changed = read_bars(tables, Settings(), ["A"])
    assert len(reads) == 1
    assert changed["A"].close.tolist() == [21.0] * 6
    assert first["A"].close.tolist() == [20.0] * 6


def test_views_of_each_basis_are_kept_apart_and_cannot_be_written(tmp_path, reads):
    split = {"A": raw_bars(DAYS, [20.0, 20.0, 20.0, 10.0, 10.0, 11.0], split=[1, 1, 1, 2, 1, 1])}
    tables = StoredTables(tmp_path).put_bars(split).put_sessions(DAYS)
    reads.clear()
    adjusted = read_bars(tables, Settings(), ["A"])["A"]
    raw = read_bars(tables, Settings(basis="raw"), ["A"])["A"]
    assert (adjusted.close[0], raw.close[0]) == (10.0, 20.0)
    (item,) = read_bucket_bars(tables, Settings(), tables.bucketed("ohlcv_history").by_bucket(["A"]).popitem()[0])
    with pytest.raises(ValueError, match="read-only"):
        item.bars.close[0] = 1.0
    assert len(reads) == 1


def test_a_new_list_of_blocked_days_makes_new_views(tmp_path, reads):
    tables = market(tmp_path)
    reads.clear()
    assert read_bars(tables, Settings(), ["A"])["A"].n_bars == 6
    tables.put_sessions(DAYS, blocked_days=[int(DAYS[2])])
    assert read_bars(tables, Settings(), ["A"])["A"].n_bars == 5
    assert len(reads) == 1


def test_memory_is_bounded_and_the_least_recently_read_bucket_goes(tmp_path, reads):
    tables = market(tmp_path)
    stored = tables.bucketed("ohlcv_history")
    buckets = list(stored.by_bucket(["A", "B", "C"]))
    assert len(buckets) == 3
    size = KeptBars().bucket(stored, buckets[0]).n_bytes
    kept = KeptBars(max_bytes=2 * size)
    reads.clear()
    for bucket in (buckets[0], buckets[1], buckets[0], buckets[2], buckets[0]):
        kept.bucket(stored, bucket)
    assert [bucket for _, bucket in reads] == buckets
    kept.bucket(stored, buckets[1])
    assert len(reads) == 4
    none = KeptBars(max_bytes=0)
    assert none.bucket(stored, buckets[0]) is not None
    assert none.bucket(stored, buckets[0]) is not none.bucket(stored, buckets[0])


def test_a_missing_bucket_is_none(tmp_path, reads):
    tables = market(tmp_path)
    reads.clear()
    (empty, *_) = set(tables.bucketed("ohlcv_history").buckets) - set(
        tables.bucketed("ohlcv_history").by_bucket(["A", "B", "C"])
    )
    assert KeptBars().bucket(tables.bucketed("ohlcv_history"), empty) is None
    assert list(read_bucket_bars(tables, Settings(), empty)) == []
    assert reads == []
