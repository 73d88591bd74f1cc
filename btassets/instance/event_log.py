"""SQLite event log that stores a batch of events in one transaction.

Belongs here: the one storage class named by `dagster.yaml`. Does not belong here: which instance is used, the location
of its folder and who sets `DAGSTER_EVENT_BATCH_SIZE`.

Reason: a run over n partitions emits 2n events, and the stock class opens, syncs and closes two databases for each of
them. Here a batch is one transaction per database over persistent connections. Files and rows are those of the stock
class, so either class can open the other's files, even at the same time.

Durability: write-ahead log with `synchronous=NORMAL`. A killed process loses nothing that was committed; a power
failure may lose the last transactions, but leaves both databases intact.
"""

import contextlib
import logging
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
from dagster._core.errors import DagsterInvariantViolationError
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._serdes import ConfigurableClassData, deserialize_value
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

from btassets.instance.fork_guard import FORK_GUARD
from btassets.masking import mask

TESTED_DAGSTER_VERSIONS = ("1.13.27",)
"""Versions whose stock class was covered by the parity tests; any other gets the stock class itself."""

EVENT_BATCH_SIZE_VARIABLE = "DAGSTER_EVENT_BATCH_SIZE"
"""Environment variable that makes Dagster pass batches; unset or 0, every event is passed alone."""

RECOMMENDED_EVENT_BATCH_SIZE = 1000

_INDEX_SHARD = "index"
_BUSY_TIMEOUT_SECONDS = 30
# The page reads many runs one after the other: bounded, so that file handles do not run out.
_MAX_OPEN_SHARDS = 8

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _OpenShard:
    """One open database: its connection, and its file (device, inode)."""

    engine: Engine
    connection: Connection
    file_id: tuple[int, int] | None

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()


