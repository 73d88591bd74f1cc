"""Whole runs on two hosts, undisturbed and with a fault each: RabbitMQ, PostgreSQL and network namespaces are real."""

import time
from collections import Counter
from collections.abc import Iterator

import dagster as dg
import pytest

from btassets_tests.support.book_factory import finish
from btassets_tests.support.running_page import RunningPage
from btassets_tests.support.small_cluster import N_SHARDS, N_TICKERS, SmallCluster, footers, kill, missing

pytestmark = pytest.mark.cluster

Status = dg.DagsterRunStatus


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCluster]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    cluster = SmallCluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        cluster.fresh()
        done = cluster.timed("none: the first run")
        assert done.code in (0, 4), done.err
        cluster.fresh()
        done = cluster.timed("none")
        cluster.baseline = cluster.rows[-1][1]
        yield cluster
        print(f"\n{cluster.table()}")
    finally:
        cluster.remove()


@pytest.fixture
def cluster(made: SmallCluster) -> SmallCluster:
    made.fresh()
    return made


def status(cluster: SmallCluster) -> list[Status]:
    with cluster.instance() as instance:
        return [run.status for run in instance.get_runs(limit=2)]


def test_the_tables_are_those_of_one_host(cluster: SmallCluster) -> None:
    before = cluster.n_events()
    done = cluster.timed("none, hosts compared")
    assert done.code in (0, 4), done.err
    assert cluster.differing() == []
    assert set(Counter(cluster.starts(before)).values()) == {1}
    with cluster.instance() as instance:
        for table in ("ohlcv_history", "candidates"):
            assert len(instance.get_materialized_partitions(dg.AssetKey(table))) == N_TICKERS
        places = {
            entry.dagster_event.event_specific_data.metadata["Celery worker"].value
            for entry in instance.all_logs(cluster.run_id())
            if entry.dagster_event and "in celery worker" in (entry.dagster_event.message or "")
        }
    assert places == {"btassets-1@host1", "btassets-1@host2"}
    again = finish(cluster.run())
    assert "nothing changed" in again.err


def test_the_page_launches_on_the_cluster(cluster: SmallCluster) -> None:
    before = cluster.n_events()
    names = sorted(footers(cluster.alone))
    page = RunningPage(cluster.book, environ=cluster.environ)
    try:
        run_id = page.launch(tickers=(names[0], names[-1]))
        assert page.wait(run_id) == "SUCCESS"
    finally:
        page.stop()
    assert len(cluster.starts(before)) == N_SHARDS
    assert cluster.differing() == []


def test_the_check_finds_nothing(cluster: SmallCluster) -> None:
    done = cluster.check()
    assert (done.returncode, done.stdout.count("same folder, code and settings")) == (0, 2), done.stdout


def test_a_host_is_killed_in_a_shard(cluster: SmallCluster) -> None:
    before = cluster.n_events()
    done = cluster.timed("worker host killed in a shard", cluster.hosts[0].kill)
    assert (done.code in (0, 4), cluster.differing()) == (True, []), done.err
    assert status(cluster)[0] == Status.SUCCESS
    assert len(set(cluster.starts(before))) == N_SHARDS


def test_the_network_of_a_host_is_cut(cluster: SmallCluster) -> None:
    done = cluster.timed("network of a host cut", cluster.hosts[0].cut)
    cluster.hosts[0].kill()
    assert (done.code in (0, 4), cluster.differing()) == (True, []), done.err


def test_rabbitmq_is_killed_and_started_again(cluster: SmallCluster) -> None:
    done = cluster.timed("RabbitMQ killed, started again", cluster.rabbitmq.restart)
    assert (done.code in (0, 4), cluster.differing()) == (True, []), done.err


def test_postgresql_is_killed_and_started_again(cluster: SmallCluster) -> None:
    done = cluster.timed("PostgreSQL killed, started again", cluster.postgres.restart)
    if done.code not in (0, 4):  # a clear end: the next run continues
        assert (done.code, "Traceback" in done.err) == (7, False), done.err
        assert "PostgreSQL" in done.err
        done = finish(cluster.run())
    assert (done.code in (0, 4), cluster.differing()) == (True, []), done.err


def test_the_process_of_the_run_is_killed(cluster: SmallCluster) -> None:
    before, begun = cluster.n_events(), time.monotonic()
    process = cluster.run()
    cluster.wait_shard(before, process)
    kill(process)
    done = cluster.run_on(cluster.hosts[1])
    cluster.note("process of the run killed, run again", time.monotonic() - begun, done)
    assert (done.code in (0, 4), cluster.differing()) == (True, []), done.err
    assert status(cluster) == [Status.SUCCESS, Status.FAILURE]


def test_a_shard_is_delivered_twice(cluster: SmallCluster) -> None:
    before = cluster.n_events()

    def twice() -> None:
        for shard in set(cluster.starts(before)):
            cluster.send_again(shard)

    done = cluster.timed("shards delivered twice", twice)
    assert (done.code in (0, 4), cluster.differing()) == (True, []), done.err


def test_a_run_on_another_host_waits_or_ends(cluster: SmallCluster) -> None:
    before = cluster.n_events()
    process = cluster.run()
    cluster.wait_shard(before, process)
    refused = cluster.run_on(cluster.hosts[1], "--no-wait")
    waiting = cluster.run_on(cluster.hosts[1])
    done = finish(process)
    assert (refused.code, "another run (run " in refused.err) == (2, True), refused.err
    assert (done.code in (0, 4), cluster.differing()) == (True, []), done.err
    assert "waiting for another run" in waiting.err
    assert "nothing changed" in waiting.err
