"""The batched event log against Dagster's own: same rows, same answers, also after a kill.

Belongs here: everything that only the storage class decides. How fast it is: bench_event_log.
"""

import contextlib
import functools
import multiprocessing
import os
import re
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.instance import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)
from dagster._core.utils import make_new_run_id
from dagster._serdes import deserialize_value, serialize_value
from dagster_shared.serdes.errors import SerializationError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from btassets.defs import event_log
from btassets.defs.event_log import BatchedSqliteEventLogStorage

N_TICKERS = 120
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


# Instances and runs


@pytest.fixture(autouse=True)
def batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches smaller than the number of partitions, so that a run has full and partial ones."""
    monkeypatch.setenv(event_log.EVENT_BATCH_SIZE_VARIABLE, "50")


def open_instance(home: Path, *, batched: bool) -> dg.DagsterInstance:
    """Instance whose event log is the batched one or Dagster's own, through its dagster.yaml."""
    home.mkdir(parents=True, exist_ok=True)
    lines = ["telemetry: {enabled: false}", "python_logs: {python_log_level: INFO}"]
    if batched:
        lines += [
            "event_log_storage:",
            "  module: btassets.defs.event_log",
            "  class: BatchedSqliteEventLogStorage",
            f"  config: {{base_dir: {home / 'history' / 'runs'}}}",
        ]
    (home / "dagster.yaml").write_text("\n".join(lines), encoding="utf-8")
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home)))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Empty instance with the batched event log and 120 tickers."""
    with open_instance(tmp_path / "home", batched=True) as opened:
        opened.add_dynamic_partitions("tickers", TICKERS)
        yield opened


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


# What an instance says, made comparable

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_VARYING = [
    (re.compile(r"\b1[7-9]\d{8}(\.\d+)?\b"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?"), "<time>"),
    (re.compile(r"datetime\.datetime\([^)]*\)"), "<time>"),
    (re.compile(r"\b[\d.]+ ?m?s\b"), "<duration>"),
    (re.compile(r"(duration_ms\W+)[\d.]+"), r"\1<duration>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash of a run id>"),
    (re.compile(r" at 0x[0-9a-f]+"), ""),
    (re.compile(r'"log_key": "[a-z]+"'), '"log_key": "<random>"'),
]
_IN_OTHER_PROCESSES = [
    (re.compile(r"""pid\W+\d+"""), "<pid>"),
    (re.compile(r'("label": "(?:pid|step_handle)".*?)"\d+"'), r"\1<pid>"),
    (re.compile(r'"(raw_str|text)": "\d+"'), "<pid>"),
    (re.compile(r'"[a-z_]*storage_id": \d+'), "<id>"),
    (re.compile(r'"dagster/input_event_pointer/[^"]*": "\d+"'), "<id>"),
]


class Scrubber:
    """Replaces what must differ between two instances: run ids, times and folders.

    With `is_other_process` also what differs from process to process: pids, and event ids, since
    Dagster emits partition events in the order of a set, which depends on the hash seed.
    """

    def __init__(self, instance: dg.DagsterInstance, *, is_other_process: bool) -> None:
        runs = sorted(instance.get_run_records(), key=lambda record: record.storage_id)
        self._names = {record.dagster_run.run_id: f"<run {n}>" for n, record in enumerate(runs)}
        self._home = instance.root_directory
        self._varying = _VARYING + (_IN_OTHER_PROCESSES if is_other_process else [])

    def __call__(self, value: Any) -> str:
        if type(value) in {list, tuple}:  # not the named ones
            return "\n".join(self(item) for item in value)
        try:
            text = value if isinstance(value, str) else serialize_value(value)
        except (SerializationError, TypeError):
            text = repr(value)
        text = _UUID.sub(lambda match: self._names.get(match.group(), "<uuid>"), text)
        text = text.replace(self._home, "<home>")
        for pattern, replacement in self._varying:
            text = pattern.sub(replacement, text)
        return text


def paged(fetch: Callable[..., Any], *filters: Any, ascending: bool) -> Iterator[Any]:
    """Everything a paginated method returns, 37 records at a time."""
    cursor = None
    while True:
        page = fetch(*filters, limit=37, cursor=cursor, ascending=ascending)
        yield from page.records
        yield page.cursor
        cursor = page.cursor
        if not page.has_more:
            return


def answers_about_run(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[str, Any]]:
    """What the page of one run asks."""
    storage = storage_of(instance)
    planned, made = DagsterEventType.ASSET_MATERIALIZATION_PLANNED, DagsterEventType.ASSET_MATERIALIZATION
    yield "of_type", instance.all_logs(run_id, of_type={planned, DagsterEventType.STEP_FAILURE})
    for ascending in (True, False):
        records = storage.get_records_for_run(run_id, limit=10_000, ascending=ascending)
        yield (
            f"records {ascending}",
            [(record.storage_id, record.event_log_entry) for record in records.records],
        )
        page = storage.get_records_for_run(run_id, limit=64, ascending=ascending)
        rest = storage.get_records_for_run(run_id, cursor=page.cursor, ascending=ascending)
        assert [*page.records, *rest.records] == list(records.records)
        yield f"cursors {ascending}", [page.cursor, rest.cursor, records.cursor, str(page.has_more)]
    yield "stats", instance.get_run_stats(run_id)
    yield "steps", storage.get_step_stats_for_run(run_id)
    partitions_of = storage.get_asset_partitions_for_run(run_id)
    yield "partitions", sorted((key.to_string(), sorted(map(str, of))) for key, of in partitions_of.items())
    yield "summaries", storage.get_asset_event_summary_records(made, run_id=run_id)


def answers_about_asset(instance: dg.DagsterInstance, key: dg.AssetKey) -> Iterator[tuple[str, Any]]:
    """What the page of one asset asks."""
    storage = storage_of(instance)
    yield "made", list(paged(instance.fetch_materializations, key, ascending=True))
    yield "last made", list(instance.fetch_materializations(key, limit=20, ascending=False).records)
    yield "seen", list(paged(instance.fetch_observations, key, ascending=False))
    chosen = dg.AssetRecordsFilter(asset_key=key, asset_partitions=TICKERS[3:9])
    yield "chosen", instance.fetch_materializations(chosen, limit=100)
    yield "failed", instance.event_log_storage.fetch_failed_materializations(key, limit=10)
    for event_type in (
        DagsterEventType.ASSET_MATERIALIZATION,
        DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        DagsterEventType.ASSET_OBSERVATION,
    ):
        ids = storage.get_latest_storage_id_by_partition(key, event_type)
        yield f"ids {event_type}", sorted(ids.items())
        tags = storage.get_latest_tags_by_partition(key, event_type, [DATA_VERSION_TAG])
        yield f"tags {event_type}", sorted(tags.items())
        wanted = dg.EventRecordsFilter(event_type, asset_key=key, after_timestamp=1.0)
        yield f"of type {event_type}", storage.get_event_records(wanted, limit=20)
    yield "has", (instance.has_asset_key(key), sorted(storage.get_materialized_partitions(key)))
    yield "records", instance.get_asset_records([key])
    yield "latest", instance.get_latest_materialization_event(key)
    yield "code", instance.get_latest_materialization_code_versions([key])
    yield "version", instance.get_latest_data_version_record(key, partition_key=TICKERS[5])
    yield "event tags", sorted(map(str, instance.get_event_tags_for_asset(key)))
    yield "planned", instance.get_latest_planned_materialization_info(key, partition=TICKERS[1])
    attempts = storage.get_latest_asset_partition_materialization_attempts_without_materializations(key)
    yield "attempts", sorted(attempts.items())
    yield "updated", sorted(storage.get_updated_data_version_partitions(key, TICKERS, 0))
    partitions = TICKER_PARTITIONS if key in {BARS, empty.key} else None
    status = get_and_update_asset_status_cache_value(instance, key, partitions)
    yield "status", status and status.deserialize_materialized_partition_subsets(TICKER_PARTITIONS)


def answers(instance: dg.DagsterInstance) -> Iterator[tuple[str, Any]]:
    """Everything readable through the instance, by name."""
    storage = storage_of(instance)
    runs = sorted(instance.get_run_records(), key=lambda record: record.storage_id)
    for number, record in enumerate(runs):
        yield f"run {number}", record.dagster_run.status
        for name, answer in answers_about_run(instance, record.dagster_run.run_id):
            yield f"run {number}: {name}", answer
    for key in [BARS, TABLE, BROKEN, empty.key, dg.AssetKey("never_reached"), dg.AssetKey("outside")]:
        for name, answer in answers_about_asset(instance, key):
            yield f"{key.to_user_string()}: {name}", answer
    yield "asset keys", (instance.all_asset_keys(), instance.get_asset_keys(limit=2))
    for check in CHECKS:
        yield f"{check}: history", storage.get_asset_check_execution_history(check, limit=200)
        yield f"{check}: info", storage.get_asset_check_partition_info([check])
    latest = storage.get_latest_asset_check_execution_by_key(CHECKS)
    yield "checks", sorted(latest.items(), key=str)
    summaries = storage.get_asset_check_summary_records(CHECKS)
    yield "check summaries", sorted(summaries.items(), key=str)
    for event_type in (
        DagsterEventType.RUN_SUCCESS,
        DagsterEventType.RUN_FAILURE,
        DagsterEventType.RUN_START,
    ):
        yield f"{event_type}", list(paged(instance.fetch_run_status_changes, event_type, ascending=True))
    yield (
        "every event",
        storage.get_event_records(dg.EventRecordsFilter(DagsterEventType.STEP_SUCCESS), limit=1000, ascending=True),
    )
    yield "by id", sorted(storage.get_logs_for_all_runs_by_log_id(after_cursor=0).items())
    yield "last id", storage.get_maximum_record_id()
    yield (
        "tickers",
        (instance.get_dynamic_partitions("tickers"), instance.has_dynamic_partition("tickers", "x")),
    )
    yield "slots", [storage.get_concurrency_info(key) for key in sorted(storage.get_concurrency_keys())]
    yield "pools", storage.get_pool_limits()


def rows_of(path: Path) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Every row of every table of one database, with the name of its table."""
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1").fetchall()
        for (name,) in names:
            for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall():
                yield name, row


