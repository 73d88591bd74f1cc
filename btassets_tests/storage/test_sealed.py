"""Sealed files: their content, and the check of every byte."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.storage import sealed
from btassets.storage.sealed import FOREIGN, footer_as_it_is, forget_verified, read_all, verify, write_sealed


def _write(path: Path, place: str, table: pa.Table) -> None:
    def fill(take):
        for batch in table.to_batches():
            take(batch)
        return {"mine": 1}

    write_sealed(path, place, table.schema, fill)


TABLE = pa.table({"name": ["a", "b", None], "x": [1.0, float("nan"), None], "list": [[1], [], None]})


def test_a_sealed_file_is_parquet_that_anything_reads(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    _write(path, "t", TABLE)
    assert str(pq.read_table(path).to_pydict()) == str(TABLE.to_pydict())
    assert read_all(path, ["name"]).equals(TABLE.select(["name"]))
    assert footer_as_it_is(path) == {"mine": 1, "place": "t", "n_rows": 3}
    forget_verified()
    assert verify(path, "t").problem is None
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"]


def test_every_single_bit_is_covered(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    _write(path, "t", TABLE)
    content = path.read_bytes()
    for at in range(len(content)):
        spoilt = bytearray(content)
        spoilt[at] ^= 1 << (at % 8)
        path.write_bytes(spoilt)
        forget_verified()
        assert verify(path, "t").problem is not None, f"byte {at} of {len(content)}"


@pytest.mark.parametrize("n_rows", [0, 1, 70_000])
def test_any_number_of_rows(tmp_path: Path, n_rows: int) -> None:
    path = tmp_path / "t.parquet"
    _write(path, "t", pa.table({"x": pa.array(range(n_rows), pa.int64())}))
    forget_verified()
    assert verify(path, "t").problem is None
    assert read_all(path).num_rows == n_rows


def test_a_file_is_looked_at_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    _write(path, "t", TABLE)
    looks: list[Path] = []
    real = sealed._verified

    def counted(file, where, place):
        looks.append(where)
        return real(file, where, place)

    monkeypatch.setattr(sealed, "_verified", counted)
    assert verify(path, "t").problem is None
    assert looks == [], "what this process wrote it knows"
    path.write_bytes(path.read_bytes())
    assert verify(path, "t").problem is None
    assert verify(path, "t").problem is None
    assert looks == [path]


def test_what_is_wrong_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    _write(path, "t", TABLE)
    content = path.read_bytes()
    assert verify(path, "u").problem is None, "this process wrote it, and asks under one place alone"
    forget_verified()
    assert verify(path, "u").problem == "it is a copy of t"
    forget_verified()
    path.write_bytes(content[:10])
    assert verify(path, "t").problem == "10 bytes are not a Parquet file"
    path.write_bytes(content[:-1])
    assert verify(path, "t").problem == "its end is truncated or overwritten"
    pq.write_table(TABLE, path)
    assert verify(path, "t").problem == FOREIGN
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "none.parquet", "none")
    assert footer_as_it_is(tmp_path / "none.parquet") is None
