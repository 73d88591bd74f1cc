"""Every number in a table or tile of any page is in the document beside it: report, tickers, sweep, compare, grade."""

import json
from typing import Any

import pytest

from btassets.studies.compare.compare import compare_document
from btassets.studies.compare.compare_page import compare_page
from btassets.studies.grade.grade import grade_candidates
from btassets.studies.grade.grade_page import grade_document, grade_page
from btassets.studies.sweep.sweep import sweep_document
from btassets.studies.sweep.sweep_page import sweep_page
from btassets_tests.support.grade_cases import golden_market, profile_settings, read_table
from btassets_tests.support.parsed_page import parse
from btassets_tests.support.shown_numbers import not_in_document
from btassets_tests.support.small_books import every_book, folder_of, run_book, scenario_book

BOOKS = ("base", "legacy", "nothing", "everything", "one ticker, no benchmark", "nobody is ranked")


def compared(html: str, document: Any, n_cells: int) -> None:
    """No number of the page is missing in the document, as it is written; and a number changed on the page is found."""
    written = json.loads(json.dumps(document, allow_nan=False))
    page, broken = parse(html)
    assert not broken
    cells = [cell for tag in ("td", "dd") for cell in page.all(tag)]
    assert len(cells) >= n_cells
    assert not (found := not_in_document(page, written)), "\n".join(found[:20])
    cells[0].words.append(" 98765.4321")
    assert len(not_in_document(page, written)) == 1


@pytest.mark.parametrize("name", BOOKS)
def test_of_a_report_and_its_ticker_pages(name: str) -> None:
    folder = folder_of(every_book()[name])
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    compared((folder / "report.html").read_text(encoding="utf-8"), document, 50)
    pages = sorted((folder / "tickers").glob("*.html")) if (folder / "tickers").is_dir() else []
    assert len(pages) == len(document["ticker_pages"])
    assert pages or name in ("nobody is ranked", "nothing")
    for path in pages:
        own = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        compared(path.read_text(encoding="utf-8"), own, 20)


@pytest.mark.parametrize("other", ["legacy", "nothing", "everything"])
def test_of_a_comparison(other: str) -> None:
    document = compare_document(run_book(), scenario_book(other))
    compared(compare_page(document), document, 50)


@pytest.mark.parametrize("words", [("gates.min_rr=0:3:0.5", "exits.hold_days=5,10"), ("gates.min_rr=98,99",)])
def test_of_a_sweep(words: tuple[str, ...]) -> None:
    document = sweep_document(run_book(), words, progress=lambda _done, _total: None, replay=lambda _books: None)
    compared(sweep_page(document), document, 20)


@pytest.mark.parametrize("profile", ["standard", "legacy"])
def test_of_graded_setups(profile: str) -> None:
    result = grade_candidates(read_table("candidates_ungated"), *golden_market(), profile_settings(profile))
    document = grade_document(result, name="mine", benchmark="SPY")
    compared(grade_page(document, "graded.json"), document, 50)