class BatchedSqliteEventLogStorage(SqliteEventLogStorage):
    """The stock SQLite event log, with one transaction per batch and persistent connections.

    Named in `dagster.yaml` with the stock default folder, so that nothing has to be migrated::

        event_log_storage:
          module: btassets.instance.event_log
          class: BatchedSqliteEventLogStorage
          config:
            base_dir: <DAGSTER_HOME>/history/runs

    Batches arrive only if `DAGSTER_EVENT_BATCH_SIZE` is set (1000 is a good value), in the process that creates the run
    and in those that execute its steps.

    Every event goes to the database of its run; asset, check and run status events also to the index database. Both
    transactions are filled before either is committed, the run's first: an error leaves neither, and only a kill
    between the two commits leaves events in the run's log that the index lacks. The asset then looks as if that run had
    not reached it, and the next run computes it again; the stock class has the same window, once per event.

    Not for network file systems: like every SQLite instance it needs working file locks.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None):
        # Before the stock constructor, which already connects.
        self._open_shards: OrderedDict[str, _OpenShard] = OrderedDict()
        self._in_transaction: Mapping[str, Connection] = {}
        self._transaction_thread: int | None = None
        self._seen_tables: set[str] = set()
        self._seen_asset_key_columns: set[str] = set()
        super().__init__(base_dir, inst_data)
        FORK_GUARD.watch(self)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> SqliteEventLogStorage:
        """Storage for `dagster.yaml`: this class, or the stock one for an untested Dagster."""
        installed = version("dagster")
        if installed in TESTED_DAGSTER_VERSIONS:
            return cls(inst_data=inst_data, **config_value)
        _warn_of_untested_version(installed, TESTED_DAGSTER_VERSIONS)
        return SqliteEventLogStorage(inst_data=inst_data, **config_value)

    # Storing

    def store_event(self, event: EventLogEntry) -> None:
        """Store one event; returns after it is committed."""
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in the given order, one transaction per database and run."""
        for run_id, of_run in groupby(events, key=lambda event: event.run_id):
            self._store_events_of_run(run_id, [self._masked(event) for event in of_run])

    def _masked(self, event: EventLogEntry) -> tuple[EventLogEntry, dict[str, Any]]:
        """Event and row without secrets, because errors of libraries quote URLs, headers and responses."""
        row = self._event_to_row(event)
        text = mask(row["event"])
        if text == row["event"]:
            return event, row
        return deserialize_value(text, EventLogEntry), {**row, "event": text}

    def _store_events_of_run(self, run_id: str, masked: Sequence[tuple[EventLogEntry, dict[str, Any]]]) -> None:
        events, rows = [event for event, _ in masked], [row for _, row in masked]
        mirrored = [position for position, event in enumerate(events) if _is_mirrored(event)]
        refused: Exception | None = None
        with self._transaction(run_id, is_index_needed=bool(mirrored)) as connections:
            connections[run_id].execute(SqlEventLogStorageTable.insert(), rows)
            if mirrored:
                refused = self._store_in_index(
                    connections[_INDEX_SHARD],
                    [events[position] for position in mirrored],
                    [rows[position] for position in mirrored],
                )
        # Writes go to the -wal file, but followers of a run watch the .db file, and must be woken only after the commit
        # is visible.
        with contextlib.suppress(OSError):
            os.utime(self.path_for_shard(run_id))
        if refused is not None:
            raise refused

    def _store_in_index(
        self, connection: Connection, events: Sequence[EventLogEntry], rows: Sequence[dict[str, Any]]
    ) -> Exception | None:
        """Insert events into the index; returns the error that the stock class would raise after storing them."""
        # We hold the write lock, so no other writer takes an id between this read and the insert.
        first_id = connection.execute(
            sa.select(sa.func.coalesce(sa.func.max(SqlEventLogStorageTable.c.id), 0) + 1)
        ).scalar_one()
        ids = range(first_id, first_id + len(rows))
        connection.execute(
            SqlEventLogStorageTable.insert(),
            [{"id": event_id, **row} for event_id, row in zip(ids, rows, strict=True)],
        )
        asset_events = [
            (event, event_id)
            for event, event_id in zip(events, ids, strict=True)
            if event.dagster_event_type in ASSET_EVENTS
        ]
        if asset_events:
            self._store_asset_event_tags(
                connection,
                [event for event, _ in asset_events],
                [event_id for _, event_id in asset_events],
            )
            for event, event_id in _last_of_each_type_and_asset(asset_events):
                self._store_asset_event(connection, event, event_id)
        refused: Exception | None = None
        for event, event_id in zip(events, ids, strict=True):
            if event.dagster_event_type in ASSET_CHECK_EVENTS:
                try:
                    self.store_asset_check_event(event, event_id)
                except (DagsterInvariantViolationError, sa_exc.IntegrityError) as error:
                    # A check planned twice in one run: the stock class keeps the event and raises.
                    refused = refused or error
        return refused

    # Connections

    @contextlib.contextmanager
    def _transaction(self, run_id: str, *, is_index_needed: bool) -> Iterator[Mapping[str, Connection]]:
        """Write transactions on the run's database and, if needed, on the index.

        While they are open, `index_connection()` of the same thread returns the index connection of this transaction,
        so that inherited methods take part in it.
        """
        shards = [_INDEX_SHARD, run_id] if is_index_needed else [run_id]
        with self._db_lock:
            connections = {shard: self._connection(shard) for shard in shards}
            try:
                with contextlib.ExitStack() as commits:
                    for shard in shards:  # exited in reverse order: the run's database commits first
                        commits.enter_context(connections[shard].begin())
                    for shard in reversed(shards):  # every writer locks in this order: no deadlock
                        connections[shard].exec_driver_sql("BEGIN IMMEDIATE")
                    self._transaction_thread = threading.get_ident()
                    self._in_transaction = connections
                    try:
                        yield connections
                    finally:
                        self._in_transaction = {}
                        self._transaction_thread = None
            except sa_exc.DBAPIError:
                self._close_shards(shards)
                raise

    @contextlib.contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if self._transaction_thread == threading.get_ident():
            yield self._in_transaction[shard]
            return
        with self._db_lock:
            connection = self._connection(shard)
            try:
                with connection.begin():
                    yield connection
            except sa_exc.IntegrityError:
                raise
            except sa_exc.DBAPIError:
                # Locked, unreadable, missing: in any case, the next caller starts afresh.
                self._close_shards([shard])
                raise

    def _connection(self, shard: str) -> Connection:
        """Open connection of a database, created and initialised on demand; holds `_db_lock`."""
        path = self.path_for_shard(shard)
        known = self._open_shards.get(shard)
        if known is not None:
            is_same_file = known.file_id == _file_id(path)
            # A signal in the middle of a transaction may leave it open; it must be rolled back.
            if is_same_file and not known.connection.in_transaction():
                self._open_shards.move_to_end(shard)
                return known.connection
            self._close_shards([shard])
            if not is_same_file:
                # Wiped or replaced by another process. (SQLite detects that too: closing the old file leaves the -wal
                # of the new one alone.)
                self._initialized_dbs.discard(shard)
        engine = sa.create_engine(
            self.conn_string_for_shard(shard),
            poolclass=NullPool,
            connect_args={"timeout": _BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        if shard not in self._initialized_dbs:
            # The stock check reads every migration script (14 ms) for the same result.
            if not _is_stamped(path):
                self._initdb(engine)
            self._initialized_dbs.add(shard)
        connection = engine.connect()
        with connection.begin():
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
        self._open_shards[shard] = _OpenShard(engine, connection, _file_id(path))
        self._close_shards(self._longest_unused_shards())
        return connection

    def _longest_unused_shards(self) -> list[str]:
        run_shards = [shard for shard in self._open_shards if shard != _INDEX_SHARD]
        return run_shards[: max(0, len(run_shards) - _MAX_OPEN_SHARDS)]

    def _close_shards(self, shards: Sequence[str]) -> None:
        for shard in shards:
            known = self._open_shards.pop(shard, None)
            if known is not None:
                known.close()

    # Inherited methods that must account for open connections

    def has_table(self, table_name: str) -> bool:
        """Whether the index database has a table; cached once found."""
        if table_name not in self._seen_tables and super().has_table(table_name):
            self._seen_tables.add(table_name)
        return table_name in self._seen_tables

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        if column_name not in self._seen_asset_key_columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._seen_asset_key_columns.add(column_name)
        return column_name in self._seen_asset_key_columns

    def upgrade(self) -> None:
        """Migrate every database to the schema of the installed Dagster."""
        super().upgrade()
        self.close_connections()

    def wipe(self) -> None:
        """Remove every event, and the databases of the runs."""
        self.close_connections()
        super().wipe()

    def dispose(self) -> None:
        """Stop watching and close the databases; a later call opens them again."""
        super().dispose()
        self.close_connections()

    def close_connections(self) -> None:
        """Close every open database; the last one to close a database also empties its -wal file."""
        with self._db_lock:
            self._close_shards(list(self._open_shards))

    # Forks

    def before_fork(self) -> bool:
        """Wait for the running transaction and close everything; False if that was impossible."""
        if self._transaction_thread == threading.get_ident():
            return False
        if not self._db_lock.acquire(timeout=_BUSY_TIMEOUT_SECONDS):
            return False
        self._close_shards(list(self._open_shards))
        return True

    def after_fork(self) -> None:
        """Unlock; in the parent and in the child."""
        self._db_lock.release()

    def abandon_inherited(self) -> list[_OpenShard]:
        """In a child, drop connections that could not be closed before the fork; the caller keeps them unclosed."""
        inherited = list(self._open_shards.values())
        self._open_shards = OrderedDict()
        self._in_transaction = {}
        self._transaction_thread = None
        self._db_lock = threading.Lock()
        return inherited


@cache
def _warn_of_untested_version(installed: str, tested: tuple[str, ...]) -> None:
    """Log it once per process, not once per instance."""
    _logger.warning(
        "Dagster %s is not among the versions tested with the batched event log (%s); using Dagster's own SQLite "
        "event log, which is slower but otherwise equivalent.",
        installed,
        ", ".join(tested),
    )


def _is_mirrored(event: EventLogEntry) -> bool:
    """Whether an event also goes to the index database."""
    return event.is_dagster_event and (
        event.dagster_event_type in ASSET_EVENTS
        or event.dagster_event_type in ASSET_CHECK_EVENTS
        or event.dagster_event_type in EVENT_TYPE_TO_PIPELINE_RUN_STATUS
    )


def _last_of_each_type_and_asset(
    asset_events: Sequence[tuple[EventLogEntry, int]],
) -> list[tuple[EventLogEntry, int]]:
    """Events that determine an asset's row: each overwrites the columns of its type and no others.

    Assets come in the order of their first event, which determines the ids of new rows; the events of one asset in
    emission order.
    """
    by_asset: dict[Any, dict[Any, tuple[EventLogEntry, int]]] = {}
    for event, event_id in asset_events:
        of_asset = by_asset.setdefault(event.get_dagster_event().asset_key, {})
        of_asset.pop(event.dagster_event_type, None)  # to the end: last emitted, last applied
        of_asset[event.dagster_event_type] = (event, event_id)
    return [last for of_asset in by_asset.values() for last in of_asset.values()]


def _file_id(path: str) -> tuple[int, int] | None:
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _is_stamped(path: str) -> bool:
    """Whether a database exists and has a schema version, which the stock class writes last."""
    if not Path(path).exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_SECONDS)) as connection:
            return connection.execute("SELECT 1 FROM alembic_version LIMIT 1").fetchone() is not None
    except sqlite3.OperationalError:
        return False
