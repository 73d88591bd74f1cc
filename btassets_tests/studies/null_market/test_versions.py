"""The null market of a small book: runs, resumes, is kept by version, refuses what cannot be."""

import json
import shutil

import pytest

from btassets.book.book import open_book
from btassets.errors import UsageError
from btassets.run.run_stage import run_stage
from btassets.studies.null_market.versions import (
    book_numbers,
    compared,
    null_market_document,
    run_version,
    version_key,
)
from btassets_tests.support.book_factory import call
from btassets_tests.support.own_panel import window
from btassets_tests.support.small_books import run_book


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("null") / "book"
    shutil.copytree(run_book().folder, folder)
    return open_book(folder, environ={})


def test_two_versions_run_are_kept_and_are_not_run_again(book):
    seen = []
    document = null_market_document(book, 2, n_jobs=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]
    real = book_numbers(book)
    assert [row["what"] for row in document["rows"]] == list(real)
    assert {row["real"] == real[row["what"]] for row in document["rows"]} == {True}
    assert all(row["n"] == 2 for row in document["rows"] if row["real"] is not None and "signal" in row["what"])
    kept = book.lake.root / "null_market" / version_key(book)
    first = (kept / "1.json").read_text(), (kept / "1.json").stat().st_mtime_ns
    assert json.loads(first[0]) != json.loads((kept / "2.json").read_text())  # another draw of signs
    (kept / "2.json").unlink()  # as if the run had been killed before it
    seen.clear()
    again = null_market_document(book, 2, n_jobs=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    assert again == document
    assert ((kept / "1.json").read_text(), (kept / "1.json").stat().st_mtime_ns) == first
    answer = call("null-market", "--book", book.folder, "--k", 2, "--quiet", "--workers", 1)
    assert answer.code == 0
    assert "It does not test" in answer.out
    assert json.loads((book.lake.root / "null_market" / "base.json").read_text()) == document


@pytest.mark.parametrize("k", [0, 1000])
def test_a_number_of_versions_that_cannot_be_run_is_refused(book, k):
    with pytest.raises(UsageError, match="1 to 999"):
        null_market_document(book, k)


def test_a_book_that_never_ran_is_refused(tmp_path):
    call("init", tmp_path / "new")
    answer = call("null-market", "--book", tmp_path / "new", "--quiet")
    assert (answer.code, "was never run" in answer.err) == (2, True)


def test_where_the_real_number_falls():
    rows = compared(
        {"a": 2.0, "b": None, "c": 0.0}, [{"a": 1.0, "b": 1.0}, {"a": 3.0, "c": None}, {"a": 0.0, "c": -1.0}]
    )
    assert [(row["n"], row["share"]) for row in rows] == [(3, 0.5), (1, None), (1, 0.5)]
    assert rows[0]["null_mean"] == pytest.approx(4 / 3)
    assert rows[1]["null_sd"] is None


def test_own_signals_are_judged_on_the_versions_too(tmp_path):
    folder = tmp_path / "book"
    shutil.copytree(run_book().folder, folder)
    before = version_key(open_book(folder, environ={}))
    (folder / "own").mkdir()
    (folder / "own" / "idea.py").write_text(window("return w.close[-1] / w.close[0]"))
    for stage in ("own_signals", "stat_signals"):
        run_stage(stage, open_book(folder, environ={}))
    book = open_book(folder, environ={})
    assert version_key(book) != before
    run_version(str(folder), "base", str(tmp_path / "out"), 1)
    assert "signal idea" in json.loads((tmp_path / "out" / "1.json").read_text())
    assert "signal idea" in book_numbers(book)
