"""Run the notebook on the demo book and store what its cells show: tables, and charts as pictures.

Belongs here: running cells and storing outputs in the notebook's format. Does not belong here: the cells themselves
(`docs/first_look.ipynb`). No notebook server is needed: code cells are Python, and the last expression of each is its
answer. Needs matplotlib.

    python docs/make_notebook.py [BOOK]     BOOK: the demo book, by default .btassets/demo (made when missing)
"""

import ast
import base64
import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "docs" / "first_look.ipynb"
_LOOK = {
    "figure.figsize": (8.0, 3.4),
    "figure.dpi": 80,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.loc": "lower left",
}


def answer_of(source: str, names: dict[str, Any], place: str) -> Any:
    """Run a cell; the value of its last line when that is an expression."""
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, place, "exec"), names)  # noqa: S102  (cells of this repository)
    return eval(compile(last, place, "eval"), names) if last is not None else None  # noqa: S307


def answers(notebook: dict[str, Any], folder: Path) -> list[Any]:
    """Answer of each code cell, run in order in the folder of a book."""
    names: dict[str, Any] = {}
    mpl.use("Agg")
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    with contextlib.chdir(folder), mpl.rc_context(_LOOK):
        return [answer_of("".join(cell["source"]), names, f"cell {k}") for k, cell in enumerate(code, 1)]


def output_of(answer: Any, count: int) -> list[dict[str, Any]]:
    """Stored form of an answer: a table as HTML and text, a chart as PNG; nothing for None."""
    if answer is None:
        return []
    if isinstance(answer, Axes):
        data = {"image/png": _picture(answer), "text/plain": [f"<chart: {answer.get_title(loc='left')}>"]}
    else:
        frame = answer.to_frame() if isinstance(answer, pd.Series) else answer
        data = {"text/html": _lines(frame.to_html(border=0)), "text/plain": _lines(repr(answer))}
    return [{"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": data}]


def filled(notebook: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The notebook with the outputs of its cells, run in the folder of a book."""
    found = iter(enumerate(answers(notebook, folder), 1))
    cells = []
    for cell in notebook["cells"]:
        kept = cell
        if cell["cell_type"] == "code":
            count, answer = next(found)
            kept = cell | {"execution_count": count, "outputs": output_of(answer, count)}
        cells.append(kept)
    plt.close("all")
    return notebook | {"cells": cells}


def _picture(axes: Axes) -> str:
    out = io.BytesIO()
    # Without the release of matplotlib in the file, the picture changes only with what it shows.
    axes.figure.savefig(out, format="png", bbox_inches="tight", metadata={"Software": None})
    return base64.b64encode(out.getvalue()).decode()


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main(words: list[str]) -> None:
    """Make the demo book where it is missing, then the outputs."""
    book = Path(words[0]) if words else ROOT / ".btassets" / "demo"
    if not (book / "warehouse.duckdb").exists():
        command = [sys.executable, "-m", "btassets.cli", "demo", "--book", str(book), "--quiet"]
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ)  # noqa: S603  (ours)
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    text = json.dumps(filled(notebook, book), indent=1, ensure_ascii=False) + "\n"
    NOTEBOOK.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{NOTEBOOK.relative_to(ROOT)}: {len(text.encode()):,} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
