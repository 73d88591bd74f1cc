"""The notebook runs, cell by cell, in the folder of a book; it is kept without outputs.

A notebook server is not needed for that: code cells are Python, and the last expression of each is its answer.
"""

import ast
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from btassets_tests.support.book_factory import call, lake_files

NOTEBOOK = Path(__file__).resolve().parent.parent / "docs" / "first_look.ipynb"


def cells() -> list[dict[str, Any]]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def answer_of(source: str, names: dict[str, Any], place: str) -> Any:
    """Run a cell; the value of its last line when that is an expression."""
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, place, "exec"), names)
    return eval(compile(last, place, "eval"), names) if last is not None else None


def test_every_cell_runs_on_a_book_and_shows_something(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("run", "--book", book, "--quiet").code == 0  # the book was moved here: its views follow
    before = lake_files(book)
    monkeypatch.chdir(book)
    names: dict[str, Any] = {}
    answers = [
        answer_of("".join(cell["source"]), names, f"cell {k}")
        for k, cell in enumerate(cells())
        if cell["cell_type"] == "code"
    ]
    shown = [answer for answer in answers if answer is not None]
    assert len(shown) == len(answers) - 1  # the last cell closes the warehouse
    for answer in shown:
        assert isinstance(answer, pd.DataFrame | pd.Series)
        assert len(answer)
    assert lake_files(book) == before


def test_the_notebook_is_kept_without_outputs() -> None:
    kept = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (kept["nbformat"], kept["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in kept["cells"]}) == len(kept["cells"])
    for cell in kept["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
