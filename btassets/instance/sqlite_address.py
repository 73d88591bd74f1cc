"""Addresses of Dagster's SQLite files for any name of a book's folder.

Belongs here: the address alone. Dagster puts the path into it as it is, and SQLAlchemy takes what follows a `?` for
options and undoes `%20`: it would open, and make, another file beside the book.
"""

import os
from urllib.parse import quote

import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage


def sqlite_address(base_dir: str, db_name: str) -> str:
    """Address of a file of Dagster's, as SQLAlchemy takes it.

    Examples
    --------
    >>> import sqlalchemy as sa
    >>> sa.make_url(sqlite_address("/books/a?b #c%20d", "runs")).database
    '/books/a?b #c%20d/runs.db'
    """
    path = os.path.join(os.path.abspath(base_dir), f"{db_name}.db")  # noqa: PTH100, PTH118  (as Dagster does)
    # SQLAlchemy 2.1 undoes percent signs in the name of a file, 2.0 does not and has no way to write a `?`.
    is_undone = sa.make_url("sqlite:///%3F").database == "?"
    return f"sqlite:///{quote(path)}" if is_undone else f"sqlite:///{path}"


def use_safe_addresses() -> None:
    """Let Dagster's storages of this process ask for their addresses here."""
    for module in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
        setattr(module, "create_db_conn_string", sqlite_address)  # noqa: B010  (an import of the module, not its own name)
