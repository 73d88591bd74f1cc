"""The batched event log in several processes: writers at once, forks, and readers that stay.

Belongs here: what one process sees of another. Kills: `test_event_log_kills.py`.
"""

import contextlib
import functools
import multiprocessing
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Sequence

import dagster as dg
from dagster._core.events.log import EventLogEntry

from btassets.instance.event_log import BatchedSqliteEventLogStorage
from btassets_tests.support.event_log_cases import (
    N_TICKERS,
    assert_consistent,
    empty,
    empty_graph,
    forked,
    materialization,
    mirrored_events,
    run_range,
    storage_of,
)


def store_in_turn(instance: dg.DagsterInstance, writer: str, run_id: str, n_batches: int) -> None:
    """Batches of four materializations of one asset, and after each a single one of another."""
    storage = storage_of(instance)
    for number in range(n_batches):
        storage.store_event_batch(
            [materialization(run_id, "shared", f"{writer} {number} {place}") for place in range(4)]
        )
        storage.store_event(materialization(run_id, f"of {writer}", f"{writer} {number}"))


def assert_stored_in_turn(instance: dg.DagsterInstance, writers: Sequence[str], run_id: str, n: int) -> None:
    """Every event of every writer is there once, in the order in which its writer stored them."""
    records = instance.get_records_for_run(run_id).records
    assert [record.storage_id for record in records] == list(range(1, 5 * n * len(writers) + 1))
    shared = instance.fetch_materializations(dg.AssetKey("shared"), limit=10_000, ascending=True).records
    for writer in writers:
        of_writer = [str(record.partition_key) for record in shared]
        expected = [f"{writer} {number} {place}" for number in range(n) for place in range(4)]
        assert [key for key in of_writer if key.startswith(f"{writer} ")] == expected
    keys = [str(record.partition_key) for record in shared]
    assert all(
        {key.rsplit(" ", 1)[0] for key in keys[at : at + 4]} == {keys[at].rsplit(" ", 1)[0]}
        for at in range(0, len(keys), 4)
    ), "a batch was interleaved"
    latest = instance.get_latest_materialization_event(dg.AssetKey("shared"))
    assert latest is not None
    assert latest.get_dagster_event().partition == keys[-1]
    of_run, of_index = mirrored_events(instance, run_id)
    assert Counter(of_run) == Counter(of_index)
    assert_consistent(instance, is_one_writer=False)


def test_two_processes_write_one_run_at_once(instance: dg.DagsterInstance) -> None:
    """As two steps of a multiprocess run do; each opens an instance of its own."""

    def write(writer: str) -> None:
        with dg.DagsterInstance.from_ref(instance.get_ref()) as own:
            store_in_turn(own, writer, "one run", 40)

    with forked(lambda: write("a")), forked(lambda: write("b")):
        pass
    assert_stored_in_turn(instance, ["a", "b"], "one run", 40)


def test_two_processes_run_jobs_at_once(instance: dg.DagsterInstance) -> None:
    """Two runs over the same partitions, beside a reader with open connections."""

    def run_twice() -> None:
        with dg.DagsterInstance.from_ref(instance.get_ref()) as own:
            for _ in range(2):
                run_range(own, empty_graph())

    storage = storage_of(instance)
    with forked(run_twice) as first, forked(run_twice) as second:
        seen = [0]
        while first.is_alive() or second.is_alive():
            seen.append(storage.get_maximum_record_id() or 0)
            time.sleep(0.02)
        assert (first.exitcode, second.exitcode) == (0, 0)
    assert seen == sorted(seen)
    runs = instance.get_run_records()
    assert [record.dagster_run.status for record in runs] == [dg.DagsterRunStatus.SUCCESS] * 4
    made = instance.fetch_materializations(empty.key, limit=1000).records
    assert Counter(record.run_id for record in made) == {record.dagster_run.run_id: N_TICKERS for record in runs}
    assert_consistent(instance)


