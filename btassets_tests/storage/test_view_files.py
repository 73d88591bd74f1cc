"""Whether the views are those of today is known without DuckDB, from the files and the record beside them."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa

from btassets.graph.flow import views
from btassets.storage.lake import Lake
from btassets.storage.view_files import FILE_NAME, is_current, note_written, quoted_path


def test_a_run_that_changes_no_table_does_not_import_duckdb() -> None:
    code = "import sys, btassets.storage.view_files; print('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_views_are_current_until_a_table_comes_or_the_file_changes(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "data", 2)
    some = pa.table({"x": pa.array([1.0])})
    lake.write("setup_stats", some, "h")
    (tmp_path / FILE_NAME).write_bytes(b"views")
    note_written(tmp_path, lake, views())
    assert is_current(tmp_path, lake, views())
    lake.write("setup_stats", some, "h", scenario="other")
    assert not is_current(tmp_path, lake, views())
    note_written(tmp_path, lake, views())
    (tmp_path / FILE_NAME).write_bytes(b"others")
    assert not is_current(tmp_path, lake, views())
    (tmp_path / FILE_NAME).unlink()
    assert not is_current(tmp_path, lake, views())


def test_a_path_is_no_pattern() -> None:
    assert quoted_path("it's [a] *.parquet") == "'it''s [[]a] [*].parquet'"
