"""The page as a place of work, through its own GraphQL: launches, backfills, stops, kills, reloads.

A held bucket lock is what makes a shard stand still, so that it can be killed or stopped in the middle.
"""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from websockets.sync.client import connect

from btassets.book.book import Book
from btassets.defs.schedules import switch
from btassets.instance.dagster_home import open_instance
from btassets.instance.runs.dead_runs import PID_TAG
from btassets.storage.lake import bucket_of
from btassets.storage.lock import book_lock
from btassets_tests.support.running_page import RunningPage, is_alive, parent_of, processes_of
from btassets_tests.support.small_market import N_BARS, make_book, names, sessions, write

pytestmark = pytest.mark.slow

N = 30
ALL = ("T000", f"T{N - 1:03d}")
PROCESSES = {"execution": {"config": {"kind": "multiprocess"}}}
FIRST_SHARD, SECOND_SHARD = "candidates.replay_shard_1_of_2", "candidates.replay_shard_2_of_2"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return make_book(tmp_path_factory.mktemp("page"), N)


@pytest.fixture(scope="module")
def page(book: Book) -> Iterator[RunningPage]:
    made = RunningPage(book.folder)
    yield made
    made.stop()


def _touch_bars(book: Book, n_more: int) -> None:
    """Give every ticker `n_more` bars beyond the first ones, so that all are replayed."""
    for seed, name in enumerate(names(N)):
        write(book.folder.parent / "bars", name, seed, sessions(N_BARS + n_more + 20)[: N_BARS + n_more])


def _hold_shard(stack: ExitStack, book: Book, shard: int) -> None:
    """Let a shard wait at its first bucket, as `candidates.shard_buckets` deals them."""
    buckets = sorted({bucket_of(name, book.lake.n_buckets) for name in names(N)})
    stack.enter_context(book.lake.bucket_lock(book.signals, buckets[shard]))


def _is_whole(book: Book) -> bool:
    rows = book.lake.ticker_footers(book.candidates)
    bars = book.lake.ticker_footers("ohlcv_history")
    return set(rows) == set(bars) == set(names(N)) and not any(facts["failed"] for facts in rows.values())


def test_everything_in_processes(book: Book, page: RunningPage) -> None:
    run_id = page.launch(tickers=ALL, config=PROCESSES)
    assert page.wait(run_id) == "SUCCESS"
    assert _is_whole(book)
    assert page.numbers(run_id, "candidates")["recomputed"] == N
    link = page.numbers(run_id, "backtest_report")["report"]
    assert link.startswith("/reports/")
    with urllib.request.urlopen(page.url + link) as report:
        assert report.url.startswith(f"http://127.0.0.1:{page.port + 1}/")
        assert b"<html" in report.read()


def test_the_page_follows_a_run_by_subscription(page: RunningPage) -> None:
    run_id = page.launch("report")
    query = "subscription($r:ID!){pipelineRunLogs(runId:$r){__typename}}"
    url = page.url.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=["graphql-ws"], origin=page.url, proxy=None) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(30))["type"] == "connection_ack"
        socket.send(json.dumps({"id": "1", "type": "start", "payload": {"query": query, "variables": {"r": run_id}}}))
        told = json.loads(socket.recv(60))
        assert told["payload"]["data"]["pipelineRunLogs"]["__typename"] == "PipelineRunLogsSubscriptionSuccess"
    assert page.wait(run_id) == "SUCCESS"


def test_little_to_do_needs_no_processes(page: RunningPage) -> None:
    run_id = page.launch(tickers=ALL)
    assert page.wait(run_id) == "SUCCESS"
    assert page.numbers(run_id, "candidates")["cached"] == N
    assert not any(event["__typename"] == "StepWorkerStartedEvent" for event in page.events(run_id))


def test_three_tickers(page: RunningPage) -> None:
    run_id = page.launch("__ASSET_JOB", ("T003", "T005"), assets=("ohlcv_history", "candidates"))
    assert page.wait(run_id) == "SUCCESS"
    assert page.numbers(run_id, "candidates")["targeted"] == 3


def test_backfill_is_one_run_per_range(page: RunningPage) -> None:
    keys = page.partitions()
    done = page.wait_backfill(page.backfill([*keys[:4], *keys[9:12], *keys[20:25]]))
    assert done["status"] == "COMPLETED_SUCCESS"
    assert len(done["runs"]) == 3
    done = page.wait_backfill(page.backfill(keys))
    assert len(done["runs"]) == 1


