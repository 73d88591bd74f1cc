"""`warehouse.duckdb`: views over the lake, for the DuckDB shell, pandas and notebooks.

Belongs here: which view reads which files, and replacing the file as a whole, so that nobody waits
for a lock and a shell that is open keeps the file it opened. Does not belong here: tables; the lake
holds them.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb

from btassets.storage.files import replace_file, replace_text
from btassets.storage.lake import BASE, Lake

FILE_NAME = "warehouse.duckdb"

Connect = Callable[[str], AbstractContextManager[Any]]


class View(Protocol):
    """How a table is stored and sorted (`btassets.graph.flow.ViewSpec`)."""

    @property
    def layout(self) -> str:
        """`bucketed`, `replays`, `replay` or `whole`."""
        ...

    @property
    def order(self) -> tuple[str, ...]:
        """Columns that the view sorts by."""
        ...


def view_sources(lake: Lake, views: Mapping[str, View]) -> dict[str, list[str]]:
    """Files or patterns behind each view, relative to the lake; only tables that exist."""
    found: dict[str, list[str]] = {}
    for table in lake.tables():
        if table not in views:
            continue
        layout = views[table].layout
        if layout in ("bucketed", "replays"):
            folder = f"{table}/{BASE}" if layout == "replays" else table
            if lake.bucket_files(folder):
                found[table] = [f"{folder}/bucket-*.parquet"]
        else:
            found[table] = [f"{table}/{BASE}.parquet" if layout == "replay" else f"{table}/[!.]*.parquet"]
    return found


def view_sql(lake: Lake, table: str, patterns: list[str], order: Sequence[str]) -> str:
    """Statement that makes the view of one table, with absolute paths."""
    files = ", ".join(_quoted(str(lake.root / pattern)) for pattern in patterns)
    sorting = f" order by {', '.join(order)}" if order else ""
    # Names are ours and the files are quoted; a view cannot take parameters.
    return f'create view "{table}" as select * from read_parquet([{files}], union_by_name = true){sorting}'  # noqa: S608


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _stamp(folder: Path, lake: Lake, views: Mapping[str, View]) -> str:
    return json.dumps({"root": str(lake.root), "views": view_sources(lake, views), "at": str(folder)}, sort_keys=True)


def is_current(folder: Path, lake: Lake, views: Mapping[str, View]) -> bool:
    """Whether the warehouse has a view of every table, at the place where the book is now."""
    stamp = lake.root / "warehouse.json"
    try:
        return (folder / FILE_NAME).is_file() and stamp.read_text(encoding="utf-8") == _stamp(folder, lake, views)
    except OSError:
        return False


@contextmanager
def _plain_connect(path: str) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(path)
    try:
        yield connection
    finally:
        connection.close()


def write_views(folder: Path, lake: Lake, views: Mapping[str, View], connect: Connect = _plain_connect) -> int:
    """Write the warehouse to a temporary file and rename it over the old one; return the number of views.

    Parameters
    ----------
    views
        Layout and order by table (`btassets.graph.flow.views`); a table without one gets no view.
    connect
        Opens a DuckDB file for writing; the Dagster resource gives its own.
    """
    sources = view_sources(lake, views)

    def write(temporary: Path) -> None:
        with connect(str(temporary)) as connection:
            for table, patterns in sources.items():
                connection.execute(view_sql(lake, table, patterns, views[table].order))
            connection.execute("checkpoint")

    replace_file(folder / FILE_NAME, write)
    replace_text(lake.root / "warehouse.json", _stamp(folder, lake, views))
    return len(sources)
