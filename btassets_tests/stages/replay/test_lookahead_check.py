"""The proof against lookahead runs with every replay, and stops what is below when it fails."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from btassets.book.book import open_book
from btassets.run.freshness import unmark_checked
from btassets.run.tables import Tables, inputs_of
from btassets.stages.replay import candidates
from btassets.stages.replay import lookahead_check as lookahead
from btassets.stages.replay.candidates import plan_replay
from btassets.stages.replay.lookahead_check import find_lookahead
from btassets_tests.support.book_factory import Answer, call, different, lake_files, report_bytes, tables_of, versions


def run(folder: Path, *words: str) -> Answer:
    return call("run", "--book", folder, "--quiet", *words)


@pytest.fixture
def changed(book: Path) -> Path:
    """A finished book whose every ticker has to be replayed."""
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace("# atr_stop_multiple = 1.5", "atr_stop_multiple = 1.6"))
    return book


def plant(monkeypatch: pytest.MonkeyPatch, table: int, column: str, source: str) -> None:
    """Let a column of setups or signals peek at a result that only later bars give."""
    real = candidates.replay_one

    def peek(*arguments: object) -> tuple[dict, dict]:
        parts = list(real(*arguments))
        seen = np.nan_to_num(parts[table][source].astype(np.float64))
        parts[table] = {**parts[table], column: parts[table][column] + 1e-9 * np.sign(seen)}
        return parts[0], parts[1]

    monkeypatch.setattr(candidates, "replay_one", peek)


@pytest.mark.parametrize(
    ("table", "column", "source"),
    [(0, "confidence", "realized_r"), (1, "mom_12_1", "fwd_return_21")],
    ids=["setups", "signals"],
)
def test_a_planted_lookahead_fails_the_run_and_every_run_after_it(
    changed: Path, monkeypatch: pytest.MonkeyPatch, table: int, column: str, source: str
) -> None:
    report, tables = report_bytes(changed), lake_files(changed)
    with monkeypatch.context() as planted:
        plant(planted, table, column, source)
        answer = run(changed)
        assert answer.code == 6, answer.err
        assert "no_lookahead" in answer.err
        assert column in answer.err
        assert len(answer.err.splitlines()) == 1
        again = run(changed)
        assert again.code == 6, again.err
    # Rows that were not proven are looked at again, even though nothing is stale any more.
    assert run(changed).code == 6
    assert report_bytes(changed) == report
    now = lake_files(changed)
    whole = {name for name in tables if not name.startswith(("candidates", "signals"))}
    assert {name: now[name] for name in whole} == {name: tables[name] for name in whole}


def test_a_lookahead_in_a_scenario_fails_it_and_leaves_base(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, report = lake_files(book), report_bytes(book)
    plant(monkeypatch, 0, "rr", "hold_days")
    for _ in range(2):
        answer = run(book, "--set", "engine.atr_stop_multiple=2", "--as", "wide")
        assert answer.code == 6, answer.err
    now = lake_files(book)
    assert {name: now[name] for name in before} == before
    assert report_bytes(book) == report
    assert not [name for name in now if name.endswith("wide.parquet")]


def test_rows_tampered_with_in_the_lake_are_found(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookahead, "SAMPLE_DATES", 1000)
    opened = book_of = open_book(book)
    plan = plan_replay(*inputs_of("candidates", opened))
    assert find_lookahead(*inputs_of("candidates", opened), plan).first_mismatch is None
    bucket = next(b for b in range(64) if opened.lake.bucket_footer(opened.candidates, b))
    rows = opened.lake.read_bucket(opened.candidates, bucket)
    assert rows is not None
    place = rows.schema.get_field_index("momentum_score")
    facts = opened.lake.bucket_footer(opened.candidates, bucket)
    opened.lake.write_bucket(
        opened.candidates,
        bucket,
        rows.set_column(place, "momentum_score", pc.add(rows["momentum_score"], 1e-12)),
        facts,
    )
    found = find_lookahead(*inputs_of("candidates", book_of), plan)
    assert "momentum_score" in (found.first_mismatch or "")


def test_the_check_is_part_of_every_run_that_replays(changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = lookahead.find_lookahead

    def counted(*arguments: object) -> object:
        found = real(*arguments)
        asked.append(found.n_dates)
        return found

    monkeypatch.setattr("btassets.defs.assets.replay_assets.find_lookahead", counted)
    assert run(changed).code == 0
    assert len(asked) == 1
    assert asked[0] > 0
    mark = json.loads((changed / "data" / "candidates" / "base" / "checked.json").read_text())
    assert set(mark) == {"input_hash", "data_version", "inputs", "crc32"}


def test_a_replay_that_was_never_proven_is_checked_before_it_is_used(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the last shard and the check leaves complete rows and no mark."""
    (book / "data" / "candidates" / "base" / "checked.json").unlink()
    asked: list[object] = []
    real = lookahead.find_lookahead
    monkeypatch.setattr("btassets.defs.assets.replay_assets.find_lookahead", lambda *a: asked.append(a) or real(*a))
    before = tables_of(book)
    assert run(book).code == 0
    assert len(asked) == 1
    assert different(tables_of(book), before) == []


