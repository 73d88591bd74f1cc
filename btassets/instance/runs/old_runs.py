"""Deletes old runs of an instance: by hand (`btassets prune`), or at the end of every run.

Belongs here: which runs are old, and deleting them with their events, logs and intermediate files. Does not belong
here: reports (`btassets.book.report_folders`), ticks of schedule and sensors (Dagster's own retention).

A run with the newest materialization of an asset or partition stays, or the page would show it as missing. Beyond the
limits such a run keeps only that materialization; its other events and its logs are deleted.
"""

import datetime as dt
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable, SnapshotsTable

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_MATERIALIZATION = dg.DagsterEventType.ASSET_MATERIALIZATION.value

ALWAYS_KEPT = 5
"""Newest runs that stay at any age."""

MIN_AT_ONCE = 3
"""Minimum number of runs deleted at the end of a run regardless of the time: more than one, so that a backlog shrinks.
"""

_SECONDS = 0.5


@dataclass(frozen=True)
class Limits:
    """Retention limits of an instance.

    Attributes
    ----------
    runs
        Newest runs kept.
    days
        Age in days beyond which a run is deleted even if it is among them.
    """

    runs: int
    days: int


def old_runs(instance: dg.DagsterInstance, keep_runs: int, keep_days: int, now: dt.datetime) -> list[str]:
    """Ids of finished runs that are neither among the newest `keep_runs` nor younger than `keep_days` days."""
    newest = set(instance.get_run_ids(limit=keep_runs))
    before = now - dt.timedelta(days=keep_days)
    filters = dg.RunsFilter(statuses=_FINISHED, created_before=before)
    return [run_id for run_id in instance.get_run_ids(filters=filters) if run_id not in newest]


def runs_beyond(instance: dg.DagsterInstance, limits: Limits, now: dt.datetime) -> list[str]:
    """Ids of finished runs beyond the limits, oldest first."""
    filters = dg.RunsFilter(statuses=_FINISHED)
    newest_first = list(instance.get_run_ids(filters=filters))
    before = now - dt.timedelta(days=limits.days)
    old = set(instance.get_run_ids(filters=dg.RunsFilter(statuses=_FINISHED, created_before=before)))
    beyond = newest_first[limits.runs :]
    beyond = [run_id for run_id in newest_first[ALWAYS_KEPT : limits.runs] if run_id in old] + beyond
    return beyond[::-1]


def forget_old_runs(
    instance: dg.DagsterInstance, home: Path, limits: Limits, now: dt.datetime, seconds: float = _SECONDS
) -> int:
    """Delete runs beyond the limits, oldest first, for a bounded time; return their number.

    The rest is deleted at the end of the next run.
    """
    deadline = time.monotonic() + seconds
    n_done = 0
    for run_id in runs_beyond(instance, limits, now):
        if n_done >= MIN_AT_ONCE and time.monotonic() > deadline:
            break
        n_done += forget_run(instance, run_id, home)
    if n_done:
        _forget_snapshots(instance)
    return n_done


def delete_runs(instance: dg.DagsterInstance, run_ids: list[str], home: Path) -> int:
    """Delete runs, and release the disk space; return the number of deleted runs."""
    n_done = sum(forget_run(instance, run_id, home) for run_id in run_ids)
    if n_done:
        _forget_snapshots(instance)
        for path in (home / "history" / "runs" / "index.db", home / "history" / "runs.db"):
            if path.is_file():
                with closing(sqlite3.connect(path, timeout=30)) as connection:
                    connection.execute("VACUUM")
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return n_done


def forget_run(instance: dg.DagsterInstance, run_id: str, home: Path) -> bool:
    """Delete a run with its events and logs, or all but its newest materializations.

    Returns
    -------
    bool
        False if nothing was left to delete.
    """
    log = instance.event_log_storage
    shard, logs = home / "history" / "runs" / f"{run_id}.db", home / "storage" / run_id
    if not isinstance(log, SqlEventLogStorage):
        return False
    with log.index_connection() as connection:
        is_shown = _has_newest(connection, run_id)
        if is_shown and isinstance(log, SqliteEventLogStorage) and not shard.exists() and not logs.exists():
            return False
        _delete_replaced_checks(connection, run_id)
        if is_shown:
            _delete_replaced_events(connection, run_id)
    if not is_shown:
        instance.delete_run(run_id)
        _delete_tags(instance, run_id)
    shutil.rmtree(logs, ignore_errors=True)
    if isinstance(log, SqliteEventLogStorage):
        for path in shard.parent.glob(f"{run_id}.db*"):
            path.unlink(missing_ok=True)
    return True


