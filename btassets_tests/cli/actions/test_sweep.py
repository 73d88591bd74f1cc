"""`btassets sweep` as it is typed: what it prints, which files it leaves, what it refuses."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from btassets.book.settings_file import set_in_file
from btassets_tests.support.book_factory import Answer, call, finish, lake_files, start

GRID = ("gates.min_rr=1:2:0.5", "exits.hold_days=10,30")


def swept(book: Path, *words: object) -> Answer:
    return call("sweep", "--book", book, "--quiet", *words)


def only_folder(book: Path) -> Path:
    (folder,) = (book / "reports").glob("sweep-*")
    return folder


def test_it_prints_the_field_the_best_cells_and_where_the_files_are(book: Path) -> None:
    tables = lake_files(book)
    report = (book / "reports" / "latest" / "report.json").read_bytes()
    answer = swept(book, *GRID)
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert "6 portfolios tried here" in answer.out
    assert "exits.hold_days down, gates.min_rr across" in answer.out
    folder = only_folder(book)
    for name in ("sweep.html", "sweep.json", "sweep.csv"):
        assert (folder / name).is_file()
        assert str(folder / name) in answer.out
    # The ledger of trials may grow; no number of the book may change.
    assert {k: v for k, v in lake_files(book).items() if not k.startswith(("trials/", ".copies/"))} == {
        k: v for k, v in tables.items() if not k.startswith(("trials/", ".copies/"))
    }
    assert (book / "reports" / "latest" / "report.json").read_bytes() == report


def test_the_same_sweep_leaves_the_same_bytes(book: Path) -> None:
    swept(book, *GRID)
    before = {p.name: p.read_bytes() for p in only_folder(book).iterdir()}
    swept(book, *GRID)
    assert {p.name: p.read_bytes() for p in only_folder(book).iterdir()} == before


def test_formats_and_out_hold_the_same_cells(book: Path, tmp_path: Path) -> None:
    document = json.loads(swept(book, *GRID, "--format", "json").out)
    assert len(document["cells"]) == 6
    rows = list(csv.DictReader(io.StringIO(swept(book, *GRID, "--format", "csv").out)))
    assert [row["gates.min_rr"] for row in rows] == ["1", "1", "1.5", "1.5", "2", "2"]
    assert [int(row["n_setups"]) for row in rows] == [cell["n_setups"] for cell in document["cells"]]
    out = tmp_path / "cells.parquet"
    answer = swept(book, *GRID, "--out", out)
    assert str(out) in answer.out
    assert pq.read_table(out)["trades"].to_pylist() == [cell["trades"] for cell in document["cells"]]


def test_set_holds_in_every_cell_and_is_not_the_base(book: Path) -> None:
    plain = json.loads(swept(book, *GRID, "--format", "json").out)
    halved = json.loads(swept(book, *GRID, "--set", "portfolio.max_positions=1", "--format", "json").out)
    assert halved["scenario"].startswith("set-")
    assert sum(c["trades"] for c in halved["cells"]) < sum(c["trades"] for c in plain["cells"])
    assert len(list((book / "reports").glob("sweep-*"))) == 2


def test_exit_and_measure_are_what_was_asked_for(book: Path) -> None:
    document = json.loads(swept(book, *GRID, "--exit", "target", "--by", "net_avg_r", "--format", "json").out)
    assert (document["policy"], document["by"]) == ("target", "net_avg_r")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["gates.min_rrr=1"], "gates.min_rrr: no such setting (command line); did you mean gates.min_rr?"),
        (["gates.min_rr=two"], 'gates.min_rr = "two": must be a number >= 0 (command line)'),
        (["profile=legacy,standard"], "sweep profile: a set of many settings"),
        (["engine.gap_days=31:72:1"], "sweep: 42 combinations of the engine's settings, more than 40"),
        (["gates.min_rr=1", "--scenario", "nobody"], "scenario nobody: not defined in"),
        (
            ["gates.min_rr=1", "--out", "cells.xls"],
            "--out cells.xls: has the suffix .xls; use .parquet, .csv",
        ),
        ([], "missing argument"),
    ],
)
def test_wrong_words_end_with_two(book: Path, words: list[str], text: str) -> None:
    answer = swept(book, *words)
    assert answer.code == 2
    assert text in answer.err


def test_a_book_without_bars_ends_with_three(tmp_path: Path) -> None:
    (tmp_path / "btassets.toml").write_text('[source]\nkind = "demo"\n', encoding="utf-8")
    answer = swept(tmp_path, "gates.min_rr=1,2")
    assert answer.code == 3
    assert answer.err.endswith("no replay for the sweep; `btassets run` reads the bars and replays.\n")


def test_reports_that_cannot_be_written_end_with_seven(book: Path) -> None:
    (book / "reports").rename(book / "old-reports")
    (book / "reports").write_text("no folder", encoding="utf-8")
    answer = swept(book, *GRID)
    assert answer.code == 7
    assert "reports" in answer.err


def test_it_waits_for_a_run_or_says_who_holds_the_book(book: Path) -> None:
    from btassets.storage.lock import book_lock

    with book_lock(book, "run of scenario base"):
        answer = finish(start("sweep", "--book", book, "gates.min_rr=1,2", "--no-wait"))
    assert answer.code == 2
    assert "another run (run of scenario base" in answer.err


def test_old_sweeps_go_with_keep_sweeps(book: Path) -> None:
    set_in_file(book / "btassets.toml", {"storage.keep_sweeps": 2})
    for n in range(5):
        assert swept(book, f"gates.min_rr=1,{n + 2}").code == 0
    assert len(list((book / "reports").glob("sweep-*"))) == 2
