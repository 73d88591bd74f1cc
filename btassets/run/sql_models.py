"""The set-based stages: plain SELECTs in `dbt_like_sql/`, run by DuckDB over Arrow or Parquet.

Belongs here: finding the models and their upstream tables, running them so that the same input gives the same bytes,
and validating the result. Does not belong here: the computation of a model (see its file) and any loop over bars in
time (the engine).
"""

import contextlib
import math
import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.conventions import replay_holds
from btassets.errors import EXIT_BUG, BtassetsError, TableContractError
from btassets.graph.flow import TABLES
from btassets.run.floor_sql import bind_floors, floor_macros
from btassets.run.hold_sql import bind_holds
from btassets.run.settings_relation import SETTINGS_RELATIONS, hold_relations, settings_relations
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.storage.files import temporary_path
from btassets.storage.view_files import quoted_path

Relation = pa.Table | Sequence[str] | Sequence[Path]
"""A table in memory, or the Parquet files that together are one table."""

SPILL_FOLDER = ".spill"
"""Folder of the lake for sorts that spill while a model runs."""

_BATCH_ROWS = 100_000
MEMORY_LIMIT = "850MB"
"""Usual memory share of a model: with less than 800 MB the widest one takes twice as long."""

_MUCH_BYTES = 128_000_000
_PACKAGE = "dbt_like_sql"
_DETERMINISTIC: dict[str, Any] = {
    # Two threads would add floating-point numbers in an order that differs between runs.
    "threads": 1,
    "preserve_insertion_order": True,
    # Spill synchronously: background writers lag on a busy machine and the query runs out of memory.
    "async_threads": 0,
    # Forbid downloads while a model runs.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


@dataclass(eq=False)
class SqlModelError(BtassetsError):
    """A file of `dbt_like_sql` cannot be parsed or run."""

    exit_code = EXIT_BUG

    file: str
    problem: str

    def __str__(self) -> str:
        rule = "each file must be one SELECT over known tables"
        return f"{_PACKAGE}/{self.file}: {self.problem}; {rule}; correct that file."


@dataclass(frozen=True)
class SqlModel:
    """One file of `dbt_like_sql`.

    Attributes
    ----------
    name
        File stem: model, table, asset and test alike.
    sql
        The whole text.
    description
        Its leading comment without the dashes; the first line describes one row.
    upstream
        Its input tables, ascending, from DuckDB's own parser.
    """

    name: str
    sql: str
    description: str
    upstream: tuple[str, ...]


@dataclass(frozen=True)
class SqlTestResult:
    """Result of one file of `dbt_like_sql/tests`.

    Attributes
    ----------
    name
        File stem.
    description
        Its leading comment: the rule.
    n_failing
        Number of violating rows.
    sample
        First violations, at most five.
    """

    name: str
    description: str
    n_failing: int
    sample: list[dict[str, Any]]


def connect() -> duckdb.DuckDBPyConnection:
    """Open an in-memory connection with reproducible results and the macros of the gate."""
    connection = duckdb.connect(config=_DETERMINISTIC)
    for statement in floor_macros():
        connection.execute(statement)
    return connection


def _description(sql: str) -> str:
    lines: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return "\n".join(lines).strip()


def _load(folder: str) -> dict[str, SqlModel]:
    root = resources.files(_PACKAGE)
    root = root / folder if folder else root
    files = sorted((f for f in root.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    models: dict[str, SqlModel] = {}
    with connect() as connection:
        bind_holds(connection, {})  # the parser resolves macros
        for file in files:
            sql = file.read_text(encoding="utf-8")
            try:
                upstream = connection.get_table_names(sql)
            except duckdb.Error as error:
                raise SqlModelError(f"{folder}/{file.name}".lstrip("/"), str(error)) from error
            name = file.name.removesuffix(".sql")
            models[name] = SqlModel(name, sql, _description(sql), tuple(sorted(upstream)))
    return models


@cache
def load_models() -> dict[str, SqlModel]:
    """Every model by name, upstream before downstream."""
    models = _load("")
    graph = {name: [u for u in model.upstream if u in models] for name, model in models.items()}
    return {name: models[name] for name in TopologicalSorter(graph).static_order()}


@cache
def load_tests() -> dict[str, SqlModel]:
    """Every test by name: a SELECT whose rows are violations."""
    return _load("tests")


def run_models(
    relations: Mapping[str, Relation],
    names: Iterable[str] | None = None,
    *,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> dict[str, pa.Table]:
    """Run models in dependency order; each one sees the given relations and the models before it.

    Row order in a relation only affects the order of rows with equal ticker, as-of date and direction, so files of hash
    buckets may be passed unsorted.

    Parameters
    ----------
    relations
        Tables by name: those that no model computes (`settings`, `candidates`, ...), and models already computed.
    names
        Models to run; unset: all. Their inputs must be run too or be given.
    connection
        Unset: a fresh `connect()`.

    Raises
    ------
    SqlModelError
        A model reads a missing table, or DuckDB rejects it.
    TableContractError
        A result contains NaN: missing values must be null.
    """
    models = load_models()
    wanted = set(models if names is None else names)
    results: dict[str, pa.Table] = {}
    own = connect() if connection is None else connection
    try:
        bind_holds(own, relations)
        bind_floors(own, relations)
        for name, relation in relations.items():
            if name not in wanted:
                _bind(own, name, relation)
        for name in models:
            if name in wanted:
                results[name] = _run(own, models[name])
                own.register(name, results[name])
    finally:
        if connection is None:
            own.close()
    return results


def run_model(name: str, relations: Mapping[str, Relation]) -> pa.Table:
    """Run one model over relations that contain all its upstream tables and those of the settings."""
    wanted = {*load_models()[name].upstream, *SETTINGS_RELATIONS}
    return run_models({u: relations[u] for u in relations if u in wanted}, [name])[name]


def run_tests(
    relations: Mapping[str, Relation],
    names: Iterable[str] | None = None,
    *,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> list[SqlTestResult]:
    """Run every test (or those of `names`) over its relations, by default on a fresh connection; no sample: passed."""
    chosen = [load_tests()[name] for name in (load_tests() if names is None else names)]
    results: list[SqlTestResult] = []
    with contextlib.nullcontext(connection) if connection is not None else connect() as own:
        bind_holds(own, relations)
        bind_floors(own, relations)
        for name in sorted({u for test in chosen for u in test.upstream}):
            _bind(own, name, relations[name])
        for test in chosen:
            rows = _run(own, test, f"tests/{test.name}.sql")
            results.append(SqlTestResult(test.name, test.description, rows.num_rows, rows.slice(0, 5).to_pylist()))
    return results


def compute_model(name: str, tables: Tables, settings: Settings) -> StageResult:
    """Run one model as a stage, over the files of its declared tables.

    DuckDB reads the files itself, and only the columns named by the model.

    Raises
    ------
    UndeclaredReadError
        If its SQL names a table that its stage does not declare.
    """
    relations: dict[str, Relation] = dict(settings_relations(settings, tables.scenario))
    for table in load_models()[name].upstream:
        if table not in SETTINGS_RELATIONS:
            spec = TABLES[table].under(replay_holds(settings.exits.hold_days))
            relations[table] = tables.files(table) or spec.schema.empty_table()
    stream = _ahead(_stream(load_models()[name], relations, tables.spill_folder))
    schema = next(stream)
    return StageResult({name: pa.RecordBatchReader.from_batches(schema, stream)})


def run_tests_of(tables: Tables, settings: Settings) -> list[SqlTestResult]:
    """Run every test over the files of declared tables; queries that exceed memory spill beside them."""
    names = sorted({table for test in load_tests().values() for table in test.upstream})
    files = {name: tables.files(name) for name in names}
    with database(tables.spill_folder, MEMORY_LIMIT) as connection:
        return run_tests({**files, **hold_relations(settings)}, connection=connection)


def _ahead(parts: Generator[Any]) -> Iterator[Any]:
    """`parts`, each prefetched by its own thread while the previous one is used: DuckDB and Parquet release the GIL."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            following = pool.submit(next, parts, None)
            while (part := following.result()) is not None:
                following = pool.submit(next, parts, None)
                yield part
        finally:
            # If iteration stops early, the thread that opened the database closes it.
            pool.submit(parts.close)


def _stream(model: SqlModel, relations: Mapping[str, Relation], lake: Path) -> Generator[Any]:
    """Schema of a model's result, then its batches: a large result is never in memory as a whole.

    A query that exceeds the models' usual share of memory and cannot spill enough is retried once with half of the
    machine's memory: lists and sorted groups cannot spill.
    """
    has_begun = False
    try:
        for part in _batches(model, relations, lake, MEMORY_LIMIT):
            yield part
            has_begun = True
    except duckdb.OutOfMemoryException:
        if has_begun:
            raise
        yield from _batches(model, relations, lake, _half_of_memory())


def _batches(model: SqlModel, relations: Mapping[str, Relation], lake: Path, memory: str) -> Generator[Any]:
    with _connection(lake, _bytes_of(relations), memory) as connection:
        # Views and macros are temporary and belong to this cursor, invisible to the next model.
        bind_holds(connection, relations)
        bind_floors(connection, relations)
        for name, relation in relations.items():
            _bind(connection, name, relation)
        try:
            reader = connection.sql(model.sql).to_arrow_reader(_BATCH_ROWS)
            # The first batch shows whether the memory was sufficient.
            batch = next(reader, None)
            yield reader.schema
            while batch is not None:
                yield _clean(model.name, pa.Table.from_batches([batch])).to_batches()[0] if batch.num_rows else batch
                batch = next(reader, None)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise SqlModelError(f"{model.name}.sql", str(error)) from error


def _half_of_memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 2_000_000}MB"


def _bytes_of(relations: Mapping[str, Relation]) -> int:
    """Size of the files behind relations."""
    files = [Path(file) for r in relations.values() if not isinstance(r, pa.Table) for file in r]
    return sum(file.stat().st_size for file in files)


@contextlib.contextmanager
def _connection(lake: Path, n_bytes: int, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connection for one model: a shared one of the process, or a separate database for large input.

    Opening a database costs 20 ms; after large work it holds its memory until it is closed.
    """
    if n_bytes < _MUCH_BYTES and memory == MEMORY_LIMIT:
        with _process_database(lake).cursor() as connection:
            yield connection
    else:
        with database(lake, memory) as connection:
            yield connection


@cache
def _process_database(lake: Path) -> duckdb.DuckDBPyConnection:
    return database(lake, MEMORY_LIMIT)


def database(lake: Path, memory: str) -> duckdb.DuckDBPyConnection:
    """Database in memory; it spills to its own folder in the lake's `SPILL_FOLDER`.

    Each database has its own folder (two in one folder overwrite each other's files): created with the first byte,
    deleted when the database is closed, and swept after a kill.
    """
    spill = lake / SPILL_FOLDER
    spill.mkdir(parents=True, exist_ok=True)
    connection = connect()
    connection.execute("set memory_limit = $limit", {"limit": memory})
    connection.execute("set temp_directory = $folder", {"folder": str(temporary_path(spill / "models"))})
    return connection


def _bind(connection: duckdb.DuckDBPyConnection, name: str, relation: Relation) -> None:
    if isinstance(relation, pa.Table):
        connection.register(name, relation)
    else:
        files = ", ".join(quoted_path(path) for path in relation)
        connection.execute(f'create or replace temporary view "{name}" as from read_parquet([{files}])')


def _run(connection: duckdb.DuckDBPyConnection, model: SqlModel, file: str | None = None) -> pa.Table:
    try:
        table = connection.sql(model.sql).to_arrow_table()
    except duckdb.Error as error:
        raise SqlModelError(file or f"{model.name}.sql", str(error)) from error
    return _clean(model.name, table)


def _clean(name: str, table: pa.Table) -> pa.Table:
    """Refuse NaN, and blank values under nulls."""
    for field in table.schema:
        if pa.types.is_floating(field.type) and _has_nan(table[field.name]):
            raise TableContractError(name, f"{field.name} holds NaN; a missing value must be null")
    return pa.table([_with_blank_nulls(column) for column in table.columns], schema=table.schema)


def _with_blank_nulls(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """Write zeros under the nulls, where DuckDB leaves uninitialized memory: equal tables must hash equal."""
    kind = column.type
    if not column.null_count or pa.types.is_string(kind):
        return column
    stored = column.cast(pa.int32()) if pa.types.is_date32(kind) else column
    blank = pa.scalar(0).cast(stored.type)
    values = pc.fill_null(stored, blank).to_numpy()
    return pa.array(values, stored.type, mask=column.is_null().to_numpy()).cast(kind)


def _has_nan(column: pa.ChunkedArray) -> bool:
    # The sum is NaN exactly if a value is, or if both infinities occur; only then inspect the values.
    total = pc.sum(column).as_py()
    return total is not None and math.isnan(total) and bool(pc.any(pc.is_nan(column)).as_py())
