"""`warehouse.duckdb`: views over the lake, for the DuckDB shell, pandas and notebooks.

Belongs here: replacing the file as a whole, so that no process waits for a lock and an open shell keeps the file it
opened. Does not belong here: the files behind each view (`view_files.py`), tables; the lake holds them.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from btassets.errors import CannotWriteError, DamagedFileError
from btassets.storage.files import replace_file
from btassets.storage.lake import Lake
from btassets.storage.view_files import FILE_NAME, Views, is_current, note_written, view_sources, view_sql

Connect = Callable[[str], AbstractContextManager[Any]]


def refresh_views(folder: Path, lake: Lake, views: Views) -> None:
    """Update the views after a command added tables; damage elsewhere is reported by the next run."""
    with suppress(DamagedFileError):
        if not is_current(folder, lake, views):
            write_views(folder, lake, views)


@contextmanager
def _plain_connect(path: str) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(path)
    try:
        yield connection
    finally:
        connection.close()


def write_views(folder: Path, lake: Lake, views: Views, connect: Connect = _plain_connect) -> int:
    """Write the warehouse to a temporary file and rename it over the old one; return the number of views.

    Parameters
    ----------
    connect
        Opens a DuckDB file for writing; the Dagster resource passes its own.
    """
    sources = view_sources(lake, views)

    def write(temporary: Path) -> None:
        if "?" in str(temporary):
            # DuckDB parses the rest as options and writes its log elsewhere.
            with tempfile.TemporaryDirectory(prefix="btassets-") as place:
                made = Path(place) / FILE_NAME
                fill(made)
                shutil.copyfile(made, temporary)
        else:
            fill(temporary)

    def fill(file: Path) -> None:
        try:
            with connect(str(file)) as connection:
                for table, files in sources.items():
                    connection.execute(view_sql(table, files, views[table].order))
                connection.execute("checkpoint")
        except (duckdb.OperationalError, duckdb.FatalException) as error:
            raise CannotWriteError(str(folder / FILE_NAME), str(error).splitlines()[0]) from error

    replace_file(folder / FILE_NAME, write)
    note_written(folder, lake, views)
    return len(sources)
