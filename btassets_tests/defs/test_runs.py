"""Runs as the page would start them: jobs of the definitions, in this process."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from btassets.book.book import open_book
from btassets.defs.build import book_defs
from btassets.defs.resources import BookResource
from btassets.instance.dagster_home import open_instance
from btassets.instance.ticker_ranges import range_tags, register
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.replay import candidates
from btassets_tests.support.book_factory import PROJECT, call, different, lake_files, make_book, report_bytes, tables_of


def materializations(instance: dg.DagsterInstance, asset: str) -> list[str]:
    found = instance.fetch_materializations(dg.AssetKey(asset), limit=1000)
    return [record.event_log_entry.run_id for record in found.records]


def test_the_job_everything_over_a_range_of_three_tickers(tmp_path: Path, market_folder: Path) -> None:
    folder = make_book(tmp_path / "book", market_folder)
    names = [f"SYN000{k}" for k in range(1, 9)]
    with open_instance(folder / ".dagster") as instance:
        assert register(instance, names) == names
        assert register(instance, names) == []
        tags = range_tags(instance, ["SYN0004", "SYN0002"])
        assert tags == {
            "dagster/asset_partition_range_start": "SYN0002",
            "dagster/asset_partition_range_end": "SYN0004",
        }
        defs = book_defs(BookResource(folder=str(folder)), 2, executor=dg.in_process_executor)
        job = defs.resolve_job_def("everything")
        result = job.execute_in_process(instance=instance, tags=tags)
        assert result.success
        made = [
            e.partition
            for e in result.get_asset_materialization_events()
            if e.asset_key.to_user_string() == "candidates"
        ]
        assert sorted(made) == ["SYN0002", "SYN0003", "SYN0004"]
        record = instance.fetch_materializations(dg.AssetKey("candidates"), limit=1).records[0]
        assert record.asset_materialization is not None
        shown = {key: value.value for key, value in record.asset_materialization.metadata.items()}
        assert (shown["recomputed"], shown["cached"], shown["targeted"]) == (3, 0, 3)
    tables = tables_of(folder)
    assert sorted(set(tables["candidates"]["ticker"].to_pylist())) == ["SYN0002", "SYN0003", "SYN0004"]
    assert (folder / "reports" / "latest" / "report.json").is_file()


def test_shard_that_says_done_and_wrote_nothing_is_no_success(
    tmp_path: Path, market_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_book(tmp_path / "book", market_folder)
    names = [f"SYN000{k}" for k in range(1, 9)]
    real = candidates.replay_shard

    def lose_the_second(
        tables: Tables, rules: Settings, plan: candidates.ReplayPlan, shard: int, *words: Any, **more: Any
    ) -> Any:
        if shard == 1:
            return candidates.ReplayOutcome([], {}, 0)
        return real(tables, rules, plan, shard, *words, **more)

    with open_instance(folder / ".dagster") as instance:
        register(instance, names)
        defs = book_defs(BookResource(folder=str(folder)), 2, executor=dg.in_process_executor)
        job, tags = defs.resolve_job_def("replay"), range_tags(instance, names)
        monkeypatch.setattr(candidates, "replay_shard", lose_the_second)
        lost = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
        assert not lost.success
        (failed,) = (event for event in lost.all_events if event.is_step_failure)
        assert failed.step_key == "candidates.finish_replay"
        assert "ShardLostError" in str(failed.event_specific_data.error)
        assert not materializations(instance, "candidates"), "no partition turns green"
        monkeypatch.undo()
        assert job.execute_in_process(instance=instance, tags=tags).success
    book = open_book(folder)
    assert sorted(book.lake.ticker_footers(book.candidates)) == names


def test_the_page_and_the_command_line_make_the_same_tables(
    tmp_path: Path, market_folder: Path, finished_book: Path
) -> None:
    folder = make_book(tmp_path / "book", market_folder)
    names = [f"SYN000{k}" for k in range(1, 9)]
    with open_instance(folder / ".dagster") as instance:
        register(instance, names)
        defs = book_defs(BookResource(folder=str(folder)), 2, executor=dg.in_process_executor)
        job = defs.resolve_job_def("everything")
        assert job.execute_in_process(instance=instance, tags=range_tags(instance, names)).success
    assert different(tables_of(folder), tables_of(finished_book)) == []
    answer = call("run", "--book", folder, "--quiet")
    assert answer.code == 0
    assert "nothing changed" in answer.err


def test_a_scenario_leaves_the_assets_of_base_alone(book: Path) -> None:
    before, report = lake_files(book), report_bytes(book)
    with open_instance(book / ".dagster") as instance:
        events = {name: materializations(instance, name) for name in ("candidates", "setup_stats", "backtest_report")}
    assert all(events.values())
    answer = call("run", "--book", book, "--quiet", "--set", "engine.atr_stop_multiple=2", "--as", "wide")
    assert answer.code == 0, answer.err
    with open_instance(book / ".dagster") as instance:
        assert {name: materializations(instance, name) for name in events} == events
        run = instance.get_runs(limit=1)[0]
        assert run.job_name == "scenario"
        assert run.tags["btassets/scenario"] == "wide"
    now = lake_files(book)
    assert {name: now[name] for name in before} == before
    assert report_bytes(book) == report


def test_the_scenario_job_is_fresh_the_second_time(book: Path) -> None:
    opened = open_book(book, scenario="strict", overrides={"gates.min_rr": 2.0})
    defs = book_defs(BookResource.of(opened), 2, executor=dg.in_process_executor)
    with open_instance(book / ".dagster") as instance:
        computed = []
        for _ in range(2):
            result = defs.resolve_job_def("scenario").execute_in_process(instance=instance)
            assert result.success
            computed.append(
                next(
                    e.event_specific_data.metadata["computed"].value
                    for e in result.all_events
                    if e.event_type_value == "STEP_OUTPUT"
                )
            )
    assert computed[0] > 5
    assert computed[1] == 0


def test_a_book_resource_opens_the_same_book_again(book: Path) -> None:
    opened = open_book(book, scenario="x", overrides={"gates.min_rr": 2.0, "executor.shards": 3})
    again = BookResource.of(opened, threads=2, full=True, only=["A"]).open()
    assert again.settings == opened.settings
    assert (again.scenario, again.overlay, again.replay) == (opened.scenario, opened.overlay, opened.replay)


@pytest.mark.parametrize("workspace", [PROJECT / "workspace.yaml"])
def test_the_workspace_loads(finished_book: Path, tmp_path: Path, workspace: Path) -> None:
    environment = {**os.environ, "BTASSETS_BOOK": str(finished_book), "DAGSTER_HOME": str(tmp_path)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", str(workspace)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Validation successful" in done.stdout + done.stderr


def test_settings_are_promoted_from_the_launchpad(tmp_path: Path, market_folder: Path) -> None:
    folder = make_book(tmp_path / "book", market_folder)
    path = folder / "btassets.toml"
    path.write_text("# mine\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    opened = open_book(folder)

    def launch(**config: Any) -> bool:
        defs = book_defs(BookResource.of(open_book(folder)), 2, executor=dg.in_process_executor, automated=opened)
        with open_instance(folder / ".dagster") as instance:
            job = defs.resolve_job_def("scenario")
            ops = {"ops": {"analyse_scenario": {"config": {"promote": True} | config}}}
            return job.execute_in_process(instance=instance, run_config=ops, raise_on_error=False).success

    assert launch(gates={"min_rr": 2.25}, exits={"hold_days": [5, 30]})
    now = open_book(folder)
    assert (now.base.gates.min_rr, now.base.exits.hold_days) == (2.25, (5, 30))
    assert path.read_text(encoding="utf-8").startswith("# mine\n")
    written = path.read_bytes()
    assert not launch(gates={"min_rr": 3.0}, name="strict"), "a scenario has a name, the book's own settings do not"
    assert path.read_bytes() == written
    assert not now.lake.footer("graded_setups", "base"), "nothing is computed"