def test_forks_share_no_connection(instance: dg.DagsterInstance) -> None:
    """Children use the storage object that they inherited, while a thread of the parent writes."""
    writers = [f"child{number}" for number in range(4)]
    thread = threading.Thread(target=store_in_turn, args=(instance, "parent", "one run", 60))
    store_in_turn(instance, "before", "warm-up", 1)
    thread.start()
    with contextlib.ExitStack() as children:
        for writer in writers:
            work = functools.partial(store_in_turn, instance, writer, "one run", 60)
            process = children.enter_context(forked(work))
            instance.event_log_storage.dispose()  # the last one to close a database removes its -wal
        thread.join(timeout=300)
    assert process.exitcode == 0
    connection = sqlite3.connect(storage_of(instance).path_for_shard("index"))
    with contextlib.closing(connection):
        connection.execute("DELETE FROM event_logs WHERE run_id = 'warm-up'")
        connection.commit()
    assert_stored_in_turn(instance, ["parent", *writers], "one run", 60)


def test_fork_in_the_middle_of_a_transaction_gives_the_child_a_fresh_start(
    instance: dg.DagsterInstance,
) -> None:
    """Nothing in Dagster does that; the child must neither wait forever nor touch what it inherits."""
    storage = storage_of(instance)
    assert isinstance(storage, BatchedSqliteEventLogStorage)
    with storage._transaction("one run", is_index_needed=True):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, str(len(storage._open_shards)).encode())
            os._exit(0)
        os.waitpid(child, 0)
    assert os.read(read, 10) == b"0"
    storage.store_event(materialization("one run", "after"))
    assert len(instance.all_logs("one run")) == 1


# Readers that stay


def test_watcher_is_told_every_event_of_another_process(instance: dg.DagsterInstance) -> None:
    """The page follows a run by watching its .db file, while writes go to the -wal file."""
    may_write = multiprocessing.get_context("fork").Event()
    received: list[str] = []

    def write() -> None:
        may_write.wait(timeout=300)
        with dg.DagsterInstance.from_ref(instance.get_ref()) as own:
            store_in_turn(own, "a", "one run", 5)
            time.sleep(0.3)  # alone: the last event has no later one to wake the watcher for it
            storage_of(own).store_event(materialization("one run", "last", "last"))
            time.sleep(300)  # until ended, with the database open: closing it would wake the watcher too

    def receive(entry: EventLogEntry, _cursor: str) -> None:
        received.append(str(entry.get_dagster_event().partition))

    with forked(write) as process:
        instance.watch_event_logs("one run", None, receive)
        may_write.set()
        deadline = time.monotonic() + 120
        while len(received) < 26 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.is_alive(), "woken by the end of the writer only"
        instance.end_watch_event_logs("one run", receive)
        process.terminate()
    expected = [key for n in range(5) for key in (*(f"a {n} {place}" for place in range(4)), f"a {n}")]
    assert received == [*expected, "last"]


def test_reader_notices_that_another_process_wiped(instance: dg.DagsterInstance) -> None:
    """An open connection to a removed file would show events that are gone."""
    may_wipe = multiprocessing.get_context("fork").Event()

    def wipe_and_write() -> None:
        may_wipe.wait(timeout=300)
        with dg.DagsterInstance.from_ref(instance.get_ref()) as own:
            storage_of(own).wipe()
            for _ in range(3):
                storage_of(own).store_event(materialization("one run", "asset"))
            os._exit(0)  # its -wal file stays, and closing the old file must not remove it

    with forked(wipe_and_write):  # before the database is open here: a fork closes it
        storage_of(instance).store_event(materialization("one run", "asset"))
        assert len(instance.all_logs("one run")) == 1
        may_wipe.set()
    assert len(instance.all_logs("one run")) == 3
    assert len(instance.fetch_materializations(dg.AssetKey("asset"), limit=10).records) == 3