def test_killed_shard_is_made_up_for(book: Book, page: RunningPage) -> None:
    _touch_bars(book, 1)
    with ExitStack() as stack:
        _hold_shard(stack, book, 0)
        run_id = page.launch(tickers=ALL, config=PROCESSES)
        pid = page.step_pid(run_id, FIRST_SHARD)
        time.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
    assert page.wait(run_id) == "FAILURE", "a lost shard is never a success"
    again = page.again(run_id)
    assert page.wait(again) == "SUCCESS"
    assert _is_whole(book)
    assert page.wait(page.launch(tickers=ALL)) == "SUCCESS"


def test_terminated_run_loses_nothing(book: Book, page: RunningPage) -> None:
    _touch_bars(book, 2)
    with ExitStack() as stack:
        _hold_shard(stack, book, 1)
        run_id = page.launch(tickers=ALL, config=PROCESSES)
        page.step_pid(run_id, SECOND_SHARD)
        page.terminate(run_id)
        page.wait(run_id, "CANCELING", seconds=60)
    assert page.wait(run_id, seconds=60) == "CANCELED"
    run_id = page.launch(tickers=ALL)
    assert page.wait(run_id) == "SUCCESS"
    assert _is_whole(book)


def test_reload_in_the_middle(book: Book, page: RunningPage) -> None:
    _touch_bars(book, 3)
    with ExitStack() as stack:
        _hold_shard(stack, book, 0)
        run_id = page.launch(tickers=ALL, config=PROCESSES)
        held, other = page.step_pid(run_id, FIRST_SHARD), page.step_pid(run_id, SECOND_SHARD)
        assert held != other, "shards run side by side: the second does not wait for the first"
        tags = {tag["key"]: tag["value"] for tag in page.run(run_id)["tags"]}
        assert parent_of(held) == parent_of(int(tags[PID_TAG])), "the run and its steps come from one warm server"
        page.reload()
        assert page.status(run_id) == "STARTED"
    assert page.wait(run_id) == "SUCCESS"
    assert _is_whole(book)
    assert page.wait(page.launch(tickers=ALL)) == "SUCCESS"


def test_run_waits_for_the_command_line(book: Book, page: RunningPage) -> None:
    with book_lock(book.folder, "run of scenario base"):
        run_id = page.launch(tickers=ALL)
        page.wait(run_id, "STARTED")
        deadline = time.monotonic() + 30
        while not any("Waiting for another run" in str(e.get("message")) for e in page.events(run_id)):
            assert time.monotonic() < deadline
            time.sleep(0.3)
        assert page.status(run_id) == "STARTED"
    assert page.wait(run_id) == "SUCCESS"


def test_scenario_from_the_launchpad(book: Book, page: RunningPage) -> None:
    config = {"ops": {"analyse_scenario": {"config": {"name": "tighter", "gates": {"min_rr": 2.0}}}}}
    assert page.wait(page.launch("scenario", config=config)) == "SUCCESS"
    assert book.lake.scenarios("setup_stats") == ["base", "tighter"]
    assert page.wait(page.launch("scenario", config={})) == "FAILURE", "nothing differs from the book's own"


def test_sensor_of_the_running_daemon(book: Book, page: RunningPage) -> None:
    with open_instance(book.instance) as instance:
        switch(instance, book, is_on=True)
        known = set(instance.get_run_ids())
        for seed, name in enumerate(names(N)[:4]):
            write(book.folder.parent / "bars", name, seed, sessions(N_BARS + 4 + 20)[: N_BARS + 4])
        deadline = time.monotonic() + 100
        while not (new := set(instance.get_run_ids()) - known):
            assert time.monotonic() < deadline, "no run within a hundred seconds of new bars"
            time.sleep(0.5)
        switch(instance, book, is_on=False)
    (run_id,) = new
    assert page.wait(run_id) == "SUCCESS"
    assert page.numbers(run_id, "ohlcv_history")["recomputed"] == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_no_process(book: Book, page: RunningPage, number: signal.Signals) -> None:
    del page  # one daemon at a time: the page of the other tests has it
    other = RunningPage(book.folder)
    started = processes_of(other.process.pid)
    assert len(started) >= 3
    assert other.stop(number) == 130
    time.sleep(0.5)
    assert not [pid for pid in started if is_alive(pid)]
