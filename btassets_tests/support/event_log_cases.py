"""A graph, instances and events for the tests of the event log, and what every instance must hold.

Belongs here: what more than one of the files `test_event_log_*` needs. Does not belong here: what an instance
says in answer to Dagster's own questions (`event_log_answers.py`).
"""

import contextlib
import multiprocessing
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.instance import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from dagster._serdes import deserialize_value

from btassets.instance import event_log

N_TICKERS, N_BATCH = 60, 25
TICKERS = [f"T{number:03d}" for number in range(N_TICKERS)]
TICKER_PARTITIONS = dg.DynamicPartitionsDefinition(name="tickers")
BARS, TABLE, BROKEN = dg.AssetKey(["raw", "bars"]), dg.AssetKey("table"), dg.AssetKey("broken")
CHECKS = [
    dg.AssetCheckKey(BARS, "rows"),
    dg.AssetCheckKey(BARS, "gaps"),
    dg.AssetCheckKey(BARS, "each"),
    dg.AssetCheckKey(TABLE, "total"),
]


# The graph under test


@dg.asset(
    key=BARS,
    partitions_def=TICKER_PARTITIONS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    code_version="1",
    check_specs=[
        dg.AssetCheckSpec("rows", asset=BARS),
        dg.AssetCheckSpec("gaps", asset=BARS),
        dg.AssetCheckSpec("each", asset=BARS, partitions_def=TICKER_PARTITIONS),
    ],
)
def bars(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Partitioned asset with every kind of metadata, an observation and checks of its own."""
    context.log.info("a line of the log")
    context.log_event(
        dg.AssetObservation(BARS, partition=context.partition_keys[0], metadata={"n": 1}, tags={"a": "b"})
    )
    yield dg.AssetCheckResult(passed=True, check_name="rows", metadata={"n_rows": 3})
    yield dg.AssetCheckResult(passed=False, check_name="gaps", severity=dg.AssetCheckSeverity.WARN)
    yield dg.AssetCheckResult(passed=True, check_name="each")
    yield dg.MaterializeResult(
        metadata={
            "count": 3,
            "share": 0.5,
            "text": "plain",
            "markdown": dg.MetadataValue.md("**bold**"),
            "json": {"a": [1, None]},
            "path": dg.MetadataValue.path("lake/bars"),
            "url": dg.MetadataValue.url("https://example.com"),
            "flag": True,
            "nothing": None,
            "asset": TABLE,
            "when": dg.MetadataValue.timestamp(1.5e9),
            "columns": dg.TableSchema(columns=[dg.TableColumn("close", "double")]),
            "table": dg.MetadataValue.table([dg.TableRecord({"close": 1.0})]),
        },
        data_version=dg.DataVersion("bars-1"),
        tags={"grid": "week"},
    )


@dg.asset(
    key=TABLE,
    deps=[BARS],
    code_version="1",
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[dg.AssetCheckSpec("total", asset=TABLE)],
)
def table() -> dg.MaterializeResult:
    """Unpartitioned asset below the partitioned one."""
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)], metadata={"n": 1})


@dg.asset(key=BROKEN, deps=[TABLE], backfill_policy=dg.BackfillPolicy.single_run())
def broken() -> None:
    """Asset that always fails."""
    message = "expected failure"
    raise ValueError(message)


@dg.asset(deps=[BROKEN], backfill_policy=dg.BackfillPolicy.single_run())
def never_reached() -> None:
    """Asset below the failing one: skipped."""


@dg.asset(partitions_def=TICKER_PARTITIONS, backfill_policy=dg.BackfillPolicy.single_run())
def empty() -> None:
    """Partitioned asset that does nothing."""


def _job(*assets: dg.AssetsDefinition, executor: dg.ExecutorDefinition) -> dg.JobDefinition:
    job = dg.define_asset_job("graph", selection=dg.AssetSelection.assets(*assets))
    return dg.Definitions(assets=assets, jobs=[job], executor=executor).resolve_job_def("graph")


def failing_graph() -> dg.JobDefinition:
    """Graph with a failing asset, in-process."""
    return _job(bars, table, broken, never_reached, executor=dg.in_process_executor)


def empty_graph() -> dg.JobDefinition:
    """One partitioned asset that does nothing, in-process."""
    return _job(empty, executor=dg.in_process_executor)


def multiprocess_graph() -> dg.JobDefinition:
    """Two steps after each other, each in a process of a fork server."""
    fork_server = {"max_concurrent": 1, "start_method": {"forkserver": {}}}
    return _job(bars, table, executor=dg.multiprocess_executor.configured(fork_server))


# Instances, runs and events


def open_instance(home: Path, *, batched: bool) -> dg.DagsterInstance:
    """Instance whose event log is the batched one or Dagster's own, through its dagster.yaml."""
    home.mkdir(parents=True, exist_ok=True)
    lines = ["telemetry: {enabled: false}", "python_logs: {python_log_level: INFO}"]
    if batched:
        lines += [
            "event_log_storage:",
            "  module: btassets.instance.event_log",
            "  class: BatchedSqliteEventLogStorage",
            f"  config: {{base_dir: {home / 'history' / 'runs'}}}",
        ]
    (home / "dagster.yaml").write_text("\n".join(lines), encoding="utf-8")
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home)))


