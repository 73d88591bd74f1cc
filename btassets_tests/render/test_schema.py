"""report.json keeps its published schema, and says neither NaN nor where it was made."""

import json
import math
from importlib import resources
from pathlib import Path

import pytest

from btassets_tests.support.json_schema import problems
from btassets_tests.support.small_books import document_of, every_book, folder_of

NAMES = ("base", "legacy", "nothing", "everything", "longer", "one ticker, no benchmark", "nobody is ranked")
SCHEMA = json.loads(resources.files("btassets.render").joinpath("report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_document_keeps_the_schema(name: str) -> None:
    document = document_of(every_book()[name])
    assert list(problems(document, SCHEMA, SCHEMA)) == []
    assert set(document) <= set(SCHEMA["properties"])
    if name != "legacy":
        book_row = SCHEMA["$defs"]["portfolio_row"]["properties"]
        assert all(set(row) - {"policy"} <= set(book_row) for row in document["portfolio_sim"]["policies"])


@pytest.mark.parametrize("name", NAMES)
def test_no_nan_and_no_machine_path(name: str) -> None:
    book = every_book()[name]
    folder = folder_of(book)

    def refuse(word: str) -> float:
        raise AssertionError(word)

    for file in ("report.json", "report.html", "report.md"):
        text = (folder / file).read_text(encoding="utf-8")
        assert str(book.folder.parent) not in text
        assert str(Path.home()) not in text or str(Path.home()) == "/"
    json.loads((folder / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"tickers": -1}, "tickers"),
        ({"headline": {"text": "x", "verdict": "maybe"}}, "verdict"),
        ({"warnings": ["no code"]}, "warnings"),
        ({"todays_setups": None}, "todays_setups"),
    ],
)
def test_the_checker_finds_what_is_wrong(value: dict, place: str) -> None:
    document = document_of(every_book()["base"]) | value
    assert any(place in problem for problem in problems(document, SCHEMA, SCHEMA))


def test_curves_have_one_value_per_date() -> None:
    for book in every_book().values():
        curves = document_of(book)["equity_curves"]
        for series in curves["series"].values():
            for values in series.values():
                assert values is None or len(values) == len(curves["dates"])
                assert values is None or all(v is None or math.isfinite(v) for v in values)
