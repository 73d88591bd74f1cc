"""The batched event log after errors, kills and interruptions, and how it holds its databases open.

Belongs here: what one writer leaves behind. Several at once: `test_event_log_processes.py`.
"""

import contextlib
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from dagster._core.utils import make_new_run_id

from btassets.instance.event_log import BatchedSqliteEventLogStorage
from btassets_tests.support.event_log_cases import (
    N_BATCH,
    N_TICKERS,
    TICKER_PARTITIONS,
    TICKERS,
    assert_consistent,
    empty,
    empty_graph,
    forked,
    materialization,
    run_range,
    storage_of,
)


def test_failed_batch_leaves_nothing_and_is_stored_one_by_one(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster answers a failed batch with single events: neither database may keep the first try."""
    storage = storage_of(instance)
    store_asset_event, n_failures = storage._store_asset_event, 0

    def fail_for_batches(connection: Any, event: EventLogEntry, event_id: int) -> None:
        nonlocal n_failures
        if n_failures < 2 and event.get_dagster_event().is_step_materialization:
            n_failures += 1
            message = "disk full"
            raise sa_exc.OperationalError(message, None, sqlite3.OperationalError(message))
        store_asset_event(connection, event, event_id)

    monkeypatch.setattr(storage, "_store_asset_event", fail_for_batches)
    with contextlib.suppress(sa_exc.OperationalError):  # the second failure hits a single event
        storage.store_event(materialization("other run", "other"))
    assert instance.all_logs("other run") == []
    run_id = run_range(instance, empty_graph())
    assert n_failures == 2
    assert instance.get_run_stats(run_id).materializations == N_TICKERS
    assert len(instance.fetch_materializations(empty.key, limit=1000).records) == N_TICKERS
    assert_consistent(instance)


def test_kills_at_any_moment_leave_a_sound_instance(instance: dg.DagsterInstance) -> None:
    """A process that runs one job after the other is killed four times."""

    def run_for_ever() -> None:
        with dg.DagsterInstance.from_ref(instance.get_ref()) as own:
            while True:
                run_range(own, empty_graph())

    for delay in (0.25, 0.32, 0.41, 0.53):
        with forked(run_for_ever) as process:
            time.sleep(delay)
            os.kill(process.pid, signal.SIGKILL)
        assert_consistent(instance)
    last = run_range(instance, empty_graph())
    assert instance.get_run_stats(last).materializations == N_TICKERS
    assert storage_of(instance).get_materialized_partitions(empty.key) == set(TICKERS)
    assert_consistent(instance)


def test_kill_between_the_two_commits_loses_a_batch_in_the_index_only(instance: dg.DagsterInstance) -> None:
    """The run's page has the batch, the asset's page does not; the next run makes up for it."""
    run_id = make_new_run_id()

    def run_until_killed() -> None:
        n_paired = 0

        @sa.event.listens_for(sa.Engine, "commit")
        def kill_at_second_batch_of_materializations(connection: sa.Connection) -> None:
            nonlocal n_paired
            is_write = connection.connection.dbapi_connection.in_transaction
            if is_write and str(connection.engine.url.database).endswith("index.db"):
                n_paired += 1
                if n_paired == 6:  # three batches of planned events, the start of the run, one batch
                    os.kill(os.getpid(), signal.SIGKILL)

        with dg.DagsterInstance.from_ref(instance.get_ref()) as own:
            tags = {ASSET_PARTITION_RANGE_START_TAG: TICKERS[0], ASSET_PARTITION_RANGE_END_TAG: TICKERS[-1]}
            empty_graph().execute_in_process(instance=own, tags=tags, run_id=run_id)

    with forked(run_until_killed) as process:
        process.join(timeout=300)
        assert process.exitcode == -signal.SIGKILL
    storage = storage_of(instance)
    assert instance.get_run_stats(run_id).materializations == 2 * N_BATCH
    assert len(storage.get_materialized_partitions(empty.key)) == N_BATCH
    assert_consistent(instance)
    status = get_and_update_asset_status_cache_value(instance, empty.key, TICKER_PARTITIONS)
    assert status is not None
    assert len(status.deserialize_materialized_partition_subsets(TICKER_PARTITIONS)) == N_BATCH

    next_run = run_range(instance, empty_graph())
    assert instance.get_run_stats(next_run).materializations == N_TICKERS
    assert storage.get_materialized_partitions(empty.key) == set(TICKERS)
    assert_consistent(instance)


def test_number_of_open_databases_is_bounded(instance: dg.DagsterInstance) -> None:
    """The page reads many runs; the index stays open."""
    storage = storage_of(instance)
    assert isinstance(storage, BatchedSqliteEventLogStorage)
    for number in range(12):
        storage.store_event(materialization(f"run {number}", "asset"))
    assert set(storage._open_shards) == {"index", *(f"run {number}" for number in range(4, 12))}
    assert len(instance.all_logs("run 0")) == 1


def test_open_transaction_does_not_survive_an_interruption(instance: dg.DagsterInstance) -> None:
    """Whatever unwinds a transaction (a signal), the next caller gets a working connection."""
    storage = storage_of(instance)
    assert isinstance(storage, BatchedSqliteEventLogStorage)
    with pytest.raises(KeyboardInterrupt), storage.run_connection("one run"):
        raise KeyboardInterrupt
    storage._connection("one run").begin()  # as if the rollback itself had been interrupted
    storage.store_event(materialization("one run", "asset"))
    assert len(instance.all_logs("one run")) == 1


def test_connections_are_durable_enough_and_reopened_after_dispose(instance: dg.DagsterInstance) -> None:
    """Write-ahead log, synchronous=NORMAL, 30 s of patience; nothing stays open after dispose."""
    storage = storage_of(instance)
    assert isinstance(storage, BatchedSqliteEventLogStorage)
    storage.store_event(materialization("one run", "asset"))
    with storage.run_connection("one run") as connection:
        pragmas = ("journal_mode", "synchronous", "busy_timeout")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
    assert found == ["wal", 1, 30_000]
    storage.dispose()
    assert not storage._open_shards
    assert list(Path(storage.path_for_shard("index")).parent.glob("*-wal")) == []
    assert len(instance.all_logs("one run")) == 1