def storage_of(instance: dg.DagsterInstance) -> SqliteEventLogStorage:
    """Event log of an instance."""
    storage = instance.event_log_storage
    assert isinstance(storage, SqliteEventLogStorage)
    return storage


def run_range(
    instance: dg.DagsterInstance, job: dg.JobDefinition, first: str = TICKERS[0], last: str = TICKERS[-1]
) -> str:
    """Run a job over a range of tickers in this process; returns its run id."""
    tags = {ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last}
    return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False).run_id


def asset_event(run_id: str, event_type: DagsterEventType, data: Any, timestamp: float | None = None) -> EventLogEntry:
    """Event as a step of `run_id` would log it, now or at a timestamp."""
    return EventLogEntry(
        error_info=None,
        level=20,
        user_message="",
        run_id=run_id,
        timestamp=time.time() if timestamp is None else timestamp,
        step_key="step",
        job_name="job",
        dagster_event=DagsterEvent(event_type.value, "job", event_specific_data=data),
    )


def materialization(run_id: str, asset: str, partition: str | None = None) -> EventLogEntry:
    """Materialization as a step of `run_id` would log it."""
    made = dg.AssetMaterialization(asset, partition=partition, tags={DATA_VERSION_TAG: "1"})
    return asset_event(run_id, DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(made))


# What must hold


def rows_of(path: Path) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Every row of every table of one database, with the name of its table."""
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1").fetchall()
        for (name,) in names:
            for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall():
                yield name, row


def mirrored_events(instance: dg.DagsterInstance, run_id: str) -> tuple[list[str], list[str]]:
    """Events of a run that belong into the index: those in the run's database, those in the index."""
    folder = Path(storage_of(instance).path_for_shard("index")).parent
    found = []
    for shard in (run_id, "index"):
        with contextlib.closing(sqlite3.connect(folder / f"{shard}.db")) as connection:
            rows = connection.execute("SELECT event FROM event_logs WHERE run_id = ? ORDER BY id", [run_id]).fetchall()
        events = [(text, deserialize_value(text, EventLogEntry)) for (text,) in rows]
        found.append([text for text, event in events if event_log._is_mirrored(event)])
    return found[0], found[1]


def assert_consistent(instance: dg.DagsterInstance, *, is_one_writer: bool = True) -> None:
    """Every database is sound, and the index holds what the runs' databases hold.

    A run with one writer may have been killed: then the index lacks its last batch at most.
    """
    for path in Path(storage_of(instance).path_for_shard("index")).parent.glob("*.db"):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            is_initialised = event_log._is_stamped(str(path))  # or killed before that
            assert not is_initialised or connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    for record in instance.get_run_records():
        run_id = record.dagster_run.run_id
        if not Path(storage_of(instance).path_for_shard(run_id)).exists():
            continue  # killed before its first event
        instance.all_logs(run_id)  # the log of a run that was killed before it was initialised opens, too
        of_run, of_index = mirrored_events(instance, run_id)
        if is_one_writer:
            assert of_index == of_run[: len(of_index)]
            assert len(of_run) - len(of_index) <= N_BATCH
        else:
            assert Counter(of_index) == Counter(of_run)


@contextlib.contextmanager
def forked(work: Callable[[], Any]) -> Iterator[Any]:
    """Process that inherits everything of this one and does some work."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    try:
        yield process
    finally:
        process.join(timeout=300)
        assert process.exitcode is not None
