"""A bucket in two files: a reader sees the old rows or the new ones, and damage of either file is noticed."""

from pathlib import Path

import pyarrow as pa
import pytest

from btassets.errors import DamagedFileError
from btassets.storage import buckets
from btassets.storage.bucket_rows import N_CLOSED, closed_path
from btassets.storage.lake import Lake
from btassets.storage.sealed import forget_verified

FACTS = {"A": {"version": "a", "n_rows": 3, N_CLOSED: 2}, "B": {"version": "b", "n_rows": 2, N_CLOSED: 1}}


def rows(*numbers: int) -> pa.Table:
    return pa.table({"x": pa.array(numbers, pa.int64())})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path, 2)
    lake.write_bucket("c/base", 0, rows(3, 12), FACTS, rows(1, 2, 11))
    return lake


def closed_of(lake: Lake) -> Path:
    name = lake.closed_name("c/base", 0)
    assert name is not None
    return closed_path(lake.bucket_path("c/base", 0), name)


def values(lake: Lake) -> list[int]:
    found = lake.read_bucket("c/base", 0)
    assert found is not None
    return found["x"].to_pylist()


def test_rows_of_both_files_come_by_ticker(lake: Lake) -> None:
    assert values(lake) == [1, 2, 3, 11, 12]
    newest = lake.read_newest("c/base", 0)
    assert newest is not None
    assert newest["x"].to_pylist() == [3, 12]
    assert lake.bucket_files("c/base") == [closed_of(lake), lake.bucket_path("c/base", 0)]
    assert lake.bucket_footer("c/base", 0) == FACTS


def test_new_rows_leave_the_closed_part_alone(lake: Lake) -> None:
    closed = closed_of(lake)
    before = closed.stat()
    facts = {**FACTS, "B": {"version": "b2", "n_rows": 3, N_CLOSED: 1}}
    lake.write_bucket("c/base", 0, rows(3, 12, 13), facts, lake.closed_name("c/base", 0))
    assert values(lake) == [1, 2, 3, 11, 12, 13]
    assert (closed.stat().st_ino, closed.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_closed_rows_replace_the_file_and_none_removes_it(lake: Lake) -> None:
    first = closed_of(lake)
    lake.write_bucket("c/base", 0, rows(3, 12), FACTS, rows(1, 2, 10))
    assert values(lake) == [1, 2, 3, 10, 12]
    assert not first.exists()
    lake.write_bucket("c/base", 0, rows(7), {"A": {"version": "a", "n_rows": 1}})
    assert values(lake) == [7]
    assert [p.name for p in (lake.root / "c" / "base").iterdir()] == ["bucket-0000.parquet"]


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_bucket_without_its_closed_part_is_missing_and_is_made_again(
    lake: Lake, caplog: pytest.LogCaptureFixture, *, is_gone: bool
) -> None:
    closed = closed_of(lake)
    if is_gone:
        closed.unlink()
    else:
        content = bytearray(closed.read_bytes())
        content[20] ^= 1
        closed.write_bytes(content)
    forget_verified()
    with pytest.raises(DamagedFileError):
        Lake(lake.root, 2, mends=False).read_bucket("c/base", 0)
    assert lake.read_bucket("c/base", 0) is None
    assert lake.bucket_footer("c/base", 0) == {}
    assert lake.ticker_footers("c/base") == {}
    assert lake.bucket_files("c/base") == []
    assert "gone or damaged" in caplog.text
    lake.write_bucket("c/base", 0, rows(3, 12), FACTS, rows(1, 2, 11))
    assert values(lake) == [1, 2, 3, 11, 12]
    assert lake.damaged_buckets("c/base") == []


def test_a_part_that_a_killed_run_left_is_dropped(lake: Lake) -> None:
    own = closed_of(lake)
    left = closed_path(lake.bucket_path("c/base", 0), "0" * 16)
    left.write_bytes(own.read_bytes())
    alone = closed_path(lake.bucket_path("c/base", 1), "1" * 16)
    alone.write_bytes(own.read_bytes())
    lake.drop_left_over("c/base")
    assert not left.exists()
    assert not alone.exists()
    assert values(lake) == [1, 2, 3, 11, 12]
    lake.drop_left_over("none/here")


def test_a_bucket_replaced_while_it_is_read_gives_the_new_rows(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, done = buckets.read_all, []

    def slow(path: Path, columns: list[str] | None = None) -> pa.Table:
        if not done:
            done.append(path)
            lake.write_bucket("c/base", 0, rows(4, 14), FACTS, rows(0, 1, 13))
        return plain(path, columns)

    monkeypatch.setattr(buckets, "read_all", slow)
    assert values(lake) == [0, 1, 4, 13, 14]
