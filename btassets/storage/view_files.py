"""The files behind the views of `warehouse.duckdb`, and whether its views are those of today.

Belongs here: what a run must know without opening DuckDB. Does not belong here: writing the file (`warehouse.py`).
"""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import Any, Protocol

from btassets.storage.lake import BASE, Lake
from btassets.storage.sealed_json import read_sealed_json, replace_sealed_json

FILE_NAME = "warehouse.duckdb"


class View(Protocol):
    """Storage layout and sort order of a table (`btassets.graph.flow.ViewSpec`)."""

    @property
    def layout(self) -> str:
        """`bucketed`, `replays`, `replay` or `whole`."""
        ...

    @property
    def order(self) -> tuple[str, ...]:
        """Sort columns of the view."""
        ...


Views = Mapping[str, View]
"""Layout and order by table (`btassets.graph.flow.views`); a table without an entry gets no view."""


def view_sources(lake: Lake, views: Views, names: Collection[str] | None = None) -> dict[str, list[Path]]:
    """Files behind each view; only existing tables, and only their intact files written by btassets.

    Parameters
    ----------
    views
        Which tables have a view.
    names
        Only these tables; None: all.

    Raises
    ------
    DamagedFileError
        If one is damaged and the lake does not mend.
    """
    found: dict[str, list[Path]] = {}
    for table in lake.tables():
        if table not in views or (names is not None and table not in names):
            continue
        layout = views[table].layout
        if layout in ("bucketed", "replays"):
            files = lake.bucket_files(f"{table}/{BASE}" if layout == "replays" else table)
        else:
            scenarios = [name for name in lake.scenarios(table) if layout != "replay" or name == BASE]
            files = [lake.existing_path(table, name) for name in scenarios]
        if files:
            found[table] = files
    return found


def view_sql(table: str, files: Iterable[Path], order: Sequence[str]) -> str:
    """Statement that creates the view of one table, sorted by the columns `order`."""
    sorting = f" order by {', '.join(order)}" if order else ""
    listed = ", ".join(quoted_path(path) for path in files)
    # Names are ours and the files are quoted; a view cannot take parameters.
    return f'create view "{table}" as select * from read_parquet([{listed}], union_by_name = true){sorting}'  # noqa: S608


def quoted_path(path: Path | str) -> str:
    """A path in DuckDB syntax, safe for any name: quotes are doubled, `[`, `*` and `?` are not patterns."""
    return "'" + escape(str(path)).replace("'", "''") + "'"


def _stamp(folder: Path, lake: Lake, views: Views) -> dict[str, Any]:
    files = {table: [lake.place(path) for path in paths] for table, paths in view_sources(lake, views).items()}
    return {"root": str(lake.root), "views": files, "at": str(folder)}


def _checksum(path: Path) -> str:
    return f"{zlib.crc32(path.read_bytes()):08x}"


def is_current(folder: Path, lake: Lake, views: Views) -> bool:
    """Whether the warehouse is intact and has a view of every table at the book's current location."""
    stamp = read_sealed_json(lake.root / "warehouse.json")
    try:
        return stamp == {**_stamp(folder, lake, views), "file": _checksum(folder / FILE_NAME)}
    except OSError:
        return False


def note_written(folder: Path, lake: Lake, views: Views) -> None:
    """Record the views and the file that were just written, for `is_current`."""
    stamp = {**_stamp(folder, lake, views), "file": _checksum(folder / FILE_NAME)}
    replace_sealed_json(lake.root / "warehouse.json", stamp)
