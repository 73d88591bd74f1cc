"""The lake: tables come back as they were written, and a damaged file is never read in silence."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.errors import CannotReadError, DamagedFileError, UnknownTableError
from btassets.storage import sealed
from btassets.storage.lake import DAMAGED, Lake, bucket_of
from btassets.storage.sealed import forget_verified


def some(n: int = 3) -> pa.Table:
    return pa.table({"ticker": pa.array([f"T{k}" for k in range(n)]), "x": pa.array([float(k) for k in range(n)])})


def test_a_whole_table_comes_back_with_its_footer(tmp_path: Path) -> None:
    lake = Lake(tmp_path, 4)
    written = lake.write("t", some(), "h1", facts={"a": 1})
    assert lake.read("t").equals(some())
    assert lake.footer("t") == written
    assert (written.input_hash, written.n_rows, written.facts) == ("h1", 3, {"a": 1})
    again = lake.write("t", some(), "h2", scenario="s")
    assert again.data_version == written.data_version
    assert lake.write("t", some(4), "h2").data_version != written.data_version
    assert lake.scenarios("t") == ["base", "s"]
    with pytest.raises(UnknownTableError):
        lake.read("t", "nope")
    assert lake.footer("nope") is None


def test_buckets_hold_their_tickers(tmp_path: Path) -> None:
    lake = Lake(tmp_path, 4)
    names = ["AAPL", "TRUE", "NAN", "CON", "BRK.B", "\u00c4"]
    for bucket, group in lake.by_bucket(names).items():
        assert all(bucket_of(name, 4) == bucket for name in group)
        rows = pa.table({"ticker": pa.array(group)})
        lake.write_bucket("c/base", bucket, rows, {name: {"version": name} for name in group})
    assert list(lake.ticker_footers("c/base")) == sorted(names, key=str.encode)
    assert lake.stored_buckets("c/base") == 4
    assert lake.stored_buckets("d") is None
    assert sum(lake.read_bucket("c/base", b).num_rows for b in lake.by_bucket(names)) == len(names)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not a table at all"])
def test_a_damaged_file_counts_as_absent(tmp_path: Path, content: bytes) -> None:
    lake = Lake(tmp_path, 1)
    lake.write("t", some(), "h")
    lake.write_bucket("b", 0, some(), {"T0": {"version": "v"}})
    lake.path("t").write_bytes(content)
    lake.bucket_path("b", 0).write_bytes(content)
    assert lake.footer("t") is None
    assert lake.bucket_footer("b", 0) == {}
    assert lake.read_bucket("b", 0) is None


Damage = Callable[[Path], object]


def _flip(path: Path, at: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(at * (len(content) - 1))] ^= 4
    path.write_bytes(content)


def _rewrite(path: Path, table: pa.Table) -> None:
    """Other rows under the footer that the file has."""
    with pq.ParquetFile(path) as file:
        kept = {k: v for k, v in file.metadata.metadata.items() if k != b"ARROW:schema"}
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(kept)


DAMAGES: dict[str, Damage] = {
    "a bit of the first page": lambda path: _flip(path, 0.02),
    "a bit in the middle": lambda path: _flip(path, 0.5),
    "a bit of the footer": lambda path: _flip(path, 0.95),
    "a bit of the seal": lambda path: path.write_bytes(path.read_bytes().replace(b"crc32=", b"crc31=")),
    "200 zero bytes": lambda path: path.write_bytes(path.read_bytes()[:40] + bytes(200) + path.read_bytes()[240:]),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-30]),
    "empty": lambda path: path.write_bytes(b""),
    "bytes after the end": lambda path: path.write_bytes(path.read_bytes() + b"PAR1"),
    "a row less under its footer": lambda path: _rewrite(path, some(2)),
    "other values under its footer": lambda path: _rewrite(path, some(3).set_column(1, "x", pa.array([0.0, 1.1, 2.2]))),
    "another table's file": lambda path: path.write_bytes(path.with_name("other.parquet").read_bytes()),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_refused_by_who_reads_and_absent_for_who_mends(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    mending, reading = Lake(tmp_path, 4), Lake(tmp_path, 4, mends=False)
    for path in (mending.path("t"), mending.bucket_path("b", 1)):
        mending.write("t", some(), "h")
        mending.write("t", some(5), "h", "other")
        mending.write_bucket("b", 1, some(), {"T0": {"n_rows": 3}})
        mending.write_bucket("b", 2, some(5), {"T1": {"n_rows": 5}})
        (tmp_path / "b" / "other.parquet").write_bytes(mending.bucket_path("b", 2).read_bytes())
        assert reading.read("t").equals(some())
        DAMAGES[name](path)
        (tmp_path / "b" / "other.parquet").unlink()
        is_table = path.parent.name == "t"
        with pytest.raises(DamagedFileError, match="btassets run") as caught:
            _ = reading.read("t") if is_table else reading.read_bucket("b", 1)
        assert str(path) in str(caught.value)
        with pytest.raises(DamagedFileError):
            _ = reading.footer("t") if is_table else reading.ticker_footers("b")
        caplog.clear()
        if is_table:
            assert mending.footer("t") is None
        else:
            assert mending.read_bucket("b", 1) is None
            assert list(mending.ticker_footers("b")) == ["T1"]
            assert mending.bucket_files("b") == [mending.bucket_path("b", 2)]
        assert f"{path}: damaged" in caplog.text
        assert path.with_name(DAMAGED + path.name).exists()
        assert mending.set_aside(path.parent.name) == [path]
        with pytest.raises(DamagedFileError, match="set aside"):
            _ = reading.read("t") if is_table else reading.read_bucket("b", 1)
        mending.write("t", some(), "h")
        mending.write_bucket("b", 1, some(), {"T0": {"n_rows": 3}})
        assert reading.read("t").equals(some())
        assert mending.set_aside("t") == mending.set_aside("b") == []


def test_damage_that_comes_after_the_look_is_found_by_the_page_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "_identity", lambda _stat: (0, 0, 0, 0, 0))
    lake = Lake(tmp_path, 1)
    lake.write("t", pa.table({"x": [float(k) for k in range(5000)]}), "h")
    _flip(lake.path("t"), 0.5)
    assert lake.footer("t") is not None, "the file was verified before"
    with pytest.raises(DamagedFileError, match="CRC checksum verification failed"):
        lake.read("t")


def test_a_file_that_may_not_be_read_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path, 1)
    lake.write("t", some(), "h")
    forget_verified()
    real = Path.open

    def refuse(path: Path, *words: object, **more: object) -> object:
        if path.name == "base.parquet":
            raise OSError(24, "Too many open files")
        return real(path, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CannotReadError, match="too many open files"):
        lake.footer("t")
    monkeypatch.undo()
    assert lake.read("t").equals(some())


@pytest.mark.parametrize("table", ["trials", "signal_trials", "verdicts"])
def test_what_cannot_be_made_again_is_kept_twice(tmp_path: Path, caplog: pytest.LogCaptureFixture, table: str) -> None:
    mending, reading = Lake(tmp_path, 1), Lake(tmp_path, 1, mends=False)
    for hurt in (lambda p: _flip(p, 0.4), lambda p: p.write_bytes(b""), lambda p: _rewrite(p, some(1))):
        mending.write(table, some(), "h", "sweep-1", {"tried": {"a": 3}})
        path = mending.path(table, "sweep-1")
        hurt(path)
        assert reading.read(table, "sweep-1").equals(some())
        assert "its second copy is used" in caplog.text
        assert reading.scenarios(table) == ["sweep-1"]
        footer = mending.footer(table, "sweep-1")
        assert footer is not None
        assert footer.facts == {"tried": {"a": 3}}
        assert "set aside as .torn-" in caplog.text
        assert pq.read_table(path).num_rows == 3
    (tmp_path / ".copies" / table / "sweep-1.parquet").write_bytes(b"")
    path.write_bytes(b"")
    with pytest.raises(DamagedFileError):
        reading.footer(table, "sweep-1")
    assert mending.footer(table, "sweep-1") is None, "a ledger that is lost twice blocks no run"
    assert "and so is its second copy" in caplog.text
    assert len([p for p in path.parent.iterdir() if p.name.startswith(".torn-")]) >= 1


@pytest.mark.parametrize("table", ["trials", "signal_trials", "verdicts"])
def test_a_file_of_these_that_is_gone_is_told_and_brought_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    mending, reading = Lake(tmp_path, 1), Lake(tmp_path, 1, mends=False)
    mending.write(table, some(), "h", "base")
    path = mending.path(table)
    path.unlink()
    assert reading.scenarios(table) == ["base"]
    assert reading.read(table).equals(some())
    assert f"{path}: is gone; its second copy is read" in caplog.text
    assert not path.exists(), "who only reads changes nothing"
    assert table in mending.tables()
    assert mending.read(table).equals(some())
    assert "its second copy is in its place" in caplog.text
    assert pq.read_table(path).num_rows == 3
    path.unlink()
    mending.copy_of(path).write_bytes(b"torn")
    with pytest.raises(DamagedFileError, match="is a copy of is gone"):
        reading.footer(table)
    assert mending.footer(table) is None
