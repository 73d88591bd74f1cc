"""Runs that an instance may forget.

Belongs here: which runs are old, and deleting them with their logs and intermediate files. A run
that made the newest materialization of an asset or partition stays: the page would call it missing.
"""

import datetime as dt
import shutil
from pathlib import Path

import dagster as dg

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_CHUNK = 500


def old_runs(instance: dg.DagsterInstance, keep_runs: int, keep_days: int, now: dt.datetime) -> list[str]:
    """Ids of finished runs that are neither among the newest `keep_runs` nor younger than `keep_days` days."""
    newest = instance.get_run_ids(limit=keep_runs)
    before = now - dt.timedelta(days=keep_days)
    filters = dg.RunsFilter(statuses=_FINISHED, created_before=before)
    kept = {*newest, *_runs_that_show(instance)}
    return [run_id for run_id in instance.get_run_ids(filters=filters) if run_id not in kept]


def _runs_that_show(instance: dg.DagsterInstance) -> set[str]:
    """Runs whose materializations are the newest of an asset or of one of its partitions."""
    shown: set[str] = set()
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    for key in instance.all_asset_keys():
        event = instance.get_latest_materialization_event(key)
        if event is not None:
            shown.add(event.run_id)
        ids = list(instance.event_log_storage.get_latest_storage_id_by_partition(key, kind).values())
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            records = instance.event_log_storage.get_event_records(
                dg.EventRecordsFilter(event_type=kind, storage_ids=chunk)
            )
            shown |= {record.event_log_entry.run_id for record in records}
    return shown


def delete_runs(instance: dg.DagsterInstance, run_ids: list[str], home: Path) -> None:
    """Delete runs with their events, captured logs and intermediate values."""
    for run_id in run_ids:
        instance.delete_run(run_id)
        shutil.rmtree(home / "storage" / run_id, ignore_errors=True)
        for path in (home / "history" / "runs").glob(f"{run_id}.db*"):
            path.unlink(missing_ok=True)
