"""The null market of a small book: runs, resumes, is kept by version, refuses what cannot be."""

import json
import shutil

import pytest

from btassets.book.book import open_book
from btassets.book.deep_check import deep_check
from btassets.errors import UsageError
from btassets.run.null_versions import null_versions, version_key
from btassets.run.run_stage import run_stage
from btassets.studies.null_market.versions import null_market_document, numbers_of_book, run_versions
from btassets_tests.support.book_factory import call
from btassets_tests.support.own_panel import window
from btassets_tests.support.small_books import run_book


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("null") / "book"
    shutil.copytree(run_book().folder, folder)
    return open_book(folder, environ={})


def damaged_versions(book):
    return [text for part in deep_check(book) for text in part.damaged if "null_market" in text]


def test_two_versions_run_are_kept_and_are_not_run_again(book):
    seen = []
    document = null_market_document(book, 2, n_jobs=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]
    real = {row["what"]: row["real"] for row in numbers_of_book(book)}
    assert [(row["what"], row["real"]) for row in document["rows"]] == list(real.items())
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
    named = json.loads((book.lake.root / "null_market" / "base.json").read_text())
    assert (named["version"], named["n_versions"]) == (version_key(book), 2)
    assert damaged_versions(book) == []
    (kept / "2.json").write_text((kept / "2.json").read_text().replace("signal", "Signal", 1))
    assert len(damaged_versions(book)) == 1
    assert null_market_document(book, 2, n_jobs=1) == document  # the damaged version is run again


@pytest.mark.parametrize("k", [0, 1000])
def test_a_number_of_versions_that_cannot_be_run_is_refused(book, k):
    with pytest.raises(UsageError, match="1 to 999"):
        null_market_document(book, k)


def test_a_book_that_never_ran_is_refused(tmp_path):
    call("init", tmp_path / "new")
    answer = call("null-market", "--book", tmp_path / "new", "--quiet")
    assert (answer.code, "was never run" in answer.err) == (2, True)


def test_the_report_shows_the_versions_and_says_when_they_are_older(book):
    run_versions(book, 2, n_jobs=1)
    assert not run_stage("backtest_report", book).is_cached
    assert run_stage("backtest_report", book).is_cached
    report = _report(book)
    found = report["null_market"]
    assert (found["n_versions"], found["is_current"], found["as_of"]) == (2, True, report["as_of"])
    by_name = {row["what"]: row for part in ("signals", "setups", "portfolio") for row in found[part]}
    real = {row["what"]: row for row in numbers_of_book(book)}
    assert by_name.keys() == real.keys()
    for name, row in by_name.items():
        assert row["real"] == pytest.approx(real[name]["real"], abs=0.06), name
    changed = open_book(book.folder, environ={"BTASSETS__COSTS__PER_SIDE_FRAC": "0.002"})
    stored = null_versions(changed)
    assert stored is not None
    assert (stored.is_current, len(stored.numbers)) == (False, 2)


def test_a_smaller_set_does_not_replace_a_larger_one_and_a_damaged_version_is_run_again(book):
    run_versions(book, 2, n_jobs=1)
    assert run_versions(book, 1, n_jobs=1) == 0
    assert len(null_versions(book).numbers) == 2
    path = book.lake.root / "null_market" / version_key(book) / "2.json"
    before = path.read_text()
    path.write_text(before[:-9])
    assert null_versions(book) is None
    assert run_versions(book, 2, n_jobs=1) == 1
    assert path.read_text() == before


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
    assert run_versions(book, 1, n_jobs=1) == 1
    assert "signal idea" in null_versions(book).numbers[0]


def _report(book):
    return json.loads((book.folder / "reports" / "latest" / "report.json").read_text())
