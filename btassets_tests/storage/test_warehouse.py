"""The warehouse: a view of every table, of our files alone, whatever the folder is called."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets.errors import DamagedFileError
from btassets.graph.flow import views
from btassets.storage.lake import Lake
from btassets.storage.view_files import FILE_NAME, is_current, view_sources, view_sql
from btassets.storage.warehouse import refresh_views, write_views


def some(n: int = 3) -> pa.Table:
    return pa.table({"ticker": pa.array([f"T{k}" for k in range(n)]), "x": pa.array([float(k) for k in range(n)])})


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


NAMES = ("[x]*", "a?b", "tab\there", "it's", "**", "[!.]x", "{a,b}", "100%", "\u00e4")


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_any_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    for neighbour in ("x", "a_b", "y", "it", "b"):
        Lake(tmp_path / neighbour / "data", 2).write("setup_stats", some(9), "h")
    lake = Lake(tmp_path / name / "data", 2)
    lake.write("setup_stats", some(), "h")
    lake.write_bucket("ohlcv_history", 1, some(4).append_column("date", pa.array([1, 2, 3, 4])), {})
    assert write_views(tmp_path / name, lake, views()) == 2
    with duckdb.connect(str(tmp_path / name / FILE_NAME), read_only=True) as shell:
        counts = shell.execute("select (select count(*) from setup_stats), (select count(*) from ohlcv_history)")
        assert counts.fetchall() == [(3, 4)]


def test_foreign_files_and_copies_join_no_view(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lake = Lake(tmp_path / "data", 4, mends=False)
    lake.write("trades", some(), "h")
    lake.write_bucket("ohlcv_history", 1, some(), {})
    for name in ("x", "[x]*", "base.old"):
        pq.write_table(some(100), tmp_path / "data" / "trades" / f"{name}.parquet")
    (tmp_path / "data" / "trades" / "notes.txt").write_text("mine")
    (tmp_path / "data" / "[a]*").mkdir()
    pq.write_table(some(), tmp_path / "data" / "[a]*" / "base.parquet")
    assert [p.name for p in view_sources(lake, views())["trades"]] == ["base.parquet"]
    assert set(view_sources(lake, views())) == {"trades", "ohlcv_history"}
    assert "trades/x.parquet: was not written by btassets" in caplog.text
    copied = lake.bucket_path("ohlcv_history", 2)
    copied.write_bytes(lake.bucket_path("ohlcv_history", 1).read_bytes())
    with pytest.raises(DamagedFileError, match="it is a copy of ohlcv_history/bucket-0001"):
        view_sources(lake, views())
    assert set(view_sources(lake, views(), ["trades"])) == {"trades"}, "what is not asked for is not looked at"


def test_a_damaged_warehouse_is_written_again(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "data", 2)
    lake.write("trades", some(), "h")
    write_views(tmp_path, lake, views())
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert not is_current(tmp_path, lake, views())
    write_views(tmp_path, lake, views())
    assert is_current(tmp_path, lake, views())


def test_views_follow_a_table_that_was_added_unless_another_is_damaged(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "data", 2, mends=False)
    lake.write("trials", some().append_column("trial_no", pa.array([1, 2, 3])), "h", "base")
    refresh_views(tmp_path, lake, views())
    lake.write("trials", some(2).append_column("trial_no", pa.array([4, 5])), "h", "sweep-1")
    refresh_views(tmp_path, lake, views())
    with duckdb.connect(str(tmp_path / FILE_NAME), read_only=True) as shell:
        assert shell.execute("select count(*) from trials").fetchall() == [(5,)]
    lake.write("trades", some(), "h")
    lake.path("trades").write_bytes(b"torn")
    before = (tmp_path / FILE_NAME).read_bytes()
    refresh_views(tmp_path, lake, views())
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_a_view_names_its_files(tmp_path: Path) -> None:
    sql = view_sql("trades", [tmp_path / "it's" / "[x].parquet"], ("trial_no",))
    assert "it''s/[[]x].parquet" in sql
