"""`sql`: a read-only query over the tables of a book.

Belongs here: a DuckDB connection restricted to the lake, and printing results. Does not belong here: the views
(`btassets.storage.warehouse`).
"""

from collections import Counter
from decimal import Decimal
from glob import escape
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from btassets.book.book import Book
from btassets.cli.output.csv_text import csv_text, json_text
from btassets.cli.output.stale import require_run
from btassets.cli.terminal import printable, say, show_table
from btassets.cli.where import book_of
from btassets.errors import NoBarsError, UsageError
from btassets.run.own_flow.book_flow import flow_of
from btassets.run.own_flow.own_stages import refuse_left_out
from btassets.settings.renamed import RENAMED_TABLES
from btassets.storage.view_files import view_sources, view_sql

_SIGNIFICANT = 6
"""Digits of a number in a printed table; csv and json have all of them."""


def command_sql(*, query: str, book: Path | None, layout: str) -> int:
    """Run a query over the lake's tables, read-only."""
    opened = book_of(book)
    require_run(opened)
    try:
        statement = _one_select(query)
        with _door(opened, query) as connection:
            answer = _asked(connection, statement).to_arrow_table()
            columns = [column.to_pylist() for column in answer.columns]
    except (duckdb.Error, pa.ArrowException) as error:
        raise UsageError(f"sql: {printable(_first_lines(str(error)))}", _advice(str(error))) from error
    except (UnicodeError, OverflowError, RecursionError) as error:
        raise UsageError(f"sql: {printable(str(error))}", "cast the column to text.") from error
    rows = list(zip(*columns, strict=True)) if columns else []
    if layout == "csv":
        say(csv_text(answer.column_names, rows))
    elif layout == "json":
        twice = [name for name, n in Counter(answer.column_names).items() if n > 1]
        if twice:
            raise UsageError(f"sql: column {printable(twice[0])} occurs twice", "name each with `as`.")
        say(json_text([dict(zip(answer.column_names, row, strict=True)) for row in rows]).rstrip())
    else:
        show_table([[_shown(value) for value in row] for row in rows], answer.column_names)
    return 0


def _tables_of(connection: duckdb.DuckDBPyConnection, book: Book, query: str) -> set[str] | None:
    """Tables named by a query, so that no other has to be verified; None: all, if it names none of ours."""
    try:
        names = connection.get_table_names(query)
    except (duckdb.Error, UnicodeError, RuntimeError):  # DuckDB gives a better message when it runs the query
        return None
    return names if names and names <= {*book.lake.tables()} else None


def _door(book: Book, query: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    found, named = flow_of(book).views(), _tables_of(connection, book, query)
    refuse_left_out(book, named or ())
    for name, files in view_sources(book.lake, found, named).items():
        connection.execute(view_sql(name, files, found[name].order))
    root = str(book.lake.root)
    # The path itself, and as spelled in the views: DuckDB compares the text.
    allowed = ", ".join("'" + spelled.replace("'", "''") + "'" for spelled in {root, escape(root)})
    connection.execute(f"set allowed_directories = [{allowed}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _one_select(query: str) -> duckdb.Statement:
    """Statement of a query that is one SELECT (including SHOW and DESCRIBE); anything else could write a file.

    It is parsed before any other use, because DuckDB creates the folder of an EXPORT even while extracting its tables.
    """
    statements = duckdb.extract_statements(query)
    if len(statements) != 1 or statements[0].type.name != "SELECT":
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise UsageError(f"sql: {kinds} asked", "use one SELECT; tables are read-only.")
    return statements[0]


def _asked(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> Any:
    relation = connection.sql(statement)
    if relation is None:
        raise NoBarsError("sql", "the query returns no result", "use one SELECT.")
    return relation


def _first_lines(text: str) -> str:
    """DuckDB's message without the excerpt of the query below it."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("^", "LINE "))]
    return " ".join(lines)[:600]


def _advice(text: str) -> str:
    for old, new in RENAMED_TABLES.items():
        if old in text:
            return f"{old} was renamed since 0.1.0; did you mean {new}?"
    return '`btassets sql "show tables"` lists the tables.'


class _Number(float):
    """A number that prints with six significant digits, whole digits included."""

    def __str__(self) -> str:
        number = float(self)
        return f"{number:.0f}" if 10**_SIGNIFICANT <= abs(number) < 1e15 else f"{number:.{_SIGNIFICANT}g}"


def _shown(value: Any) -> Any:
    return _Number(value) if isinstance(value, float | Decimal) else value
