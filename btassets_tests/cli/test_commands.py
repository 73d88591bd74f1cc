"""Every command: what it prints, what it writes, how it ends."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from btassets.settings.load import KEYS
from btassets_tests.support.book_factory import (
    N_BARS,
    N_TICKERS,
    call,
    lake_files,
    make_book,
    report_bytes,
    tables_of,
)


def test_init_makes_a_book_that_explains_itself(tmp_path: Path, market_folder: Path) -> None:
    folder = tmp_path / "mybook"
    words = ["init", folder, "--source", "files", "--path", market_folder / "bars", "--benchmark", "SPY"]
    answer = call(*words, "--calendar", "data", "--basis", "split", "--profile", "legacy")
    assert answer.code == 0, answer.err
    assert "btassets doctor" in answer.out
    assert "btassets run" in answer.out
    text = (folder / "btassets.toml").read_text()
    assert 'benchmark = "SPY"' in text
    assert 'basis = "split"' in text
    assert 'profile = "legacy"' in text
    assert "data/" in (folder / ".gitignore").read_text()
    again = call(*words)
    assert again.code == 2
    assert "btassets.toml exists" in again.err


def test_init_refuses_what_cannot_be_a_book(tmp_path: Path) -> None:
    assert call("init", tmp_path / "a", "--source", "files").code == 2
    missing = call("init", tmp_path / "a", "--source", "files", "--path", tmp_path / "nothing")
    assert missing.code == 3
    assert "nothing" in missing.err
    assert not (tmp_path / "a").exists()


def test_without_a_book_a_command_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["run"], ["today"], ["doctor"], ["config"], ["report"], ["export", "trades", "--out", "x.csv"]):
        answer = call(*words)
        assert answer.code == 2, words
        assert "btassets init" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_config_shows_every_setting_with_its_origin(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BTASSETS__GATES__MIN_CONFIDENCE", "60")
    answer = call("config", "--book", book, "--set", "gates.min_rr=2.5")
    assert answer.code == 0
    shown = {line.split("  ")[0].strip(): line for line in answer.out.splitlines()}
    assert set(KEYS) <= set(shown)
    assert shown["gates.min_rr"].endswith("command line")
    assert "2.5" in shown["gates.min_rr"]
    assert shown["gates.min_confidence"].endswith("environment BTASSETS__GATES__MIN_CONFIDENCE")
    assert "book/btassets.toml:" in shown["calendar"]
    assert shown["costs.per_side_frac"].endswith("default")
    changed = call("config", "--book", book, "--changed")
    assert "calendar" in changed.out
    assert "costs.per_side_frac" not in changed.out


def test_doctor_looks_at_everything_and_ends_with_the_first_stop(book: Path, tmp_path: Path) -> None:
    answer = call("doctor", "--book", book)
    assert answer.code == 0, answer.out
    for name in ("versions", "settings", "write rights", "free disk", "source", "calendar", "benchmark", "lake"):
        assert f"ok    {name}" in answer.out.replace("ok  ", "ok    ").replace("ok      ", "ok    "), name
    assert f"{N_TICKERS} tickers, {N_TICKERS * N_BARS:,} bars" in answer.out
    old = call("doctor", "--book", book, "--max-age", "5")
    assert old.code == 3
    assert "FAIL" in old.out
    missing = make_book(tmp_path / "b2", tmp_path)
    broken = call("doctor", "--book", missing)
    assert broken.code == 3
    assert "no such folder" in broken.out


def test_run_ends_with_headline_table_and_paths(book: Path, finished_book: Path) -> None:
    before = lake_files(book)
    answer = call("run", "--book", book)
    assert answer.code == 0
    assert answer.err == "nothing changed since the last run: its tables and report are up to date\n"
    lines = answer.out.splitlines()
    assert lines[0]
    assert [line.split("  ")[0] for line in lines[2:10]] == [
        "as of", "universe", "qualified", "exit", "residual momentum", "portfolio, target", "portfolio, hold", "today",
    ]  # fmt: skip
    assert str(book / "reports" / "latest" / "report.json") in answer.out
    assert (book / "reports" / "latest" / "report.html").is_file()
    assert lake_files(book) == before
    report = json.loads(report_bytes(book))
    assert report["schema_version"]
    assert (report["profile"], report["scenario"]) == ("standard", "base")
    assert report["as_of"] == "2022-01-05"
    assert report["tickers"] == N_TICKERS


def test_a_set_runs_a_scenario_of_its_own_that_can_be_named_and_looked_at(book: Path, tmp_path: Path) -> None:
    base_report, base = report_bytes(book), lake_files(book)
    answer = call("run", "--book", book, "--quiet", "--set", "gates.min_rr=2", "--as", "strict")
    assert answer.code == 0, answer.err
    assert "scenario strict" in answer.out
    assert report_bytes(book) == base_report
    now = lake_files(book)
    assert {name: now[name] for name in base} == base
    assert {Path(name).stem for name in set(now) - set(base)} == {"strict"}
    assert "scenario strict" in call("report", "--book", book, "--scenario", "strict").out
    assert call("today", "--book", book, "--scenario", "strict").code == 0
    out = tmp_path / "x.parquet"
    assert call("export", "--book", book, "graded_setups", "--scenario", "strict", "--out", out).code == 0
    assert set(pq.read_table(out)["scenario"].to_pylist()) == {"strict"}
    again = call("run", "--book", book, "--quiet", "--scenario", "strict")
    assert again.code == 0
    assert "nothing changed" in again.err
    unnamed = call("run", "--book", book, "--quiet", "--set", "gates.min_rr=2")
    assert "scenario set-" in unnamed.out
    unknown = call("report", "--book", book, "--scenario", "strikt")
    assert unknown.code == 2


def test_a_scenario_of_the_file_and_a_profile(book: Path) -> None:
    file = book / "btassets.toml"
    file.write_text(file.read_text() + "\n[scenario.loose.gates]\nmin_rr = 1.0\nmin_confidence = 20.0\n")
    answer = call("run", "--book", book, "--quiet", "--scenario", "loose")
    assert answer.code == 0, answer.err
    assert "scenario loose" in answer.out
    assert call("run", "--book", book, "--as", "loose", "--set", "gates.min_rr=3").code == 2
    seed = call("run", "--book", book, "--quiet", "--profile", "legacy")
    assert seed.code == 0, seed.err
    assert "profile legacy" in seed.out


def test_promote_writes_the_setting_and_runs_it_as_base(book: Path) -> None:
    before = (book / "btassets.toml").read_text()
    answer = call("run", "--book", book, "--quiet", "--set", "gates.min_rr=1.25", "--promote")
    assert answer.code == 0, answer.err
    assert "scenario base" in answer.out
    after = (book / "btassets.toml").read_text()
    changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert changed == [("# min_rr = 1.5", "min_rr = 1.25")]
    assert call("run", "--book", book, "--promote").code == 2


def test_workers_are_a_number_above_zero(book: Path) -> None:
    assert call("run", "--book", book, "--workers", "0").code == 2
    assert call("run", "--book", book, "--workers", "3").code == 0


def test_ingest_reads_what_changed_and_full_reads_everything(own_book: Path, own_market: Path) -> None:
    idle = call("ingest", "--book", own_book, "--quiet")
    assert idle.code == 0
    assert idle.out.startswith(f"0 of {N_TICKERS} tickers read, 0 changed")
    file = own_market / "bars" / "SYN0003.parquet"
    pq.write_table(pq.read_table(file).slice(0, N_BARS - 1), file)
    assert call("ingest", "--book", own_book, "--quiet").out.startswith(f"1 of {N_TICKERS} tickers read, 1 changed")
    whole = call("ingest", "--book", own_book, "--quiet", "--full")
    assert whole.out.startswith(f"{N_TICKERS} of {N_TICKERS} tickers read, 0 changed")
    assert f"{N_TICKERS * N_BARS - 1:,} bars" in whole.out
    some = call("ingest", "--book", own_book, "--quiet", "--full", "--tickers", "SYN0001,SYN0002")
    assert some.out.startswith(f"2 of {N_TICKERS} tickers read")
    unknown = call("ingest", "--book", own_book, "--tickers", "NOPE")
    assert unknown.code == 3
    assert "NOPE" in unknown.err


def test_tickers_restrict_what_is_read(tmp_path: Path, market_folder: Path, instance: Path) -> None:
    folder = make_book(tmp_path / "book", market_folder, instance=instance)
    answer = call("ingest", "--book", folder, "--quiet", "--tickers", "SYN0002,SYN0005")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("2 of 8 tickers read, 2 changed")
    run = call("run", "--book", folder, "--quiet", "--tickers", "SYN0002,SYN0005")
    assert run.code == 0, run.err
    assert sorted(set(tables_of(folder)["candidates"]["ticker"].to_pylist())) == ["SYN0002", "SYN0005"]


def test_today_in_three_formats(book: Path) -> None:
    table = call("today", "--book", book)
    assert table.code == 0
    assert "2022-01-05" in table.out
    assert "sessions ago" in table.err
    rows = json.loads(call("today", "--book", book, "--format", "json").out)
    assert rows["as_of"] == "2022-01-05"
    parsed = list(csv.reader(io.StringIO(call("today", "--book", book, "--format", "csv").out)))
    assert "ticker" in parsed[0]
    signal_day = json.loads(call("today", "--book", book, "--format", "json", "--signal-day").out)
    assert signal_day["as_of"] == "2021-12-31"
    assert call("today", "--book", book, "--capital", "50000").code == 0


def test_today_refuses_old_bars_when_asked_and_a_book_never_run(
    book: Path, tmp_path: Path, market_folder: Path
) -> None:
    old = call("today", "--book", book, "--max-age", "3")
    assert old.code == 3
    assert "2022-01-05" in old.err
    assert old.out == ""
    never = call("today", "--book", make_book(tmp_path / "new", market_folder))
    assert never.code == 3
    assert "never run" in never.err


def test_report_says_where_it_is(book: Path, tmp_path: Path, market_folder: Path) -> None:
    answer = call("report", "--book", book)
    assert answer.code == 0
    assert "report.html" in answer.out
    never = make_book(tmp_path / "new", market_folder)
    said = call("report", "--book", never)
    assert said.code == 3
    assert said.err == call("today", "--book", never).err == call("sql", "--book", never, "select 1").err


@pytest.mark.parametrize("ending", ["parquet", "csv", "json"])
def test_export_in_three_forms(book: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"candidates.{ending}"
    answer = call("export", "--book", book, "candidates", "--out", out, "--grid", "week")
    assert answer.code == 0, answer.err
    n_rows = pq.read_table(book / "data" / "factor_signals" / "base.parquet").num_rows
    if ending == "parquet":
        data = pq.read_table(out)
        assert data.column_names[:7] == [
            "ticker", "asof_date", "direction", "is_week", "is_bar", "is_own_week", "is_latest",
        ]  # fmt: skip
        rows = data.to_pylist()
        outsiders = (
            "entry stop target rr confidence primary_prob best_prob momentum residual_momentum action risk_level"
        )
        outsiders += " outcome realized_r hold_days stop_day risk_pct time_r_5 time_r_10 time_r_21 time_r_30"
        graded = "outcome realized_r hold_days stop_day risk_pct time_r_5 time_r_10 time_r_21 time_r_30"
        assert set(outsiders.split()) | {f"{name}_open" for name in graded.split()} <= set(data.column_names)
        keys = [(r["ticker"].encode(), r["asof_date"], r["direction"]) for r in rows]
        assert keys == sorted(keys)
    elif ending == "csv":
        rows = list(csv.DictReader(out.open()))
    else:
        rows = json.loads(out.read_text())
    assert rows
    assert n_rows
    assert f"{len(rows):,} rows of candidates" in answer.out


def test_export_chooses_grid_and_profile(book: Path, tmp_path: Path) -> None:
    def exported(*words: str) -> list[dict]:
        out = tmp_path / "x.parquet"
        assert call("export", "--book", book, "candidates", "--out", out, *words).code == 0
        return pq.read_table(out).to_pylist()

    everything = exported()
    for grid in ("week", "bar"):
        assert len(exported("--grid", grid)) == sum(row[f"is_{grid}"] for row in everything)
    seed = exported("--profile", "legacy")
    assert 0 < len(seed) == sum(row["is_bar"] and row["n_forward"] == 30 for row in everything)
    assert any(row["outcome"] is None for row in everything)


def test_export_of_every_table_and_of_none(book: Path, tmp_path: Path) -> None:
    for name in [*tables_of(book), "bar_problems"]:
        assert call("export", "--book", book, name, "--out", tmp_path / "t.csv").code == 0, name
    unknown = call("export", "--book", book, "candidats", "--out", tmp_path / "x.csv")
    assert unknown.code == 2
    assert "did you mean candidates?" in unknown.err
    ending = call("export", "--book", book, "candidates", "--out", tmp_path / "x.xls")
    assert ending.code == 2
    assert ".csv" in ending.err


def test_sql_answers_in_three_formats(book: Path) -> None:
    query = "select ticker, count(*) as n, 'a,b' as t from candidates group by 1 order by 1 limit 2"
    assert "SYN0001" in call("sql", "--book", book, query).out
    rows = list(csv.DictReader(io.StringIO(call("sql", "--book", book, query, "--format", "csv").out)))
    assert [row["ticker"] for row in rows] == ["SYN0001", "SYN0002"]
    assert rows[0]["t"] == "a,b"
    parsed = json.loads(call("sql", "--book", book, query, "--format", "json").out)
    assert [str(row["n"]) for row in parsed] == [row["n"] for row in rows]
    assert "candidates" in call("sql", "--book", book, "show tables").out


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to '{lake}/evil.parquet'",
        "copy (select 1) to '{outside}/evil.csv'",
        "export database '{lake}/dump'",
        "attach '{lake}/evil.duckdb'",
        "create table evil as select 1",
        "insert into candidates select * from candidates",
        "select 1; copy (select 1) to '{lake}/evil.parquet'",
        "explain analyze copy (select 1) to '{lake}/evil.parquet'",
        "select * from read_csv('{outside}/secret.csv')",
        "select * from '{outside}/secret.csv'",
        "select * from read_text('{outside}/secret.csv')",
        "select * from glob('{outside}/*')",
        "set enable_external_access = true",
        "install httpfs",
        "select * from nowhere",
        "selekt",
        "",
    ],
)
def test_sql_neither_writes_nor_reads_outside(book: Path, tmp_path: Path, query: str) -> None:
    (tmp_path / "secret.csv").write_text("a\nsecret\n")
    before = sorted(p for p in tmp_path.rglob("*"))
    answer = call("sql", "--book", book, query.format(lake=book / "data", outside=tmp_path))
    assert answer.code == 2, answer.out
    assert "secret\n" not in answer.out
    assert sorted(p for p in tmp_path.rglob("*")) == before


def test_demo_makes_its_book_and_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = call("demo", "--tickers", "6", "--years", "1.5", "--quiet")
    assert answer.code == 0, answer.err
    folder = tmp_path / ".btassets" / "demo"
    assert "as of              2025-12-31" in answer.out
    assert str(folder / "reports" / "latest" / "report.html") in answer.out
    assert (folder / "warehouse.duckdb").is_file()
    again = call("demo", "--tickers", "6", "--years", "1.5", "--quiet")
    assert "nothing changed" in again.err
    longer = call("demo", "--tickers", "6", "--years", "1.5", "--extend", "5", "--quiet")
    assert longer.code == 0, longer.err
    assert "as of              2026-01-08" in longer.out


def test_grade_without_a_book(tmp_path: Path, book: Path, market_folder: Path) -> None:
    setups = tmp_path / "setups.parquet"
    assert call("export", "--book", book, "candidates", "--out", setups, "--profile", "legacy").code == 0
    answer = call(
        "grade", "--candidates", setups, "--bars", market_folder / "bars", "--benchmark", market_folder / "SPY.parquet",
        "--profile", "legacy", "--out", tmp_path / "r.json", "--out-rows", tmp_path / "rows.parquet",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["candidates"] == pq.read_metadata(tmp_path / "rows.parquet").num_rows > 0
    missing = call(
        "grade",
        "--candidates",
        tmp_path / "no.parquet",
        "--bars",
        market_folder / "bars",
        "--out",
        tmp_path / "r2.json",
    )
    assert missing.code == 2
    assert "no.parquet" in missing.err
    typo = call("grade", "--candidates", setups, "--bars", market_folder / "bars", "--out", tmp_path / "r2.json",
                "--set", "gates.min_r=1")  # fmt: skip
    assert typo.code == 2
    assert "did you mean gates.min_rr?" in typo.err


def test_words_that_make_no_command_end_with_2() -> None:
    for words in (["runn"], ["run", "--nope"], ["today", "--format", "xml"], ["run", "--set", "gates.min_rr"]):
        assert call(*words).code == 2, words
    assert call("--version").code == 0
    assert call("--help").code == 0
    assert call().code == 0
    assert call().out == call("--help").out


def test_progress_tells_rate_and_remaining_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from btassets.cli import terminal

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    clock = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: clock[0])
    monkeypatch.setenv("TERM", "xterm")
    for stream in (Terminal(), io.StringIO()):
        clock[0] = 100.0
        show = terminal.Progress(is_quiet=False, stream=stream)
        show("bars", 0, 100)
        clock[0] = 110.0
        show("bars", 25, 100)
        show.stop()
        assert "2.5/s, 30 s left" in stream.getvalue() or "bars: 25 of 100, 2.5/s, 30 s left" in stream.getvalue()
    quiet = io.StringIO()
    terminal.Progress(is_quiet=True, stream=quiet)("bars", 25, 100)
    assert quiet.getvalue() == ""
