"""The report's files, its document's own numbers, and what a failed run leaves."""

import importlib
import os
from pathlib import Path
from typing import Any

import pytest

from btassets.book.book import Book
from btassets.book.report_folders import LATEST, folder_name, point_latest, sweep_reports, write_report
from btassets.graph.flow import STAGES
from btassets.run.run_stage import compute, write_beside
from btassets.run.stage_result import StageResult
from btassets.run.tables import inputs_of
from btassets.stages.report import backtest_report
from btassets.stages.report.ticker_pages import json_beside
from btassets_tests.support.small_books import document_of, every_book, folder_of, run_book, scenario_book

NAMES = ("base", "legacy", "nothing", "everything", "one ticker, no benchmark", "nobody is ranked")
FILES = ("report.json", "report.html", "report.md")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def _written(book: Book) -> StageResult:
    """Compute the report again and let the runner write its files."""
    stage = STAGES["backtest_report"]
    result = compute(stage, book)
    write_beside(stage, book, result)
    return result


@pytest.mark.parametrize("name", NAMES)
def test_equal_inputs_give_equal_bytes(name: str) -> None:
    book = every_book()[name]
    before = _bytes(folder_of(book))
    result = _written(book)
    assert _bytes(folder_of(book)) == before
    row = result.tables["backtest_report"].to_pylist()[0]
    assert row["folder"] == f"reports/{folder_of(book).name}"
    assert row["headline"] == document_of(book)["headline"]["text"]
    folder = folder_of(book)
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    pages = document_of(book)["ticker_pages"].values()
    assert found == {*FILES, *pages, *(json_beside(page) for page in pages)}


def test_latest_shows_base_and_moves_with_the_book() -> None:
    base, other = run_book(), scenario_book("legacy")
    latest = base.reports / LATEST
    assert latest.is_symlink()
    assert not latest.readlink().is_absolute()
    _written(other)
    assert latest.resolve() == folder_of(base).resolve()
    assert folder_of(other) != folder_of(base)


def test_a_failed_run_leaves_the_last_report(monkeypatch: pytest.MonkeyPatch) -> None:
    book = run_book()
    before = _bytes(book.reports / LATEST)

    def fail(_: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(backtest_report, "page", fail)
    with pytest.raises(ZeroDivisionError):
        backtest_report.compute(*inputs_of("backtest_report", book))
    assert _bytes(book.reports / LATEST) == before
    assert not list(book.reports.rglob(".tmp-*"))


def test_where_links_are_refused_latest_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    for text in ("one", "two"):
        name = folder_name("2021-04-21", "base", "0123456789ab" if text == "one" else "ba9876543210")
        write_report(tmp_path, name, {"report.json": text})
        point_latest(tmp_path, name)
        assert not (tmp_path / LATEST).is_symlink()
        assert (tmp_path / LATEST / "report.json").read_text(encoding="utf-8") == text


def test_only_the_newest_reports_stay(tmp_path: Path) -> None:
    names = [folder_name(f"2021-04-{day:02d}", "base", "0123456789ab") for day in range(1, 7)]
    for age, name in enumerate(names):
        write_report(tmp_path, name, {"report.json": name})
        os.utime(tmp_path / name, (1_000 + age, 1_000 + age))
    (tmp_path / "mine").mkdir()
    point_latest(tmp_path, names[0])
    assert set(sweep_reports(tmp_path, 2)) == set(names[1:4])
    assert {p.name for p in tmp_path.iterdir()} == {names[0], *names[4:], "mine", LATEST}


def test_the_report_needs_no_dagster() -> None:
    for name in ("report_page", "markdown", "todays_list", "ticker_page"):
        source = Path(importlib.import_module(f"btassets.render.{name}").__file__).read_text(encoding="utf-8")
        assert "dagster" not in source
        assert "btassets.stages" not in source.replace("`stages", "")
