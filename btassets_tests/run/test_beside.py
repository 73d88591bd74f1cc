"""Outputs beyond tables: the report's files are written, shown as latest, and missed when changed."""

import shutil

import pytest

from btassets.book.book import open_book
from btassets.book.report_folders import checksum
from btassets.run.beside import has_report_files, write_report_files
from btassets.run.stage_result import ReportFiles
from btassets.storage.lake import Footer

NAME = "2021-04-21-base-0123456789ab"
TEXTS = {"report.json": "{}", "report.html": "<p>", "tickers/A.html": "a"}


@pytest.fixture
def book(tmp_path):
    (tmp_path / "btassets.toml").write_text('[source]\nkind = "demo"\n[storage]\nkeep_reports = 1\n')
    return open_book(tmp_path, environ={})


def footer(name=NAME, files=TEXTS):
    return [
        Footer("h", "v", 1, {"folder": f"reports/{name}", "files": {n: checksum(t.encode()) for n, t in files.items()}})
    ]


def test_written_files_are_there_and_latest_shows_them(book):
    assert not has_report_files(book, footer())
    write_report_files(book, ReportFiles(NAME, TEXTS))
    assert has_report_files(book, footer())
    assert (book.reports / "latest" / "tickers" / "A.html").read_text() == "a"


@pytest.mark.parametrize("name", list(TEXTS))
@pytest.mark.parametrize("place", [NAME, "latest"])
def test_a_file_that_is_gone_or_changed_is_missed(book, name, place):
    write_report_files(book, ReportFiles(NAME, TEXTS))
    path = book.reports / place / name
    path.write_text("other")
    assert not has_report_files(book, footer())
    path.unlink()
    assert not has_report_files(book, footer())


def test_a_scenario_is_not_shown_as_latest_and_does_not_need_it(book):
    write_report_files(book, ReportFiles(NAME, TEXTS))
    strict = open_book(book.folder, scenario="mine", overrides={"gates.min_rr": 2.0}, environ={})
    other = NAME.replace("base", "mine")
    write_report_files(strict, ReportFiles(other, TEXTS))
    assert (book.reports / "latest").resolve().name == NAME
    shutil.rmtree(book.reports / NAME)
    assert has_report_files(strict, footer(other))
    assert not has_report_files(book, footer())


def test_only_the_newest_reports_are_kept(book):
    older = NAME.replace("2021", "2020")
    write_report_files(book, ReportFiles(older, TEXTS))
    write_report_files(book, ReportFiles(NAME, TEXTS))
    assert sorted(p.name for p in book.reports.iterdir()) == [NAME, "latest"]


def test_no_footer_or_no_file_in_it_is_no_report(book):
    write_report_files(book, ReportFiles(NAME, TEXTS))
    for footers in ([], [None], footer(files={})):
        assert not has_report_files(book, footers)
