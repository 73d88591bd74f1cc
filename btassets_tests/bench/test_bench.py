"""The bench still works: a tiny market, a few cases, no figure judged."""

import contextlib
import importlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from btassets_tests.bench import __main__ as bench
from btassets_tests.bench import parts
from btassets_tests.bench.figures import Figure, Target, as_table, of_commands, with_naive
from btassets_tests.bench.graph_cases import command_environment
from btassets_tests.bench.markets import give_back, real_or_synthetic, restate, take_last_session
from btassets_tests.bench.measure import Measured, MeasureError, run_command

BUSY_CHILD = """
import subprocess, sys
work = "import time\\nblock = bytearray(60_000_000)\\nwhile time.process_time() < 0.1: pass\\ntime.sleep(0.3)"
subprocess.run([sys.executable, "-S", "-c", work], check=True)
subprocess.Popen([sys.executable, "-S", "-c", work])
print("said")
"""


def children():
    """Processes of which this one is the parent: other tests of it may have left a server running."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            found |= {int(folder.name)} if int(fields[1]) == os.getpid() else set()
    return found


def test_a_command_is_measured_with_its_children_and_what_outlives_it(tmp_path):
    before = children()
    run = run_command([sys.executable, "-S", "-c", BUSY_CHILD], cwd=tmp_path)
    assert run.stdout == "said\n"
    assert run.cpu_s >= 0.2
    assert run.peak_mb >= 60.0
    assert run.wall_s >= 0.3
    assert children() <= before


def test_a_failing_command_is_no_measurement(tmp_path):
    with pytest.raises(MeasureError, match=r"exit code 3 .*why"):
        run_command(
            [sys.executable, "-S", "-c", "import sys; print('why', file=sys.stderr); sys.exit(3)"],
            cwd=tmp_path,
        )


def test_a_command_that_hangs_is_ended(tmp_path):
    with pytest.raises(MeasureError, match="exit code -9 after"):
        run_command([sys.executable, "-S", "-c", "import time; time.sleep(60)"], cwd=tmp_path, timeout_s=0.3)


def test_verdicts_and_the_best_of_the_runs():
    runs = [Measured(4.0, 3.0, 500.0, "", ""), Measured(3.0, 3.5, 600.0, "", "")]
    figure = with_naive(of_commands("case", runs, Target(3.5, 2.5, 550.0)), 300.0, "scaled")
    assert (figure.wall_s, figure.spread_s, figure.cpu_s, figure.peak_mb) == (3.0, 1.0, 3.0, 500.0)
    assert figure.verdict == "over: CPU"
    assert figure.ratio == 100.0
    assert Figure("case", cpu_s=1.0).verdict == "-"
    assert Figure("case", cpu_s=1.0, target=Target(cpu_s=1.0)).verdict == "ok"
    failed = Figure("case", problem="no disk")
    assert failed.verdict == "failed"
    assert as_table([figure, failed]).endswith("case: could not be measured: no disk")


def test_files_lose_their_last_session_and_get_it_back(tmp_path):
    market = real_or_synthetic(tmp_path, n_tickers=3, n_sessions=80, is_real_wanted=False)
    before = {path.name: path.read_bytes() for path in market.folder.iterdir()}
    assert len(before) == len(market.tickers) == 3
    whole = take_last_session(market, market.tickers[:1])
    changed = {path.name for path in market.folder.iterdir() if path.read_bytes() != before[path.name]}
    assert changed == {f"{market.tickers[0]}.parquet"}
    give_back(market, whole)
    assert {path.name: path.read_bytes() for path in market.folder.iterdir()} == before


def _measured(tmp_path, capsys, *words):
    out = tmp_path / "figures.json"
    code = bench.main(["--quick", "--json", str(out), *words])
    figures = {f["case"]: f for f in json.loads(out.read_text())["figures"]}
    assert not [f"{case}: {f['problem']}" for case, f in figures.items() if f["problem"]]
    assert code == 0
    printed = capsys.readouterr().out
    assert all(case in printed for case in figures)
    assert all(f["cpu_s"] > 0.0 and f["verdict"] == "-" for f in figures.values())
    return figures


@pytest.mark.slow
def test_the_bench_runs_on_a_tiny_market(tmp_path, capsys):
    figures = _measured(tmp_path, capsys, "--only", "cold,unchanged,replay,signals,books,factors,page")
    assert figures["cold, in process"]["ratio"] > 0.0
    assert len(figures) == 10


@pytest.mark.bench
def test_every_case_runs_on_a_tiny_market(tmp_path, capsys):
    figures = _measured(tmp_path, capsys)
    assert figures["1 of 6 tickers got a bar"]["note"] == "1 replayed"
    assert {"tick: no new bars", "page: everything, nothing changed", "statistics layer"} <= figures.keys()
    assert len(figures) >= 38


@pytest.mark.bench
def test_the_large_market_runs_when_it_is_small(tmp_path, capsys):
    assert len(_measured(tmp_path, capsys, "--large")) == 4


def test_a_restated_file_keeps_its_last_bar(tmp_path):
    market = real_or_synthetic(tmp_path / "market", n_tickers=2, n_sessions=30, is_real_wanted=False)
    path = market.folder / f"{market.tickers[0]}.parquet"
    before, other = pq.read_table(path), (market.folder / f"{market.tickers[1]}.parquet").read_bytes()
    restate(market, market.tickers[:1])
    after = pq.read_table(path)
    assert after["close"].to_pylist()[-1] == before["close"].to_pylist()[-1]
    assert after["close"].to_pylist()[0] == pytest.approx(0.99 * before["close"].to_pylist()[0])
    assert after["volume"].equals(before["volume"])
    assert (market.folder / f"{market.tickers[1]}.parquet").read_bytes() == other


def test_a_target_in_l_is_judged_by_cpu_time_and_l():
    figure = Figure("cold", cpu_s=12.0, l_s=2.0, target=Target(in_l=5.0))
    assert (figure.in_l, figure.verdict, str(figure.target)) == (6.0, "over: L", "5 L")
    assert replace(figure, cpu_s=10.0).verdict == "ok"
    assert replace(figure, l_s=None).verdict == "-"
    assert figure.as_dict()["in_l"] == 6.0


def test_time_is_charged_to_the_innermost_open_part(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 7.0, 8.0, 8.0])
    monkeypatch.setattr(parts.time, "process_time", lambda: next(clock))
    meter = parts.Meter()
    with meter.part("outer"), meter.part("inner"):
        pass
    assert meter.close() == {"inner": 4.0, "outer": 3.0, parts.REST: 1.0}


def test_every_part_names_a_function_that_exists():
    for reference in (*parts.PARTS, parts.STAGE):
        module, _, path = reference.partition(":")
        found = importlib.import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
        assert callable(found), reference
    module, name = parts._CONCURRENT
    assert isinstance(getattr(importlib.import_module(module), name), int)


def test_a_command_is_taken_apart(tmp_path):
    out = tmp_path / "parts.json"
    words = [sys.executable, "-m", "btassets_tests.bench.parts", str(out), "--version"]
    done = run_command(words, cwd=tmp_path, environ=command_environment())
    seconds = json.loads(out.read_text())
    assert seconds[parts.IMPORTS] > 0.0
    assert 0.0 < sum(seconds.values()) <= done.cpu_s
