"""Commands that make and describe a book: init, config, doctor."""

from pathlib import Path

import pytest

from btassets.settings.load import KEYS
from btassets_tests.support.book_factory import (
    N_BARS,
    N_TICKERS,
    call,
    make_book,
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
