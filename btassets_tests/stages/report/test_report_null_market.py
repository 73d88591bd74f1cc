"""The market without an edge in the report document."""

import shutil

import pytest

from btassets.book.book import open_book
from btassets.run.null_versions import compared_numbers, folder_of, name_complete, version_key, write_version
from btassets.run.tables import inputs_of
from btassets.stages.report.report_null_market import null_market_document
from btassets_tests.support.small_books import run_book


@pytest.fixture
def book(tmp_path):
    shutil.copytree(run_book().folder, tmp_path / "book")
    return open_book(tmp_path / "book", environ={})


def document(book):
    return null_market_document(inputs_of("backtest_report", book)[0])


def test_none_before_any_version_was_run(book):
    assert document(book) is None


def test_numbers_are_split_by_unit_and_rounded(book):
    real = compared_numbers(lambda table: book.lake.read(table, "base").to_pylist())
    for k, shift in ((1, -1.0), (2, 1.0)):
        numbers = {row["what"]: None if row["real"] is None else row["real"] + shift for row in real}
        write_version(folder_of(book, version_key(book)), k, numbers)
    name_complete(book, version_key(book), 2, "2025-11-07")
    found = document(book)
    assert (found["as_of"], found["is_current"], found["n_versions"]) == ("2025-11-07", True, 2)
    rows = [row for part in ("signals", "setups", "portfolio") for row in found[part]]
    assert [row["what"] for row in rows] == [row["what"] for row in real]
    assert {row["unit"] for row in found["signals"]} == {"ic"}
    assert {row["unit"] for row in found["setups"]} == {"r"}
    known = [row for row in rows if row["real"] is not None]
    assert len(known) > 10
    assert all((row["n_at_least"], row["share"]) == (1, 0.667) for row in known)
    for row, given in zip(known, (row for row in real if row["real"] is not None), strict=True):
        digits = {"ic": 4, "r": 3, "pct_a_year": 1, "ratio": 2, "n": 2}[row["unit"]]
        assert row["real"] == round(given["real"], digits)
        assert row["null_lo"] == pytest.approx(given["real"] - 1.0, abs=0.06)
