"""What the page shows: tables, key numbers, sparkline, links, launch settings; and what steps print."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest
from dagster._core.storage.compute_log_manager import ComputeIOType

from btassets.defs.assets import page_numbers as page
from btassets.defs.assets import replay_assets as replay_defs
from btassets.defs.failures import read_failure
from btassets.graph.flow import STAGES
from btassets.instance.runs.executors import n_stale
from btassets.instance.ticker_ranges import n_targeted, range_tags, register
from btassets.stages.bars import ohlcv_history
from btassets.stages.bars.restated import first_restated
from btassets.stages.replay.candidates import ReplayOutcome
from btassets_tests.support.small_market import (
    BARS_AND_REPLAY,
    LAST,
    N_BARS,
    Home,
    bars,
    make_book,
    names,
    sessions,
    write,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    patch = pytest.MonkeyPatch()
    patch.setattr(ohlcv_history, "changed_at", lambda *_: 0.0)
    made = Home(make_book(tmp_path_factory.mktemp("contents"), 24))
    register(made.instance, names(24))
    made.first = made.run(dg.RunRequest(tags=range_tags(made.instance, names(24))))
    yield made
    made.close()
    patch.undo()


def test_numbers_with_stable_keys(home: Home) -> None:
    assert home.first.success
    expected = {
        "ohlcv_history": {"tickers_ok", "bars_new", "targeted", "recomputed", "cached"},
        "candidates": {"targeted", "recomputed", "cached"},
        "portfolio_sims": {"cagr_pct", "max_drawdown_pct", "sharpe"},
        "setup_stats": {"net_avg_r"},
        "factor_ic": {"ic_resid"},
        "todays_setups": {"qualified_today"},
    }
    # A number that does not exist (no trade, no residual momentum) is left out, never shown as 0.
    may_lack = {"cagr_pct", "max_drawdown_pct", "sharpe", "net_avg_r", "ic_resid"}
    for asset, keys in expected.items():
        shown = home.numbers(home.first, asset)
        assert keys - may_lack <= set(shown), asset
        assert all(isinstance(shown[key], int | float) for key in keys & set(shown)), asset


def test_report_is_linked_over_http(home: Home) -> None:
    shown = home.numbers(home.first, "backtest_report")
    assert shown["latest_report"] == "/reports/latest/report.html"
    relative = shown["report"].removeprefix("/reports/")
    assert (home.book.reports / relative).is_file()
    assert shown["path"] == str(home.book.reports / relative)


def test_report_is_read_on_its_asset(home: Home) -> None:
    shown = home.numbers(home.first, "backtest_report")
    answers = shown["preview"].split("\n\n")
    assert [answer[: answer.index(" ")] for answer in answers] == [
        "**Result.**",
        "**Luck?**",
        "**Change?**",
        "**Today.**",
    ]
    assert [line.split("|")[1].strip() for line in shown["tiles"].splitlines()[2:]][:3] == [
        "CAGR",
        "Max drawdown",
        "Sharpe",
    ]
    assert max(len(shown["preview"]), len(shown["tiles"])) < page.MAX_MARKDOWN


def test_a_report_that_is_gone_has_no_preview(home: Home) -> None:
    text = home.book.reports / home.numbers(home.first, "backtest_report")["report"].removeprefix("/reports/")
    text = text.with_name("report.md")
    there = text.read_bytes()
    text.unlink()
    try:
        found = page.page_metadata(home.book, "backtest_report", has_web=False)
    finally:
        text.write_bytes(there)
    assert "headline" in found
    assert not {"preview", "tiles", "report", "latest_report"} & set(found)


def test_a_partition_speaks_of_its_own_ticker(home: Home) -> None:
    for asset, own in (
        ("ohlcv_history", {"ticker_bars": N_BARS, "ticker_last_bar": str(LAST), "ticker_findings": 0}),
        ("candidates", {}),
    ):
        found = {
            event.partition: {key: value.value for key, value in event.materialization.metadata.items()}
            for event in home.first.get_asset_materialization_events()
            if event.asset_key == dg.AssetKey(asset)
        }
        assert set(found) == set(names(24))
        assert all(own.items() <= facts.items() for facts in found.values())
        assert len({facts["ticker_version"] for facts in found.values()}) == 24, "a version of its own"
        assert "ticker_blocked" not in found["T000"]
    rows = home.book.lake.ticker_footers(home.book.candidates)
    assert {ticker: facts["ticker_setups"] for ticker, facts in found.items()} == {
        ticker: facts["n_rows"] for ticker, facts in rows.items()
    }


def test_small_tables(home: Home) -> None:
    for asset in ("setup_stats", "gate_sweep", "time_exit_sweep", "factor_ic"):
        lines = home.numbers(home.first, asset)["table"].splitlines()
        assert lines[1].startswith("| ---")
        assert len(lines) <= 2 + page.MAX_ROWS + 2


def test_every_asset_tells_what_it_is(home: Home) -> None:
    graph = home.defs.resolve_asset_graph()
    groups = {stage.group for stage in STAGES.values()}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        first = (node.description or "").splitlines()[0]
        assert first.endswith((".", "?")) or "opens it" in first, key
        assert node.owners, key
        assert node.group_name in groups, key
        assert node.kinds, key


def test_a_lost_shard_is_never_a_success(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home.book.folder.parent / "bars"
    write(folder, "T003", 777, sessions(N_BARS))
    monkeypatch.setattr(replay_defs.stage, "replay_shard", lambda *_, **__: ReplayOutcome([], {}, 0))
    request = dg.RunRequest(tags=range_tags(home.instance, names(24)))
    lost = home.run(request, assets=BARS_AND_REPLAY)
    assert not lost.success
    assert "T003" in read_failure(home.instance, lost.run_id).text
    monkeypatch.undo()
    assert home.run(request, assets=BARS_AND_REPLAY).success


def test_restated_history_is_told(home: Home) -> None:
    write(home.book.folder.parent / "bars", "T005", 999, sessions(N_BARS))
    result = home.run(dg.RunRequest(tags=range_tags(home.instance, names(24))), assets=["ohlcv_history"])
    found = {e.check_name: e for e in result.get_asset_check_evaluations()}
    assert not found["restated_history"].passed
    assert found["restated_history"].metadata["tickers_restated"].value == 1
    assert found["restated_history"].metadata["first"].value == f"T005 from {sessions(N_BARS)[0]}"


def test_a_longer_or_shorter_window_restates_nothing() -> None:
    days = sessions(30)
    table = bars(1, days)
    arrays = {name: table[name].to_numpy() for name in ("open", "high", "low", "close", "volume")}
    dates = table["date"].cast(pa.int32()).to_numpy()

    def as_raw(start: int, stop: int, factor: float = 1.0) -> object:
        made = type("Raw", (), {})()
        made.dates = dates[start:stop]
        for name, values in arrays.items():
            setattr(made, name, values[start:stop] * factor)
        return made

    stored = table.slice(0, 25)
    assert first_restated(stored, as_raw(0, 30)) is None
    assert first_restated(stored, as_raw(10, 30)) is None
    assert first_restated(stored, as_raw(0, 30, 0.5)) == dates[0]
    assert first_restated(stored, as_raw(0, 20)) == dates[20], "bars that are gone are restated, too"


def test_how_much_is_stale_decides_where_steps_run(home: Home) -> None:
    run = home.instance.create_run_for_job(home.defs.resolve_job_def("everything"))
    assert n_stale(home.book.folder, home.instance, run) <= 24
    tags = {"dagster/asset_partition_range_start": "T002", "dagster/asset_partition_range_end": "T004"}
    assert n_targeted(home.instance, tags) == 3
    assert n_targeted(home.instance, {"dagster/partition": "T002"}) == 1
    assert n_targeted(home.instance, {}) == 24
    home.instance.delete_run(run.run_id)


def test_what_steps_print_is_kept_and_shown(tmp_path: Path) -> None:
    program = """
import os, subprocess, sys, time
from btassets.instance.runs.compute_logs import TeeComputeLogManager
manager = TeeComputeLogManager(sys.argv[1])
with manager.capture_logs(["run", "compute_logs", "step"]):
    print("from python")
    os.write(1, b"from below\\n")
    sleeper = subprocess.Popen(["sleep", "600"])  # holds the other end of the pipe
    sys.stderr.write("bad\\n")
print("after")
sleeper.kill()
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=300, check=True
    )
    assert set(done.stdout.splitlines()) == {"from python", "from below", "after"}
    assert done.stderr == "bad\n"
    from btassets.instance.runs.compute_logs import TeeComputeLogManager

    manager = TeeComputeLogManager(str(tmp_path))
    key = ["run", "compute_logs", "step"]
    assert manager.is_capture_complete(key)
    kept = Path(manager.get_captured_local_path(key, "out")).read_text(encoding="utf-8")
    assert set(kept.splitlines()) == {"from python", "from below"}
    data = manager.get_log_data_for_type(key, ComputeIOType.STDERR, 0, None)
    assert data[0] == b"bad\n"
