"""Commands that read a run's tables: never run, stale, up to date."""

from pathlib import Path

import pytest

from btassets.book.book import open_book
from btassets.cli.stale import stale_stages
from btassets_tests.support.book_factory import call, make_book

READERS = (
    ["today"],
    ["report"],
    ["export", "trades", "--out", "x.csv"],
    ["export", "candidates", "--out", "x.csv"],
    ["sql", "select 1"],
    ["sweep", "gates.min_rr=1,2"],
)


def test_before_the_first_run_every_reader_says_the_same(
    tmp_path: Path, market_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = make_book(tmp_path / "book", market_folder)
    for words in READERS:
        answer = call(*words, "--book", folder)
        assert answer.code == 3, (words, answer.err)
        assert answer.out == ""
        if words[0] != "sweep":
            assert answer.err == (
                f"btassets: {folder}: this book was never run; `btassets run` reads the bars and replays.\n"
            )


def test_a_scenario_that_was_never_run_is_named(book: Path) -> None:
    file = book / "btassets.toml"
    file.write_text(file.read_text() + "\n[scenario.strict.gates]\nmin_rr = 2.0\n")
    said = {call(*words, "--book", book, "--scenario", "strict").err for words in (["today"], ["report"])}
    assert len(said) == 1
    assert "scenario strict was never run; `btassets run --scenario strict` computes it" in said.pop()


@pytest.mark.parametrize(
    "change",
    ['[universe]\nexclude = ["SYN0003"]', '[universe]\ntickers = ["SYN0001", "SYN0002"]', "[engine]\ngap_days = 5"],
)
def test_a_stale_book_is_said_to_be_stale_and_nothing_crashes(
    book: Path, tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert stale_stages(open_book(book)) == []
    section, line = change.split("\n")
    file = book / "btassets.toml"
    lines = file.read_text().splitlines()
    lines.insert(next(k for k, text in enumerate(lines) if text.startswith(section)) + 1, line)
    file.write_text("\n".join(lines) + "\n")
    sweep = call("sweep", "gates.min_rr=1,2", "--book", book, "--quiet")
    assert sweep.code == 2
    assert "is stale" in sweep.err
    assert "`btassets run` brings it up to date" in sweep.err
    for words in READERS[:4]:
        answer = call(*words, "--book", book)
        assert answer.code == 0, (words, answer.err)
        assert "is stale" in answer.err, words
        assert "`btassets run`" in answer.err
    compared = call("compare", "base", "base", "--book", book)
    assert compared.code == 0
    assert "stale" in compared.err


def test_an_up_to_date_book_has_no_warning(book: Path, tmp_path: Path) -> None:
    assert "stale" not in call("today", "--book", book).err
    assert call("export", "trades", "--book", book, "--out", tmp_path / "x.csv").err == ""
