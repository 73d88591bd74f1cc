"""Old runs are forgotten within limits, and nothing that the page needs is."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from btassets.instance.dagster_home import open_instance
from btassets.instance.runs.old_runs import (
    ALWAYS_KEPT,
    MIN_AT_ONCE,
    Limits,
    delete_runs,
    forget_old_runs,
    history_of,
    old_runs,
    runs_beyond,
)
from btassets_tests.support.event_log_cases import TICKER_PARTITIONS

LATER = dt.timedelta(days=400)
KEYS = ["A", "B", "C"]


@dg.asset(
    partitions_def=TICKER_PARTITIONS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[dg.AssetCheckSpec("sane", asset="bars")],
)
def bars() -> Iterator[Any]:
    """Partitioned asset with a check."""
    yield dg.AssetCheckResult(passed=True, check_name="sane")
    yield dg.MaterializeResult(metadata={"n": 1})


@dg.asset
def table() -> dg.MaterializeResult:
    """Whole asset."""
    print("a line in the step's log")
    return dg.MaterializeResult(metadata={"n": 1})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / ".dagster"


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with open_instance(home) as opened:
        opened.add_dynamic_partitions("tickers", KEYS)
        yield opened


def run_bars(instance: dg.DagsterInstance, first: str, last: str) -> str:
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    return dg.materialize([bars], instance=instance, tags=tags).run_id


def run_table(instance: dg.DagsterInstance) -> str:
    return dg.materialize([table], instance=instance).run_id


def rows(home: Path, sql: str, file: str = "runs/index.db") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "history" / file)) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.long
def test_growth_has_a_bound(instance: dg.DagsterInstance, home: Path) -> None:
    limits = Limits(runs=6, days=90)
    sizes = []
    for _ in range(16):
        run_bars(instance, "A", "C")
        run_table(instance)
        forget_old_runs(instance, home, limits, dt.datetime.now(dt.UTC), seconds=60)
        tables = ("event_logs", "asset_event_tags", "asset_check_executions")
        sizes.append([rows(home, f"select count(*) from {name}")[0][0] for name in tables])
        sizes[-1] += [rows(home, f"select count(*) from {name}", "runs.db")[0][0] for name in ("runs", "run_tags")]
        sizes[-1].append(len(list((home / "history" / "runs").glob("*-*.db"))))
        sizes[-1].append(len(list((home / "storage").iterdir())))
    assert sizes[5] == sizes[15], "nothing grows once the limit is reached"
    assert rows(home, "select count(*) from runs", "runs.db") == [(6,)]
    assert rows(home, "select count(*) from snapshots", "runs.db")[0][0] <= 20


def test_what_the_page_shows_stays(instance: dg.DagsterInstance, home: Path) -> None:
    only_c = run_bars(instance, "C", "C")
    for _ in range(9):
        last = run_bars(instance, "A", "B")
    before = {
        key: instance.get_latest_materialization_event(dg.AssetKey(key)).run_id for key in ("bars",)
    }  # fmt: skip
    done = forget_old_runs(instance, home, Limits(runs=1, days=90), dt.datetime.now(dt.UTC), seconds=60)
    assert done == 9
    assert set(instance.get_run_ids()) == {last, only_c}
    assert instance.get_latest_materialization_event(dg.AssetKey("bars")).run_id == before["bars"]
    ids = instance.event_log_storage.get_latest_storage_id_by_partition(
        dg.AssetKey("bars"), dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    assert set(ids) == set(KEYS)
    kept = rows(home, f"select dagster_event_type, partition from event_logs where run_id = '{only_c}'")
    assert kept == [("ASSET_MATERIALIZATION", "C")]
    assert not (home / "storage" / only_c).exists()
    check = instance.event_log_storage.get_latest_asset_check_execution_by_key(
        [dg.AssetCheckKey(dg.AssetKey("bars"), "sane")]
    )
    assert [record.run_id for record in check.values()] == [last]
    # A run that is reduced already is left alone.
    assert forget_old_runs(instance, home, Limits(runs=1, days=90), dt.datetime.now(dt.UTC), seconds=60) == 0


def test_limits_of_number_and_age(instance: dg.DagsterInstance) -> None:
    made = [run_table(instance) for _ in range(ALWAYS_KEPT + 3)]
    now = dt.datetime.now(dt.UTC)
    assert runs_beyond(instance, Limits(100, 90), now) == []
    assert runs_beyond(instance, Limits(len(made) - 1, 90), now) == made[:1]
    assert runs_beyond(instance, Limits(100, 90), now + LATER) == made[:3]
    assert runs_beyond(instance, Limits(2, 90), now + LATER) == made[:-2]
    assert set(old_runs(instance, 2, 90, now + LATER)) == set(made[:-2])
    assert old_runs(instance, 2, 90, now) == []


def test_an_open_run_stays(instance: dg.DagsterInstance, home: Path) -> None:
    @dg.job
    def work() -> None:
        """Nothing."""

    run = instance.create_run_for_job(work, status=dg.DagsterRunStatus.STARTED)
    for _ in range(4):
        run_table(instance)
    forget_old_runs(instance, home, Limits(1, 1), dt.datetime.now(dt.UTC) + LATER, seconds=60)
    assert instance.get_run_by_id(run.run_id) is not None


def test_the_cost_of_one_run_is_bounded(instance: dg.DagsterInstance, home: Path) -> None:
    for _ in range(MIN_AT_ONCE + 4):
        run_table(instance)
    now = dt.datetime.now(dt.UTC)
    assert forget_old_runs(instance, home, Limits(1, 90), now, seconds=0.0) == MIN_AT_ONCE
    assert forget_old_runs(instance, home, Limits(1, 90), now, seconds=60) == 3


def test_by_hand_the_space_comes_back(instance: dg.DagsterInstance, home: Path) -> None:
    instance.add_dynamic_partitions("tickers", [f"T{n:03d}" for n in range(200)])
    made = [run_bars(instance, "T000", "T199") for _ in range(3)]
    rows(home, "pragma wal_checkpoint(truncate)")
    before = (home / "history" / "runs" / "index.db").stat().st_size
    assert delete_runs(instance, made[:2], home) == 2
    assert (home / "history" / "runs" / "index.db").stat().st_size < before * 0.6
    n_runs, size = history_of(home)
    assert n_runs == 1
    assert size > 0.1


def test_history_of_nothing(tmp_path: Path) -> None:
    assert history_of(tmp_path / "none") == (None, 0.0)
