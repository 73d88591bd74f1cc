"""Everything that an instance says and stores, made comparable between two of them.

Belongs here: the questions that Dagster and its pages ask of an event log. Does not belong here: whether the
answers are the same ones (`test_event_log.py`).
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.events import DagsterEventType
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from dagster._serdes import serialize_value
from dagster_shared.serdes.errors import SerializationError

from btassets_tests.support.event_log_cases import (
    BARS,
    BROKEN,
    CHECKS,
    TABLE,
    TICKER_PARTITIONS,
    TICKERS,
    empty,
    rows_of,
    storage_of,
)

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