def test_the_sample_holds_what_was_replayed_what_failed_last_and_what_is_unproven(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_book(book, environ={})
    asked: list[str] = []
    monkeypatch.setattr(lookahead, "_first_mismatch", lambda item, *_: asked.append(item.ticker))
    monkeypatch.setattr(lookahead, "SAMPLE_TICKERS", 1)
    plan = candidates.plan_replay(*inputs_of("candidates", opened))
    one, other = sorted(plan.expected)[:2]
    assert (plan.stale, plan.is_proven, plan.suspect) == ([], True, None)

    lookahead.find_lookahead(*inputs_of("candidates", opened), replace(plan, stale=[one]))
    assert asked == [one]
    asked.clear()
    lookahead.find_lookahead(*inputs_of("candidates", opened), replace(plan, stale=[one], suspect=other))
    assert sorted(asked) == [one, other]
    asked.clear()
    monkeypatch.setattr(lookahead, "SAMPLE_TICKERS", 99)
    lookahead.find_lookahead(*inputs_of("candidates", opened), replace(plan, stale=[one], is_proven=False))
    assert sorted(asked) == sorted(plan.expected)


def test_a_ticker_that_failed_stays_suspected_until_a_run_passes(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_book(book, environ={})
    ticker = sorted(candidates.plan_replay(*inputs_of("candidates", opened)).expected)[0]
    unmark_checked("candidates", opened, ticker)
    plan = candidates.plan_replay(*inputs_of("candidates", opened))
    assert (plan.is_proven, plan.suspect) == (False, ticker)
    asked: list[str] = []
    real = lookahead._first_mismatch
    monkeypatch.setattr(lookahead, "_first_mismatch", lambda item, *a: asked.append(item.ticker) or real(item, *a))
    assert run(book).code == 0
    assert ticker in asked
    plan = candidates.plan_replay(*inputs_of("candidates", opened))
    assert (plan.is_proven, plan.suspect) == (True, None)


@pytest.mark.parametrize("lost", ["all", "signals"])
def test_a_lost_shard_is_never_a_success(changed: Path, monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    report, before = report_bytes(changed), versions(changed)
    real = candidates.replay_shard

    def lose(tables: Tables, settings: object, plan: object, shard: int, n_shards: int, **rest: object) -> object:
        outcome = real(tables, settings, plan, shard, n_shards, **rest)
        if shard == 1 and lost == "signals":
            for bucket in candidates.shard_buckets(tables, plan, shard, n_shards):
                (changed / "data" / "signals" / "base" / f"bucket-{bucket:04d}.parquet").unlink()
        return outcome

    def vanish(tables: Tables, settings: object, plan: object, shard: int, n_shards: int, **rest: object) -> object:
        if shard == 1:
            return candidates.ReplayOutcome([], {}, 0)
        return real(tables, settings, plan, shard, n_shards, **rest)

    with monkeypatch.context() as planted:
        planted.setattr(candidates, "replay_shard", vanish if lost == "all" else lose)
        answer = run(changed, "--workers", "2")
    assert answer.code == 1
    assert "planned tickers are missing" in answer.err
    assert report_bytes(changed) == report
    answer = run(changed, "--workers", "2")
    assert answer.code == 0, answer.err
    assert all(now != before[ticker] for ticker, now in versions(changed).items())


def test_a_ticker_whose_replay_fails_ends_with_4_and_the_others_go_on(
    changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = candidates.replay_one

    def fail(item: object, inputs: object, first: int) -> object:
        if item.ticker == "SYN0003":
            raise ValueError("planted")
        return real(item, inputs, first)

    with monkeypatch.context() as planted:
        planted.setattr(candidates, "replay_one", fail)
        answer = run(changed)
    assert answer.code == 4, answer.err
    assert "SYN0003: replay failed: ValueError: planted" in answer.err
    assert "SYN0003" not in set(tables_of(changed)["candidates"]["ticker"].to_pylist())
    assert run(changed).code == 4
