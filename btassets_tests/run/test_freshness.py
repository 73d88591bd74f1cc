"""What is stale, asked of a finished book: exactly what a change touches and what reads it."""

import json
from pathlib import Path

import pytest

from btassets.book.book import open_book, scenario_name
from btassets.graph.flow import STAGES, downstream
from btassets.plan import make_plan
from btassets.run import freshness
from btassets.run.freshness import input_hash, is_fresh, is_scenario_fresh, mark_checked, unmark_checked, was_checked


def stale(folder: Path) -> set[str]:
    return set(make_plan(open_book(folder, environ={})).stages)


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "btassets.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_finished_book_is_fresh(book: Path) -> None:
    opened = open_book(book, environ={})
    assert stale(book) == set()
    assert is_scenario_fresh(opened)
    assert all(is_fresh(name, opened, input_hash(name, opened)) for name in STAGES if name != "ohlcv_history")


@pytest.mark.parametrize(
    ("old", "new", "first", "untouched"),
    [
        ("# min_rr = 1.5", "min_rr = 2.0", {"graded_setups"}, {"candidates", "percentile_ranks", "factor_ic"}),
        ("# per_side_frac = 0.001", "per_side_frac = 0.002", {"graded_setups"}, {"candidates", "percentile_ranks"}),
        ("# max_positions = 10", "max_positions = 5", {"portfolio_sims"}, {"graded_setups", "setup_stats"}),
        ("# atr_stop_multiple = 1.5", "atr_stop_multiple = 2.0", {"candidates"}, {"sessions", "benchmark_closes"}),
        ("# hold_days = [5, 10, 21, 30]", "hold_days = [10, 30]", {"graded_setups"}, {"candidates", "factor_signals"}),
        ("# hold_days = [5, 10, 21, 30]", "hold_days = [3, 30]", {"candidates"}, {"sessions", "benchmark_closes"}),
        ("# horizon_days = 30", "horizon_days = 60", {"candidates"}, {"sessions", "benchmark_closes"}),
        ("# shards = 0", "shards = 3", set(), set(STAGES)),
        ('# kind = "auto"', 'kind = "multiprocess"', set(), set(STAGES)),
    ],
)
def test_a_setting_touches_its_stage_and_what_reads_it(
    book: Path, old: str, new: str, first: set[str], untouched: set[str]
) -> None:
    change(book, old, new)
    found = stale(book)
    assert downstream(first) <= found
    assert not found & untouched


def test_every_stage_below_a_lost_table_is_stale(book: Path) -> None:
    (book / "data" / "setup_group_stats" / "base.parquet").unlink()
    assert stale(book) == downstream({"setup_group_stats"})


def test_a_code_change_touches_its_stage(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, changed = freshness.code_version_of, STAGES["factor_ic"]
    monkeypatch.setattr(freshness, "code_version_of", lambda stage: "other" if stage is changed else real(stage))
    assert stale(book) == downstream({"factor_ic"})


def test_the_mark_of_a_verified_replay_is_void_when_a_row_set_changes(book: Path) -> None:
    opened = open_book(book, environ={})
    assert was_checked("candidates", opened)
    unmark_checked("candidates", opened, "SYN0001")
    assert not was_checked("candidates", opened)
    assert "candidates" in stale(book)
    mark_checked("candidates", opened, input_hash("candidates", opened))
    assert stale(book) == set()
    mark = book / "data" / "candidates" / "base" / "checked.json"
    mark.write_text(json.dumps({"input_hash": input_hash("candidates", opened), "data_version": "other"}))
    assert not was_checked("candidates", opened)
    mark.write_text("no json")
    assert not was_checked("candidates", opened)


def test_a_scenario_is_named_by_what_it_changes() -> None:
    assert scenario_name({}) == "base"
    assert scenario_name({"executor.shards": 4}) == "base"
    one = scenario_name({"gates.min_rr": 2, "costs.per_side_frac": 0.002})
    assert one == scenario_name({"costs.per_side_frac": 0.002, "gates.min_rr": 2, "executor.shards": 4})
    assert one.startswith("set-")
    assert one != scenario_name({"gates.min_rr": 2})


@pytest.mark.parametrize(
    ("key", "value"),
    [("universe.exclude", ("SYN0001",)), ("source.path", "x"), ("storage.buckets", 64 + 1), ("calendar", "XNYS")],
)
def test_what_all_scenarios_share_cannot_differ(book: Path, key: str, value: object) -> None:
    from btassets.errors import SettingError

    with pytest.raises(SettingError) as caught:
        open_book(book, scenario="x", overrides={key: value}, environ={})
    assert key in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_store_that_is_damaged_or_gone_is_made_again(book: Path) -> None:
    folder = book / "data" / "signals" / "base"
    bucket = min(folder.glob("bucket-*.parquet"))
    content = bucket.read_bytes()
    for hurt in (lambda: bucket.write_bytes(content[:-40]), bucket.unlink):
        hurt()
        opened = open_book(book, environ={}, mends=True)
        assert not is_fresh("candidates", opened, input_hash("candidates", opened))
        assert make_plan(opened).replay
        bucket.write_bytes(content)
        for aside in folder.glob(".damaged-*"):
            aside.unlink()
    opened = open_book(book, environ={}, mends=True)
    assert is_fresh("candidates", opened, input_hash("candidates", opened))


def test_a_damaged_record_of_inputs_is_told(book: Path, caplog: pytest.LogCaptureFixture) -> None:
    record = book / "data" / "ohlcv_history" / "inputs.json"
    record.write_bytes(record.read_bytes()[:-5])
    assert make_plan(open_book(book, environ={}, mends=True)).stages == []
    assert f"{record}: damaged" in caplog.text
