"""`warehouse.duckdb`: views over the lake, for the DuckDB shell, pandas and notebooks.

Belongs here: which view reads which files, and replacing the file as a whole, so that nobody waits
for a lock and a shell that is open keeps the file it opened. Does not belong here: tables; the lake
holds them.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from btassets.storage.files import replace_file, replace_text
from btassets.storage.lake import BASE, Lake

FILE_NAME = "warehouse.duckdb"

_REPLAYED = ("candidates", "signals")
_INTERNAL = ("exchange_calendar", "signals", "quarantine")

Connect = Callable[[str], AbstractContextManager[Any]]


def view_sources(lake: Lake) -> dict[str, list[str]]:
    """Files or patterns behind each view, relative to the lake; only tables that exist."""
    views: dict[str, list[str]] = {}
    for table in lake.tables():
        if table in _INTERNAL:
            continue
        if table == "ohlcv_history" or table in _REPLAYED:
            folder = f"{table}/{BASE}" if table in _REPLAYED else table
            if lake.bucket_files(folder):
                views[table] = [f"{folder}/bucket-*.parquet"]
        elif table == "factor_signals":
            views[table] = [f"{table}/{BASE}.parquet"]
        else:
            views[table] = [f"{table}/[!.]*.parquet"]
    return views


def view_sql(lake: Lake, table: str, patterns: list[str]) -> str:
    """Statement that makes the view of one table, with absolute paths."""
    files = ", ".join(_quoted(str(lake.root / pattern)) for pattern in patterns)
    order = " order by ticker, asof_date, direction" if table in _REPLAYED else ""
    order = " order by ticker, date" if table == "ohlcv_history" else order
    order = " order by scenario, row_no" if table == "graded_setups" else order
    order = " order by trial_no" if table == "trials" else order
    # Names are ours and the files are quoted; a view cannot take parameters.
    return f'create view "{table}" as select * from read_parquet([{files}], union_by_name = true){order}'  # noqa: S608


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _stamp(folder: Path, lake: Lake) -> str:
    return json.dumps({"root": str(lake.root), "views": view_sources(lake), "at": str(folder)}, sort_keys=True)


def is_current(folder: Path, lake: Lake) -> bool:
    """Whether the warehouse has a view of every table, at the place where the book is now."""
    stamp = lake.root / "warehouse.json"
    try:
        return (folder / FILE_NAME).is_file() and stamp.read_text(encoding="utf-8") == _stamp(folder, lake)
    except OSError:
        return False


@contextmanager
def _plain_connect(path: str) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(path)
    try:
        yield connection
    finally:
        connection.close()


def write_views(folder: Path, lake: Lake, connect: Connect = _plain_connect) -> int:
    """Write the warehouse to a temporary file and rename it over the old one; return the number of views.

    Parameters
    ----------
    connect
        Opens a DuckDB file for writing; the Dagster resource gives its own.
    """
    sources = view_sources(lake)

    def write(temporary: Path) -> None:
        with connect(str(temporary)) as connection:
            for table, patterns in sources.items():
                connection.execute(view_sql(lake, table, patterns))
            connection.execute("checkpoint")

    replace_file(folder / FILE_NAME, write)
    replace_text(lake.root / "warehouse.json", _stamp(folder, lake))
    return len(sources)
