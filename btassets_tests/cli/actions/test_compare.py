"""`btassets compare A B` as it is typed."""

import json
from pathlib import Path

import pytest

from btassets_tests.support.book_factory import call, lake_files


@pytest.fixture
def two(book: Path) -> Path:
    answer = call("run", "--book", book, "--quiet", "--set", "gates.min_rr=1", "--as", "loose")
    assert answer.code == 0, answer.err
    return book


def test_it_prints_the_differences_and_where_the_page_is(two: Path) -> None:
    tables = lake_files(two)
    answer = call("compare", "--book", two, "base", "loose")
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert answer.out.startswith("loose against base: ")
    for words in (
        "Net R per setup",
        "Portfolio, Sharpe ratio",
        "trades, fixed hold",
        "removed",
        "added",
        "gates.min_rr",
    ):
        assert words in answer.out
    folder = two / "reports" / "compare-base-loose"
    assert str(folder / "compare.html") in answer.out
    assert json.loads((folder / "compare.json").read_text(encoding="utf-8"))["scenarios"] == ["base", "loose"]
    assert lake_files(two) == tables
    again = {p.name: p.read_bytes() for p in folder.iterdir()}
    call("compare", "--book", two, "base", "loose")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == again


def test_identical_scenarios_say_so(two: Path) -> None:
    answer = call("compare", "--book", two, "loose", "loose", "--format", "json")
    document = json.loads(answer.out)
    assert document["headline"]["verdict"] == "identical"
    assert {row["difference"] for row in document["differences"]} == {0.0}


def test_a_history_without_intervals_says_so(two: Path) -> None:
    document = json.loads(call("compare", "--book", two, "base", "loose", "--format", "json").out)
    short = [row for row in document["differences"] if row["ci_lo"] is None]
    assert short
    assert {row["verdict"] for row in short} == {"too short to tell"}


def test_an_unknown_scenario_is_told_with_the_known_ones(two: Path) -> None:
    answer = call("compare", "--book", two, "base", "losse")
    assert answer.code == 2
    assert answer.err == "btassets: compare: no scenario losse; this book has base, loose.\n"


def test_a_declared_scenario_without_a_run_is_told_what_to_do(two: Path) -> None:
    file = two / "btassets.toml"
    file.write_text(file.read_text(encoding="utf-8") + "\n[scenario.strict.gates]\nmin_rr = 2.0\n", encoding="utf-8")
    answer = call("compare", "--book", two, "base", "strict")
    assert answer.code == 2
    assert "scenario strict was never run; `btassets run --scenario strict` computes it." in answer.err


def test_a_book_that_was_never_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "btassets.toml").write_text('[source]\nkind = "demo"\n', encoding="utf-8")
    answer = call("compare", "--book", tmp_path, "base", "base")
    assert answer.code == 2
    assert answer.err == "btassets: compare: scenario base was never run; `btassets run` computes it.\n"
