"""What a run made is taken along: daily returns for pandas, scenarios' rows, a shell that reads while runs write."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from btassets.book.book import open_book
from btassets.graph.flow import STAGES, TABLES
from btassets_tests.support.book_factory import bucket_times, call, market, write_bars

pytestmark = pytest.mark.long  # each test runs whole commands

_READER = """
import os, sys, time
import duckdb

path, stop = sys.argv[1], sys.argv[2]
n = again = 0
least = None
print("reading", flush=True)
while not os.path.exists(stop):
    with duckdb.connect(path, read_only=True) as shell:
        for table in ("setup_stats", "candidates", "equity_curves", "ohlcv_history", "graded_setups"):
            # DuckDB opens a file twice, for its footer and for its rows: when it was replaced in between, the
            # query says so and is asked again, as a person would.
            for attempt in range(3):
                try:
                    ((rows,),) = shell.sql(f"select count(*) from {table}").fetchall()
                    break
                except duckdb.Error:
                    again += 1
                    if attempt == 2:
                        raise
                    time.sleep(0.2)
            least = rows if least is None else min(least, rows)
            n += 1
print(n, least, again, flush=True)
"""


@pytest.fixture
def returns(book: Path, tmp_path: Path) -> Path:
    out = tmp_path / "returns.parquet"
    answer = call("export", "--book", book, "daily_returns", "--out", out)
    assert answer.code == 0, answer.err
    return out


def test_daily_returns_are_series_on_a_plain_date_index(returns: Path) -> None:
    frame = pd.read_parquet(returns)
    assert isinstance(frame.index, pd.DatetimeIndex)
    assert frame.index.tz is None
    assert frame.index.name == "date"
    assert frame.index.is_monotonic_increasing
    assert frame.index.is_unique
    assert (frame.index == frame.index.normalize()).all()
    assert list(frame.columns) == ["hold", "target", "benchmark", "equal_weight_hold", "equal_weight_renewed"]
    assert (frame.dtypes == np.float64).all()
    assert isinstance(frame["hold"], pd.Series)


def test_daily_returns_compound_to_the_books_own_numbers(book: Path, returns: Path) -> None:
    frame = pd.read_parquet(returns)
    sims = {row["policy"]: row for row in open_book(book, environ={}).lake.read("portfolio_sims").to_pylist()}
    for policy in ("hold", "target"):
        series, own = frame[policy], sims[policy]
        assert ((1 + series).prod() - 1) * 100 == pytest.approx(own["total_return_pct"], abs=1e-9)
        assert series.mean() / series.std() * np.sqrt(252) == pytest.approx(own["sharpe"], abs=1e-9)
        curve = np.concatenate(([1.0], (1 + series).cumprod()))
        drawdown = (1 - curve / np.maximum.accumulate(curve)).max()
        assert drawdown * 100 == pytest.approx(own["max_drawdown_pct"], abs=1e-9)


def test_empyrical_reads_the_same_numbers(book: Path, returns: Path) -> None:
    import empyrical

    series = pd.read_parquet(returns)["hold"]
    sims = open_book(book, environ={}).lake.read("portfolio_sims").to_pylist()
    (own,) = [row for row in sims if row["policy"] == "hold"]
    assert empyrical.sharpe_ratio(series) == pytest.approx(own["sharpe"], abs=1e-9)
    assert -empyrical.max_drawdown(series) * 100 == pytest.approx(own["max_drawdown_pct"], abs=1e-9)


def test_daily_returns_as_csv_and_json_are_the_same(book: Path, returns: Path, tmp_path: Path) -> None:
    frame = pd.read_parquet(returns)
    for ending in ("csv", "json"):
        assert call("export", "--book", book, "daily_returns", "--out", tmp_path / f"r.{ending}").code == 0
    text = pd.read_csv(tmp_path / "r.csv", index_col="date", parse_dates=True)
    pd.testing.assert_frame_equal(text, frame, check_index_type=False, check_freq=False)
    rows = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert [row["date"] for row in rows] == [str(day.date()) for day in frame.index]


def test_every_scenario_has_its_own_rows_in_every_table_and_the_base_keeps_its_replay(book: Path) -> None:
    before = bucket_times(book)
    answer = call("run", "--book", book, "--quiet", "--set", "gates.min_rr=1", "--as", "loose")
    assert answer.code == 0, answer.err
    assert bucket_times(book) == before, "a gate replays nothing"
    opened = open_book(book, scenario="loose", environ={})
    for stage in STAGES.values():
        if stage.keyed != "scenario":
            continue
        for table in stage.outputs:
            assert TABLES[table].names[0] == "scenario"
            for name in ("base", "loose"):
                rows = opened.lake.read(table, name)
                assert set(rows["scenario"].to_pylist()) <= {name}, table
    answer = call("sql", "--book", book, "select distinct scenario from setup_stats order by 1", "--format", "csv")
    assert answer.out == "scenario\nbase\nloose\n"


def test_a_scenario_of_the_file_is_an_overlay(book: Path, tmp_path: Path) -> None:
    file = book / "btassets.toml"
    overlay = "\n[scenario.strict.gates]\nmin_rr = 1.75\n[scenario.strict.portfolio]\nmax_positions = 3\n"
    file.write_text(file.read_text(encoding="utf-8") + overlay, encoding="utf-8")
    before = bucket_times(book)
    assert call("run", "--book", book, "--quiet", "--scenario", "strict").code == 0
    assert bucket_times(book) == before
    out = tmp_path / "graded.parquet"
    assert call("export", "--book", book, "graded_setups", "--scenario", "strict", "--out", out).code == 0
    rows = pq.read_table(out).to_pylist()
    assert rows
    assert all(row["rr_ok"] == (row["rr"] >= 1.75) for row in rows)
    curves = open_book(book, scenario="strict", environ={}).lake.read("equity_curves", "strict").to_pylist()
    assert max(row["n_positions"] or 0 for row in curves) <= 3


def test_a_shell_reads_while_a_run_writes(own_book: Path, own_market: Path, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    warehouse = own_book / "warehouse.duckdb"
    assert call("sql", "--book", own_book, "select 1").code == 0
    with subprocess.Popen(
        [sys.executable, "-c", _READER, str(warehouse), str(stop)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout.readline() == "reading\n"
        time.sleep(0.2)
        longer, benchmark = market(extend=10)
        for ticker, bars in longer.items():
            write_bars(own_market / "bars" / f"{ticker}.parquet", bars)
        write_bars(own_market / "SPY.parquet", benchmark)
        answers = [
            call("run", "--book", own_book, "--quiet"),
            call("run", "--book", own_book, "--quiet", "--set", "gates.min_rr=1", "--as", "loose"),
        ]
        stop.touch()
        out, err = reader.communicate(timeout=300)
    assert [answer.code for answer in answers] == [0, 0], answers
    assert reader.returncode == 0, err
    n_queries, least, n_again = map(int, out.split())
    assert n_queries >= 10
    assert n_again <= n_queries // 5
    assert least > 0, "a table was seen half written"


def test_an_open_shell_stops_no_run(book: Path) -> None:
    import duckdb

    assert call("run", "--book", book, "--quiet").code == 0  # the book was moved here: its views follow
    with duckdb.connect(str(book / "warehouse.duckdb"), read_only=True) as shell:
        ((before,),) = shell.sql("select count(*) from setup_stats").fetchall()
        answer = call("run", "--book", book, "--quiet", "--set", "gates.min_rr=1", "--as", "loose")
        assert answer.code == 0, answer.err
        ((again,),) = shell.sql("select count(*) from setup_stats").fetchall()
    assert again == before, "the shell keeps the files that its views name"
    with duckdb.connect(str(book / "warehouse.duckdb"), read_only=True) as shell:
        ((after,),) = shell.sql("select count(*) from setup_stats").fetchall()
    assert after == 2 * before


def test_report_open_hands_the_page_to_the_browser(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    assert call("report", "--book", book, "--open").code == 0
    assert call("sweep", "--book", book, "--quiet", "gates.min_rr=1,2", "--open").code == 0
    assert call("compare", "--book", book, "base", "base", "--open").code == 0
    assert [address.rpartition("/")[2] for address in opened] == ["report.html", "sweep.html", "compare.html"]
    assert all(address.startswith("file:///") for address in opened)
