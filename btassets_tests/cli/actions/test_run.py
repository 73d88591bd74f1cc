"""Commands that read and compute: run, ingest, demo."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from btassets_tests.support.book_factory import (
    N_BARS,
    N_TICKERS,
    call,
    lake_files,
    make_book,
    report_bytes,
    tables_of,
)


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
