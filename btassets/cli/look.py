"""`today`, `report`, `export`, `sql`: look at what a run made, take it along, ask.

Belongs here: reading and printing. Nothing is computed, nothing in the book is written.
"""

import argparse
import csv
import io
import json
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from btassets.arrivals.history_age import sessions_behind
from btassets.book.book import Book
from btassets.cli.summary import headline_lines, report_folder
from btassets.cli.terminal import say, table, tell
from btassets.cli.where import book_of
from btassets.errors import NoBarsError, StaleBarsError, UnknownTableError, UsageError
from btassets.graph.flow import STAGE_OF_TABLE, TABLES, views
from btassets.graph.portfolio import TRIALS
from btassets.run.tables import folder_of_buckets, inputs_of, key_of
from btassets.run.trials import read_trials
from btassets.storage.files import replace_file
from btassets.storage.warehouse import view_sources, view_sql
from btassets.studies.export import daily_returns

_STALE_SESSIONS = 3
_OF_NO_STAGE = {TRIALS.name: read_trials, daily_returns.NAME: daily_returns.returns_table}
"""Tables that no stage writes."""


def command_today(arguments: argparse.Namespace) -> int:
    """Print what qualifies at the last session, with sizes, and the nearest misses."""
    from btassets.stages.advice.todays_setups import todays_list

    book = book_of(arguments)
    age = sessions_behind(book)
    if age is None:
        raise NoBarsError(str(book.folder), "this book was never run", "`btassets run` reads the bars and replays.")
    if arguments.max_age is not None and age[1] > arguments.max_age:
        raise StaleBarsError(age[0], age[1], arguments.max_age)
    found = todays_list(*inputs_of("todays_setups", book, own=True), signal_day=arguments.signal_day)
    from btassets.render.todays_list import as_csv, as_json, as_text

    layout = {"table": as_text, "csv": as_csv, "json": as_json}[arguments.format]
    rules = book.settings.portfolio
    text = layout(found, capital=arguments.capital, risk_frac=rules.risk_frac, cap_frac=rules.notional_cap_frac)
    say(text.rstrip("\n"))
    if age[1] > _STALE_SESSIONS:
        tell(f"warning: the bars end on {age[0]}, {age[1]} sessions ago; `btassets run` when the source has newer ones")
    return 0


def command_report(arguments: argparse.Namespace) -> int:
    """Print the headline and where the report is."""
    book = book_of(arguments)
    folder = report_folder(book)
    if folder is None:
        problem = f"no report of scenario {book.scenario} yet"
        raise UnknownTableError("backtest_report", book.lake.tables(), problem)
    for line in headline_lines(book):
        say(line)
    if arguments.open:
        webbrowser.open((folder / "report.html").as_uri())
    return 0


def command_export(arguments: argparse.Namespace) -> int:
    """Write one table to a Parquet, CSV or JSON file."""
    book = book_of(arguments)
    if arguments.table == "candidates" and not book.lake.bucket_files(book.candidates):
        tell(f"scenario {book.scenario} was not run: its rows are taken from the base replay")
        book = book.in_base()
    data = read_table(book, arguments.table)
    if arguments.table == "candidates":
        data = _of_grid(data, arguments)
    is_indexed = arguments.table == daily_returns.NAME and arguments.out.suffix.lower() == ".parquet"
    write_table(daily_returns.with_date_index(data) if is_indexed else data, arguments.out)
    say(f"{data.num_rows:,} rows of {arguments.table}, scenario {book.scenario}: {arguments.out}")
    return 0


def _of_grid(data: pa.Table, arguments: argparse.Namespace) -> pa.Table:
    grid = arguments.grid
    if arguments.profile is not None and grid == "all":
        grid = "bar" if arguments.profile == "legacy" else "week"
    if grid == "all":
        return data
    rows = data.filter(data[f"is_{grid}"])
    # The legacy profile's replay has no row without its 30 forward bars.
    return rows.filter(pc.equal(rows["n_forward"], 30)) if arguments.profile == "legacy" else rows


