"""The batched event log against Dagster's own: same rows, same answers.

Belongs here: differences between the two logs that a reader could see. Kills: `test_event_log_kills.py`; several
processes: `test_event_log_processes.py`; how fast it is: bench_event_log.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy.exc as sa_exc
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from hypothesis import example, given, settings
from hypothesis import strategies as st

from btassets import masking
from btassets.instance import event_log
from btassets.instance.event_log import BatchedSqliteEventLogStorage
from btassets_tests.support import event_log_cases
from btassets_tests.support.event_log_answers import Scrubber, answers, assert_same, tables
from btassets_tests.support.event_log_cases import (
    BARS,
    N_TICKERS,
    TABLE,
    TICKER_PARTITIONS,
    TICKERS,
    assert_consistent,
    asset_event,
    empty_graph,
    failing_graph,
    materialization,
    open_instance,
    rows_of,
    run_range,
    storage_of,
)

pytestmark = pytest.mark.usefixtures("batches")


@pytest.mark.slow
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


@pytest.mark.long
def test_multiprocess_run_stores_what_the_stock_log_does(tmp_path: Path) -> None:
    """One run whose steps are processes of their own: the same events, in any order."""
    job = ReconstructableJob.for_file(event_log_cases.__file__, "multiprocess_graph")
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


def test_untested_dagster_gets_the_stock_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line in the log per process, and the same instance continues."""
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


def test_no_event_holds_a_secret(instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_remembered", {"9f8c7b6a5d4e3f2a1b0c"})

    @dg.asset
    def echo(context: dg.AssetExecutionContext) -> Any:
        context.log.info("asked with 9f8c7b6a5d4e3f2a1b0c")
        return dg.MaterializeResult(metadata={"address": "a://u:pw-of-u@h", "answer": "key 9f8c7b6a5d4e3f2a1b0c"})

    @dg.asset(deps=[echo])
    def fall(context: dg.AssetExecutionContext) -> None:
        message = "no answer from a://u:pw-of-u@h (OWY4YzdiNmE1ZDRlM2YyYTFiMGM=)"
        raise ConnectionError(message)

    result = dg.materialize([echo, fall], instance=instance, raise_on_error=False)
    assert not result.success
    latest = instance.get_latest_materialization_event(dg.AssetKey("echo"))
    assert latest is not None
    metadata = latest.asset_materialization.metadata  # pyright: ignore[reportOptionalMemberAccess]
    values = {name: metadata[name].value for name in ("address", "answer")}
    assert values == {"address": "a://u:***@h", "answer": "key ***"}
    texts = [str(entry.user_message) for entry in instance.all_logs(result.run_id)]
    assert "asked with ***" in texts
    for path in (tmp_path / "home").rglob("*.db*"):
        data = path.read_bytes()
        assert b"9f8c7b6a" not in data, path
        assert b"pw-of-u" not in data, path
        assert b"OWY4YzdiNmE1" not in data, path
