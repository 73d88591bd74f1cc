"""Every command: what it prints, what it writes, how it ends."""

import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from btassets_tests.support.book_factory import (
    call,
    lake_files,
    report_bytes,
)


def test_without_a_book_a_command_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["run"], ["today"], ["doctor"], ["config"], ["report"], ["export", "trades", "--out", "x.csv"]):
        answer = call(*words)
        assert answer.code == 2, words
        assert "btassets init" in answer.err
    assert list(tmp_path.iterdir()) == []


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