def read_table(book: Book, name: str) -> pa.Table:
    """Read a table of the book by the name of its asset, in its stated order.

    Raises
    ------
    UnknownTableError
        When no asset has this name, or it was not computed yet.
    """
    from btassets.arrivals.of_book import bars_table

    if name == "bars":
        return bars_table(book)
    if name in _OF_NO_STAGE:
        return _OF_NO_STAGE[name](book)
    folder = folder_of_buckets(name, book)
    if folder is not None and name in TABLES:
        files = book.lake.bucket_files(folder)
        if not files:
            raise UnknownTableError(name, sorted(TABLES), "nothing computed yet")
        parts = [part for path in files if (part := _read_file(path)).num_rows]
        if not parts:
            return TABLES[name].schema.empty_table()
        return _sorted(pa.concat_tables(parts).unify_dictionaries(), TABLES[name].order)
    if name not in STAGE_OF_TABLE:
        raise UnknownTableError(name, sorted({*TABLES, *_OF_NO_STAGE}), "no asset has this name")
    data = book.lake.read(name, key_of(STAGE_OF_TABLE[name], book))
    own = [column for column in TABLES[name].order if column != "scenario"]
    return _sorted(data, own) if own else data


def _sorted(data: pa.Table, order: Sequence[str]) -> pa.Table:
    """Rows by `order`, texts by their bytes."""
    keyed = data.select([])
    for name in order:
        column = data[name]
        kind = column.type
        is_text = pa.types.is_string(kind) or pa.types.is_dictionary(kind)
        keyed = keyed.append_column(name, pc.cast(pc.cast(column, pa.string()), pa.binary()) if is_text else column)
    return data.take(pc.sort_indices(keyed, sort_keys=[(name, "ascending") for name in order]))


def _read_file(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read().replace_schema_metadata(None)


def write_table(data: pa.Table, path: Path) -> None:
    """Write a table in the form that the file's ending names."""
    kind = path.suffix.lower()
    if kind == ".parquet":
        replace_file(path, lambda temporary: pq.write_table(data, temporary))
    elif kind == ".csv":
        replace_file(path, lambda temporary: pacsv.write_csv(_flat(data), temporary))
    elif kind == ".json":
        replace_file(path, lambda temporary: temporary.write_text(_as_json(data), encoding="utf-8"))
    else:
        raise UsageError(f"--out {path}: ends in {kind or 'nothing'}", "write .parquet, .csv or .json.")


def _flat(data: pa.Table) -> pa.Table:
    """Columns that CSV can hold: labels as text, nested values as JSON."""
    for place, field in enumerate(data.schema):
        if pa.types.is_dictionary(field.type):
            data = data.set_column(place, field.name, data[field.name].cast(field.type.value_type))
        elif pa.types.is_nested(field.type):
            text = [None if v is None else json.dumps(v) for v in data[field.name].to_pylist()]
            data = data.set_column(place, field.name, pa.array(text, pa.string()))
    return data


def _as_json(data: pa.Table) -> str:
    rows = data.to_pylist()
    return json.dumps(rows, default=_plain, ensure_ascii=False, allow_nan=False, indent=0) + "\n"


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _asked(connection: Any, query: str) -> Any:
    """Relation of a query that is one SELECT (SHOW and DESCRIBE are); anything else could write a file."""
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type.name != "SELECT":
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise UsageError(f"sql: {kinds} asked", "ask with one SELECT; the tables cannot be written.")
    return connection.sql(statements[0])


def command_sql(arguments: argparse.Namespace) -> int:
    """Answer a query over the lake's tables; nothing can be written."""
    import duckdb

    book = book_of(arguments)
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    for name, patterns in view_sources(book.lake, views()).items():
        connection.execute(view_sql(book.lake, name, patterns, views()[name].order))
    connection.execute(
        "set allowed_directories = [$root]".replace("$root", "'" + str(book.lake.root).replace("'", "''") + "'")
    )
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    try:
        answer = _asked(connection, arguments.query).to_arrow_table()
    except duckdb.Error as error:
        raise UsageError(f"sql: {error}", '`btassets sql "show tables"` lists the tables.') from error
    if arguments.format == "csv":
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(
            [answer.column_names, *(r.values() for r in answer.to_pylist())]
        )
        say(lines.getvalue().rstrip("\n"))
    elif arguments.format == "json":
        say(_as_json(answer).rstrip())
    else:
        say(table([list(row.values()) for row in answer.to_pylist()], answer.column_names))
    return 0
