"""The replay by fingerprint: which tickers are stale, and rows that no split of the work changes."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from btassets.book.book import Book, open_book
from btassets.run.tables import inputs_of
from btassets.stages.replay import candidates
from btassets.stages.replay.candidates import (
    arrivals,
    plan_replay,
    replay_shard,
    shard_buckets,
)
from btassets.stages.replay.replay_inputs import fingerprint, read_inputs
from btassets_tests.support.book_factory import lake_files


@pytest.fixture
def opened(book: Path) -> Book:
    """A finished book."""
    return open_book(book, environ={})


@pytest.fixture
def wide(book: Path) -> Book:
    """A scenario of the finished book whose replay was not made yet."""
    return open_book(book, scenario="wide", overrides={"engine.atr_stop_multiple": 2.0}, environ={})


def test_nothing_is_stale_after_a_run(opened: Book) -> None:
    plan = plan_replay(*inputs_of("candidates", opened))
    assert plan.stale == []
    assert len(plan.expected) == 8
    assert arrivals(inputs_of("candidates", opened)[0], plan) == ([], True)


def test_a_scenario_with_engine_settings_replays_everything_into_its_own_folder(wide: Book, opened: Book) -> None:
    plan = plan_replay(*inputs_of("candidates", wide))
    assert len(plan.stale) == 8
    assert wide.candidates != opened.candidates
    assert plan_replay(*inputs_of("candidates", wide), only=["SYN0003", "NOPE"]).stale == ["SYN0003"]
    lost, is_whole = arrivals(inputs_of("candidates", wide)[0], plan)
    assert lost == plan.stale
    assert not is_whole


@pytest.mark.parametrize("n_shards", [1, 2, 3, 20])
def test_shards_share_the_stale_tickers_without_overlap(wide: Book, n_shards: int) -> None:
    plan = plan_replay(*inputs_of("candidates", wide))
    shares = [shard_buckets(inputs_of("candidates", wide)[0], plan, shard, n_shards) for shard in range(n_shards)]
    buckets = list(itertools.chain.from_iterable(shares))
    assert len(buckets) == len(set(buckets))
    tickers = [t for share in shares for group in share.values() for t in group]
    assert sorted(tickers) == plan.stale


def test_any_split_of_the_work_writes_the_same_bytes(wide: Book) -> None:
    found: list[dict[str, bytes]] = []
    for order in ([(0, 1)], [(2, 3), (0, 3), (1, 3)], [(1, 2), (0, 2)]):
        plan = plan_replay(*inputs_of("candidates", wide))
        assert len(plan.stale) == 8
        for shard, n_shards in order:
            replay_shard(*inputs_of("candidates", wide), plan, shard, n_shards, n_threads=2)
        assert arrivals(inputs_of("candidates", wide)[0], plan) == ([], True)
        files = lake_files(wide.folder)
        found.append({k: v for k, v in files.items() if wide.replay in k})
        for table in (wide.candidates, wide.signals):
            for path in wide.lake.bucket_files(table):
                path.unlink()
    assert found[0]
    assert all(other == found[0] for other in found)


def test_half_a_replay_is_completed_by_the_next(wide: Book) -> None:
    plan = plan_replay(*inputs_of("candidates", wide))
    replay_shard(*inputs_of("candidates", wide), plan, 0, 2)
    rest = plan_replay(*inputs_of("candidates", wide))
    assert 0 < len(rest.stale) < 8
    assert rest.expected == plan.expected
    lost, is_whole = arrivals(inputs_of("candidates", wide)[0], plan)
    assert (lost, is_whole) == (rest.stale, False)
    replay_shard(*inputs_of("candidates", wide), rest, 0, 1)
    assert arrivals(inputs_of("candidates", wide)[0], plan) == ([], True)


def test_the_fingerprint_knows_what_decides_a_ticker_and_nothing_else(opened: Book) -> None:
    from dataclasses import replace

    inputs = read_inputs(*inputs_of("candidates", opened))
    sessions = inputs.sessions
    dates = sessions.days[:-40]  # ended long before T

    def mark(**changes: object) -> str:
        return fingerprint(replace(inputs, **changes), dates, "v")

    now = mark()
    assert mark() == now
    assert fingerprint(inputs, dates, "w") != now
    assert fingerprint(inputs, dates[:-1], "v") != now
    assert mark(engine="other") != now
    later = inputs.bench_close.copy()
    later[-10:] += 1.0
    assert mark(bench_close=later) == now
    earlier = inputs.bench_close.copy()
    earlier[100] += 1.0
    assert mark(bench_close=earlier) != now
    longer = replace(sessions, days=np.append(sessions.days, sessions.last + 1).astype(np.int32),
                     is_week=np.append(sessions.is_week, False), last=sessions.last + 1)  # fmt: skip
    assert mark(sessions=longer) == now
    weeks = sessions.is_week.copy()
    weeks[50] = not weeks[50]
    assert mark(sessions=replace(sessions, is_week=weeks)) != now
    living = sessions.days
    assert fingerprint(replace(inputs, sessions=longer), living, "v") != fingerprint(inputs, living, "v")


def test_a_failed_replay_is_not_tried_again_until_something_changes(
    wide: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise ValueError("planted")

    with monkeypatch.context() as planted:
        planted.setattr(candidates, "replay_one", fail)
        plan = plan_replay(*inputs_of("candidates", wide))
        outcome = replay_shard(*inputs_of("candidates", wide), plan, 0, 1)
    assert set(outcome.failed) == set(plan.stale)
    assert plan_replay(*inputs_of("candidates", wide)).stale == []
    assert set(candidates.failed_tickers(inputs_of("candidates", wide)[0]).values()) == {"ValueError: planted"}