def _newer(table: Any, other: Any, *columns: str) -> Any:
    """Rows of `other` about the same object as the row of `table`, and newer."""
    same = [getattr(other.c, name).is_not_distinct_from(getattr(table.c, name)) for name in columns]
    return sa.exists().where(sa.and_(*same, other.c.id > table.c.id))


def _newest_of(run_id: str) -> tuple[Any, Any]:
    """Events table and the condition for materializations of a run not replaced by a newer one."""
    events, other = SqlEventLogStorageTable, SqlEventLogStorageTable.alias("newer")
    newer = _newer(events, other, "asset_key", "partition").where(other.c.dagster_event_type == _MATERIALIZATION)
    return events, sa.and_(events.c.run_id == run_id, events.c.dagster_event_type == _MATERIALIZATION, ~newer)


def _has_newest(connection: Any, run_id: str) -> bool:
    events, is_newest = _newest_of(run_id)
    return connection.execute(sa.select(events.c.id).where(is_newest).limit(1)).fetchone() is not None


def _delete_replaced_events(connection: Any, run_id: str) -> None:
    """Delete a run's events except the newest materializations, which other tables reference by their ids."""
    events, is_newest = _newest_of(run_id)
    kept = sa.select(events.c.id).where(is_newest).scalar_subquery()
    mine = sa.select(events.c.id).where(events.c.run_id == run_id).scalar_subquery()
    tags = AssetEventTagsTable
    connection.execute(tags.delete().where(tags.c.event_id.in_(mine), tags.c.event_id.not_in(kept)))
    doomed = [
        row[0]
        for row in connection.execute(sa.select(events.c.id).where(events.c.run_id == run_id, events.c.id.not_in(kept)))
    ]
    for start in range(0, len(doomed), 500):
        connection.execute(events.delete().where(events.c.id.in_(doomed[start : start + 500])))


def _delete_replaced_checks(connection: Any, run_id: str) -> None:
    """Delete a run's check results replaced by a newer run."""
    checks, other = AssetCheckExecutionsTable, AssetCheckExecutionsTable.alias("newer")
    newer = _newer(checks, other, "asset_key", "check_name", "partition")
    doomed = [row[0] for row in connection.execute(sa.select(checks.c.id).where(checks.c.run_id == run_id, newer))]
    for start in range(0, len(doomed), 500):
        connection.execute(checks.delete().where(checks.c.id.in_(doomed[start : start + 500])))


def _delete_tags(instance: dg.DagsterInstance, run_id: str) -> None:
    runs = instance.run_storage
    if isinstance(runs, SqlRunStorage):
        with runs.connect() as connection:
            connection.execute(RunTagsTable.delete().where(RunTagsTable.c.run_id == run_id))


def _forget_snapshots(instance: dg.DagsterInstance) -> None:
    """Delete stored job definitions and execution plans not referenced by any run."""
    runs = instance.run_storage
    if not isinstance(runs, SqlRunStorage):
        return
    kept = instance.get_runs()
    jobs = {run.job_snapshot_id for run in kept if run.job_snapshot_id}
    named = jobs | {run.execution_plan_snapshot_id for run in kept if run.execution_plan_snapshot_id}
    parents = (instance.get_job_snapshot(job).lineage_snapshot for job in jobs)
    named |= {parent.parent_snapshot_id for parent in parents if parent is not None}
    with runs.connect() as connection:
        known = {row[0] for row in connection.execute(sa.select(SnapshotsTable.c.snapshot_id))}
        # A run that another process creates meanwhile stores its snapshots first: leave the newest alone.
        latest = connection.execute(sa.select(sa.func.max(SnapshotsTable.c.id))).scalar() or 0
        for snapshot in known - named:
            table = SnapshotsTable
            connection.execute(table.delete().where(table.c.snapshot_id == snapshot, table.c.id < latest - 10))


def history_of(home: Path) -> tuple[int | None, float]:
    """Number of runs of a book's instance (None: not known from files) and its size in MB; writes nothing."""
    size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e6
    path = home / "history" / "runs.db"
    for mode in ("mode=ro", "immutable=1"):
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True)) as connection:
                return connection.execute(f"SELECT count(*) FROM {RunsTable.name}").fetchone()[0], size  # noqa: S608
        except sqlite3.Error:
            continue
    return None, size
