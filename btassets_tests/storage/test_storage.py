"""Files, lake, lock, warehouse: a reader sees the old or the new, never a part."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from btassets.errors import BookBusyError, CannotWriteError, UnknownTableError
from btassets.graph.flow import views
from btassets.storage.digest import digest
from btassets.storage.files import replace_file, replace_json, replace_text, sweep
from btassets.storage.lake import Lake, bucket_of, content_hash
from btassets.storage.lock import book_lock
from btassets.storage.warehouse import is_current, view_sources, write_views

DEAD = 2**22 + 3
"""No process has this number: it is above the kernel's largest."""


def some(n: int = 3) -> pa.Table:
    return pa.table({"ticker": pa.array([f"T{k}" for k in range(n)]), "x": pa.array([float(k) for k in range(n)])})


# ---- files ----------------------------------------------------------------------------------


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    replace_text(path, "old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(CannotWriteError, match="the disk is full") as caught:
        replace_file(path, fail)
    assert caught.value.exit_code == 7
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]
    replace_text(path, "new")
    assert path.read_text() == "new"


def test_a_folder_that_is_a_file_cannot_be_written_into(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWriteError):
        replace_text(tmp_path / "file" / "inner.txt", "x")


def test_json_has_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        replace_json(tmp_path / "x.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_the_sweep_takes_what_dead_writers_left_and_nothing_else(tmp_path: Path) -> None:
    kept = [tmp_path / f".tmp-{os.getpid()}-ab-x.parquet", tmp_path / "x.parquet", tmp_path / ".tmp-old.txt"]
    left = [tmp_path / f".tmp-{DEAD}-ab-x.parquet", tmp_path / "deep" / f".tmp-{DEAD}-cd-y.parquet"]
    for path in (*kept, *left):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    assert sweep(tmp_path, is_deep=False) == 1
    assert sweep(tmp_path) == 1
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(kept)


# ---- the lake -------------------------------------------------------------------------------


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


def test_the_content_hash_sees_values_not_chunks() -> None:
    whole = some(6)
    cut = pa.concat_tables([whole.slice(0, 2), whole.slice(2)])
    assert content_hash(cut) == content_hash(whole) != content_hash(some(5))
    assert content_hash(whole.rename_columns(["ticker", "y"])) != content_hash(whole)


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


def test_the_digest_is_the_same_in_any_process() -> None:
    assert digest({"b": 1, "a": [1.5, None, "x"]}) == digest({"a": [1.5, None, "x"], "b": 1})
    program = "from btassets.storage.digest import digest; from btassets.storage.lake import bucket_of; print(digest({'b': 1, 'a': 'x'}), bucket_of('AAPL', 64))"
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": str(seed)}, capture_output=True,
            text=True,
            check=True, cwd=Path(__file__).parents[2],
        ).stdout
        for seed in (0, 1)
    }  # fmt: skip
    assert said == {f"{digest({'a': 'x', 'b': 1})} {bucket_of('AAPL', 64)}\n"}


# ---- the lock -------------------------------------------------------------------------------


def test_one_holder_at_a_time_and_the_other_is_told(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from btassets.storage.lock import book_lock\n"
        "with book_lock(Path(sys.argv[1]), 'first'):\n    print('held', flush=True)\n    sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BookBusyError) as caught, book_lock(tmp_path, "second", wait=False):
            pass
        holder.stdin.close()
    assert f"first, process {holder.pid}" in str(caught.value)
    assert caught.value.exit_code == 2
    with book_lock(tmp_path, "third", wait=False), book_lock(tmp_path, "the run that it starts", wait=False):
        pass
    assert (tmp_path / ".dagster" / "run.lock").read_text() == ""


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from btassets.storage.lock import book_lock\n"
        "with book_lock(Path(sys.argv[1]), 'x'):\n    os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -9
    with book_lock(tmp_path, "next", wait=False):
        pass


# ---- the warehouse --------------------------------------------------------------------------


def test_views_show_the_lake_and_follow_the_book(tmp_path: Path) -> None:
    folder = tmp_path / "it's a book"
    lake = Lake(folder / "data", 2)
    lake.write("setup_stats", some(), "h")
    lake.write("setup_stats", some(2), "h", scenario="s")
    assert not is_current(folder, lake, views())
    assert write_views(folder, lake, views()) == 1
    assert is_current(folder, lake, views())
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as shell:
        assert shell.execute("select count(*) from setup_stats").fetchall() == [(5,)]
        lake.write("setup_stats", some(7), "h")  # a shell that is open stops no run, and sees it
        assert shell.execute("select count(*) from setup_stats").fetchall() == [(9,)]
    lake.write("trades", some(), "h")
    assert not is_current(folder, lake, views())
    assert set(view_sources(lake, views())) == {"setup_stats", "trades"}
    moved = tmp_path / "moved"
    folder.rename(moved)
    assert not is_current(moved, Lake(moved / "data", 2), views())
