"""`warehouse.duckdb`: views over the lake, for the DuckDB shell, pandas and notebooks.

Belongs here: the files behind each view, and replacing the file as a whole, so that no process waits for a lock and an
open shell keeps the file it opened. Does not belong here: tables; the lake holds them.
"""

import shutil
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from btassets.errors import CannotWriteError, DamagedFileError
from btassets.storage.files import replace_file
from btassets.storage.lake import BASE, Lake
from btassets.storage.sealed_json import read_sealed_json, replace_sealed_json

if TYPE_CHECKING:
    import duckdb

FILE_NAME = "warehouse.duckdb"

Connect = Callable[[str], AbstractContextManager[Any]]


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


def refresh_views(folder: Path, lake: Lake, views: Views) -> None:
    """Update the views after a command added tables; damage elsewhere is reported by the next run."""
    with suppress(DamagedFileError):
        if not is_current(folder, lake, views):
            write_views(folder, lake, views)


@contextmanager
def _plain_connect(path: str) -> "Iterator[duckdb.DuckDBPyConnection]":
    import duckdb  # late: a run without changes writes no view

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
    import duckdb

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
    replace_sealed_json(
        lake.root / "warehouse.json", {**_stamp(folder, lake, views), "file": _checksum(folder / FILE_NAME)}
    )
    return len(sources)
