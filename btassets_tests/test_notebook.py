"""The notebook runs, cell by cell, in the folder of a book; what it stores is what its cells show."""

import base64
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from matplotlib.axes import Axes

from btassets_tests.support.book_factory import call, lake_files

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTEBOOK = DOCS / "first_look.ipynb"
N_CHARTS = 4


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_notebook", DOCS / "make_notebook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def notebook() -> dict[str, Any]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))


def kinds(made: dict[str, Any]) -> list[list[str]]:
    """Kinds of output of each code cell."""
    code = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
    return [sorted(kind for output in cell["outputs"] for kind in output["data"]) for cell in code]


def shape_of(made: dict[str, Any]) -> list[Any]:
    """Cells without what they show."""
    return [(cell["cell_type"], cell["id"], cell["source"], cell.get("execution_count")) for cell in made["cells"]]


def test_every_cell_runs_on_a_book_and_shows_what_kind_is_stored(book: Path) -> None:
    assert call("run", "--book", book, "--quiet").code == 0  # the book was moved here: its views follow
    before, script, kept = lake_files(book), _script(), notebook()
    answers = script.answers(kept, book)
    shown = [answer for answer in answers if answer is not None]
    assert len(shown) == len(answers) - 1  # the last cell closes the warehouse
    for answer in shown:
        assert isinstance(answer, pd.DataFrame | pd.Series | Axes)
        if isinstance(answer, Axes):
            assert answer.lines or answer.patches
            assert answer.get_title(loc="left")
        else:
            assert len(answer)
    assert sum(isinstance(answer, Axes) for answer in shown) == N_CHARTS
    made = script.filled(kept, book)
    assert kinds(made) == kinds(kept)
    assert shape_of(made) == shape_of(kept)
    assert lake_files(book) == before


def test_the_notebook_is_kept_with_its_outputs() -> None:
    kept = notebook()
    assert (kept["nbformat"], kept["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in kept["cells"]}) == len(kept["cells"])
    pictures = [
        base64.b64decode(output["data"]["image/png"])
        for cell in kept["cells"]
        for output in cell.get("outputs", [])
        if "image/png" in output["data"]
    ]
    assert len(pictures) == N_CHARTS
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert NOTEBOOK.stat().st_size < 400_000


@pytest.mark.long
def test_the_stored_tables_are_those_of_the_demo_book(tmp_path: Path) -> None:
    book = tmp_path / "demo"
    assert call("demo", "--book", book, "--quiet").code == 0
    kept = notebook()
    made = _script().filled(kept, book)
    for ours, stored in zip(made["cells"], kept["cells"], strict=True):
        tables = [[output["data"].get("text/html") for output in cell.get("outputs", [])] for cell in (ours, stored)]
        assert tables[0] == tables[1], "".join(stored["source"])
