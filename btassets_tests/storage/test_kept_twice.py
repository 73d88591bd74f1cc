"""Second copies: used when the first is damaged, never in silence."""

from pathlib import Path

import pyarrow as pa
import pytest

from btassets.storage import kept_twice
from btassets.storage.sealed import verify, write_sealed


def _write(path: Path, n: int) -> None:
    table = pa.table({"x": list(range(n))})

    def fill(take):
        for batch in table.to_batches():
            take(batch)
        return {}

    write_sealed(path, "x", table.schema, fill)


def test_a_damaged_file_is_set_aside_and_its_copy_put_in_its_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, copy = tmp_path / "x.parquet", kept_twice.copy_in(tmp_path, "x.parquet")
    _write(path, 4)
    kept_twice.keep(path, copy)
    assert copy == tmp_path / ".copies" / "x.parquet"
    path.write_bytes(b"torn")
    assert kept_twice.restore(path, "x", copy, "cut", is_kept=False) is not None
    assert path.read_bytes() == b"torn", "who only reads changes nothing"
    assert kept_twice.restore(path, "x", copy, "cut") is not None
    assert verify(path, "x").problem is None
    asides = [p for p in tmp_path.iterdir() if p.name.startswith(kept_twice.TORN)]
    assert [p.read_bytes() for p in asides] == [b"torn"]
    assert "and restored from its second copy" in caplog.text


def test_without_an_intact_copy_there_is_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, copy = tmp_path / "x.parquet", tmp_path / "copy.parquet"
    path.write_bytes(b"torn")
    copy.write_bytes(b"torn, too")
    assert kept_twice.restore(path, "x", copy, "cut", is_kept=False) is None
    assert path.exists()
    assert kept_twice.restore(path, "x", copy, "cut") is None
    assert not path.exists()
    assert "and so is its second copy" in caplog.text
    assert kept_twice.intact_footer(copy, "x") is None
    assert kept_twice.intact_footer(tmp_path / "none", "x") is None