def tables(instance: dg.DagsterInstance) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of every database: index, runless events, runs by age."""
    runs = sorted(instance.get_run_records(), key=lambda record: record.storage_id)
    found: dict[str, list[tuple[Any, ...]]] = {}
    for number, shard in enumerate(["index", "", *(record.dagster_run.run_id for record in runs)]):
        for name, row in rows_of(Path(storage_of(instance).path_for_shard(shard))):
            found.setdefault(f"shard {number}: {name}", []).append(row)
    return found


def assert_same(stock: dg.DagsterInstance, batched: dg.DagsterInstance, read: Callable[..., Any]) -> None:
    """Both instances give the same under every name; `read` is `answers` or `tables`."""
    expected, found = (
        {name: scrub(value) for name, value in dict(read(instance)).items()}
        for instance in (stock, batched)
        for scrub in [Scrubber(instance, is_other_process=False)]
    )
    assert list(found) == list(expected)
    different = [name for name in expected if expected[name] != found[name]]
    for name in different:
        letters = enumerate(zip(expected[name], found[name], strict=False))
        at = next((place for place, pair in letters if len({*pair}) > 1), 80)
        print(f"{name}: {expected[name][at - 80 : at + 80]!r} / {found[name][at - 80 : at + 80]!r}")
    assert different == []


# Parity


def test_instance_reads_and_stores_what_the_stock_log_does(tmp_path: Path) -> None:
    """The same life of an instance on both logs; compared in between, ids included."""
    with (
        open_instance(tmp_path / "stock", batched=False) as stock,
        open_instance(tmp_path / "batched", batched=True) as batched,
    ):
        both = (stock, batched)
        assert type(stock.event_log_storage) is SqliteEventLogStorage
        assert type(batched.event_log_storage) is BatchedSqliteEventLogStorage
        for instance in both:
            instance.add_dynamic_partitions("tickers", TICKERS)
            run_range(instance, failing_graph())
            run_range(instance, empty_graph(), TICKERS[10], TICKERS[29])
            run_range(instance, failing_graph(), TICKERS[50], TICKERS[50])
            instance.report_runless_asset_event(dg.AssetMaterialization("outside", tags={"k": "v"}))
            instance.report_runless_asset_event(dg.AssetObservation(BARS, partition=TICKERS[7]))
            instance.report_runless_asset_event(dg.AssetCheckEvaluation(TABLE, check_name="total", passed=False))
            storage = storage_of(instance)
            storage.set_concurrency_slots("database", 2)
            for step in ("first", "second", "third"):
                claim = storage.claim_concurrency_slot("database", "some run", step)
                assert claim.is_claimed == (step != "third")
            storage.free_concurrency_slot_for_step("some run", "first")
            instance.delete_dynamic_partition("tickers", TICKERS[-1])
            instance.add_dynamic_partitions("tickers", ["new"])
        assert_same(stock, batched, tables)

        for instance in both:
            storage_of(instance).free_concurrency_slots_for_run("some run")
            storage_of(instance).delete_concurrency_limit("database")
            second = sorted(instance.get_run_records(), key=lambda record: record.storage_id)[1]
            instance.delete_run(second.dagster_run.run_id)
            instance.wipe_assets([TABLE])
            run_range(instance, failing_graph(), TICKERS[0], TICKERS[2])
        assert_same(stock, batched, tables)
        assert_same(stock, batched, answers)

        for instance in both:
            storage_of(instance).wipe()
        assert_same(stock, batched, tables)
        assert_same(stock, batched, answers)


def mixed_event(kind: str, asset: str, place: int) -> EventLogEntry:
    """Event of one kind; its time says which place in the batch it has."""
    run_id, at = f"run {place // 7}", 1_000_000.0 + place
    match kind:
        case "made":
            made = dg.AssetMaterialization(asset, partition=str(place), tags={DATA_VERSION_TAG: str(place)})
            data: Any = StepMaterializationData(made)
            return asset_event(run_id, DagsterEventType.ASSET_MATERIALIZATION, data, at)
        case "planned":
            data = AssetMaterializationPlannedData(dg.AssetKey(asset), partition=str(place))
            return asset_event(run_id, DagsterEventType.ASSET_MATERIALIZATION_PLANNED, data, at)
        case "seen":
            data = AssetObservationData(dg.AssetObservation(asset, tags={DATA_VERSION_TAG: str(place)}))
            return asset_event(run_id, DagsterEventType.ASSET_OBSERVATION, data, at)
        case "checked":
            data = dg.AssetCheckEvaluation(dg.AssetKey(asset), check_name="rows", passed=place % 3 > 0)
            return asset_event(run_id, DagsterEventType.ASSET_CHECK_EVALUATION, data, at)
        case _:
            return asset_event(run_id, DagsterEventType.RUN_START, None, at)


@pytest.fixture(scope="module")
def both_storages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[SqliteEventLogStorage]]:
    """A stock and a batched storage without an instance."""
    storages = [
        storage_class(str(tmp_path_factory.mktemp(storage_class.__name__)))
        for storage_class in (SqliteEventLogStorage, BatchedSqliteEventLogStorage)
    ]
    yield storages
    for storage in storages:
        storage.dispose()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["made", "planned", "seen", "checked", "started"]), st.sampled_from("bafdec")),
        min_size=1,
        max_size=9,
    )
)
@example([("made", "a"), ("planned", "a"), ("made", "a"), ("seen", "a"), ("planned", "b"), ("made", "b")])
@example([("planned", "b"), ("made", "a"), ("made", "b"), ("made", "b"), ("planned", "b"), ("planned", "a")])
def test_any_batch_is_stored_as_its_events_one_by_one(
    both_storages: list[SqliteEventLogStorage], kinds: list[tuple[str, str]]
) -> None:
    """Batches that mix runs, assets and kinds, one after the other: the tables stay the same."""
    created = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d")  # the events are of 1970
    stored = []
    for storage in both_storages:
        storage.store_event_batch([mixed_event(*kind, place) for place, kind in enumerate(kinds)])
        rows = [
            (name, tuple(created.sub("<time>", str(value)) for value in row))
            for shard in ("index", "run 0", "run 1")
            for name, row in rows_of(Path(storage.path_for_shard(shard)))
            if name != "secondary_indexes"
        ]
        stored.append(rows)
    assert stored[0] == stored[1]


def test_multiprocess_run_stores_what_the_stock_log_does(tmp_path: Path) -> None:
    """One run whose steps are processes of their own: the same events, in any order."""
    job = ReconstructableJob.for_file(__file__, "multiprocess_graph")
    tags = {ASSET_PARTITION_RANGE_START_TAG: TICKERS[0], ASSET_PARTITION_RANGE_END_TAG: TICKERS[-1]}
    seen: dict[bool, dict[str, Counter[str]]] = {}
    for is_batched in (False, True):
        with open_instance(tmp_path / str(is_batched), batched=is_batched) as instance:
            instance.add_dynamic_partitions("tickers", TICKERS)
            assert dg.execute_job(job, instance, tags=tags).success
            scrub = Scrubber(instance, is_other_process=True)
            seen[is_batched] = {
                name: Counter(scrub(repr(row[1:])) for row in rows) for name, rows in tables(instance).items()
            }
            ids = [row[0] for name, rows in tables(instance).items() for row in rows if name.endswith("event_logs")]
            assert len(ids) > 4 * N_TICKERS
            assert_consistent(instance, is_one_writer=False)
    assert seen[True].keys() == seen[False].keys()
    assert seen[False]["shard 2: event_logs"].total() > 2 * N_TICKERS
    for name, rows in seen[False].items():
        assert (seen[True][name] - rows, rows - seen[True][name]) == (Counter(), Counter()), name


def test_check_that_was_planned_twice_is_refused_but_kept(tmp_path: Path) -> None:
    """The stock log keeps the event and raises; so that nobody loses more here, so do we."""
    subset = TICKER_PARTITIONS.empty_subset().with_partition_keys(TICKERS[:2])
    planned = asset_event(
        "some run",
        DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
        AssetCheckEvaluationPlanned(asset_key=TABLE, check_name="total", partitions_subset=subset),
    )
    stored = []
    for is_batched in (False, True):
        with open_instance(tmp_path / str(is_batched), batched=is_batched) as instance:
            storage_of(instance).store_event(planned)
            with pytest.raises(sa_exc.IntegrityError):
                storage_of(instance).store_event(planned)
            assert len(instance.all_logs("some run")) == 2
            stored.append({name: len(rows) for name, rows in tables(instance).items()})
    assert stored[0] == stored[1]


# Errors, kills, several writers


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
            assert len(of_run) - len(of_index) <= 50
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
        process.join(timeout=30)
        assert process.exitcode is not None


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
        process.join(timeout=30)
        assert process.exitcode == -signal.SIGKILL
    storage = storage_of(instance)
    assert instance.get_run_stats(run_id).materializations == 100
    assert len(storage.get_materialized_partitions(empty.key)) == 50
    assert_consistent(instance)
    status = get_and_update_asset_status_cache_value(instance, empty.key, TICKER_PARTITIONS)
    assert status is not None
    assert len(status.deserialize_materialized_partition_subsets(TICKER_PARTITIONS)) == 50

    next_run = run_range(instance, empty_graph())
    assert instance.get_run_stats(next_run).materializations == N_TICKERS
    assert storage.get_materialized_partitions(empty.key) == set(TICKERS)
    assert_consistent(instance)


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
        thread.join(timeout=60)
    assert process.exitcode == 0
    connection = sqlite3.connect(storage_of(instance).path_for_shard("index"))
    with contextlib.closing(connection):
        connection.execute("DELETE FROM event_logs WHERE run_id = 'warm-up'")
        connection.commit()
    assert_stored_in_turn(instance, ["parent", *writers], "one run", 60)


def test_fork_in_the_middle_of_a_transaction_gives_the_child_a_fresh_start(
    instance: dg.DagsterInstance,
) -> None:
    """Nothing in Dagster does that; the child must neither wait for ever nor touch what it inherits."""
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
        may_write.wait(timeout=20)
        with dg.DagsterInstance.from_ref(instance.get_ref()) as own:
            store_in_turn(own, "a", "one run", 5)
            time.sleep(0.3)  # alone: the last event has no later one to wake the watcher for it
            storage_of(own).store_event(materialization("one run", "last", "last"))
            time.sleep(3)  # with the database still open: closing it would wake the watcher too

    def receive(entry: EventLogEntry, _cursor: str) -> None:
        received.append(str(entry.get_dagster_event().partition))

    with forked(write) as process:
        instance.watch_event_logs("one run", None, receive)
        may_write.set()
        deadline = time.monotonic() + 15
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
        may_wipe.wait(timeout=20)
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


# Versions


def test_untested_dagster_gets_the_stock_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line in the log per process, and the same instance goes on."""
    with open_instance(tmp_path, batched=True) as instance:
        storage_of(instance).store_event(materialization("one run", "asset"))
    monkeypatch.setattr(event_log, "TESTED_DAGSTER_VERSIONS", ("0.0.1",))
    event_log._warn_of_untested_version.cache_clear()
    for _ in range(2):
        with open_instance(tmp_path, batched=True) as instance:
            assert type(instance.event_log_storage) is SqliteEventLogStorage
            assert len(instance.all_logs("one run")) == 1
            assert instance.get_ref().event_storage_data.class_name == "BatchedSqliteEventLogStorage"
    assert [record.levelname for record in caplog.records if record.name == event_log.__name__] == ["WARNING"]
    assert "0.0.1" in caplog.text
