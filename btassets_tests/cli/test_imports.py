"""What an import costs and touches: nothing heavy before a command is known, no file, no environment."""

import ast
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import btassets
from btassets_tests.support.book_factory import PROJECT

HEAVY = {"dagster", "pyarrow", "numba", "pandas", "duckdb", "numpy", "pydantic", "exchange_calendars", "scipy"}
READS_A_BOOK = {"btassets.definitions", "btassets.preload", "btassets.cli.__main__"}

MODULES = [name for _, name, _ in pkgutil.walk_packages(btassets.__path__, "btassets.") if name not in READS_A_BOOK]


def loaded_after(program: str, cwd: Path, **environment: str) -> set[str]:
    """Top-level packages in a new interpreter after a program."""
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys, json; print(); print(json.dumps(sorted(sys.modules)))"],
        cwd=cwd, env={**os.environ, "PYTHONPATH": path, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["--version"]], ids=" ".join)
def test_help_imports_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    program = f"from btassets.cli.main import main\ntry:\n    main({words!r})\n"
    program += "except SystemExit as stop:\n    assert not stop.code"
    assert loaded_after(program, tmp_path) & HEAVY == set()


PLANNING = (
    *(f"cli.actions.{name}" for name in ("run", "look", "sql", "compare")),
    "plan",
    "run.freshness",
    "studies.compare.compare",
)


@pytest.mark.parametrize("name", PLANNING)
def test_planning_and_looking_load_no_compiler(tmp_path: Path, name: str) -> None:
    """A run that finds nothing to do, `report`, `sql`, `export`: none of them computes a book."""
    assert loaded_after(f"import btassets.{name}", tmp_path) & {"numba", "dagster", "pandas", "scipy"} == set()


def test_an_import_reads_no_book_and_no_environment(tmp_path: Path) -> None:
    (tmp_path / "btassets.toml").write_text("this is no TOML")
    before = sorted(tmp_path.iterdir())
    program = f"import importlib\nfor name in {MODULES!r}:\n    importlib.import_module(name)"
    rubbish = {"BTASSETS__GATES__MIN_RR": "rubbish", "BTASSETS_BOOK": "/nowhere", "BTASSETS__NOPE": "1"}
    loaded_after(program, tmp_path, **rubbish)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "package",
    ["engine", "settings", "sources", "storage", "render", "stages", "studies", "run", "book", "graph"],
)
def test_only_defs_and_what_stands_on_them_import_dagster(tmp_path: Path, package: str) -> None:
    names = [name for name in MODULES if name.startswith(f"btassets.{package}.")]
    assert names
    program = f"import importlib\nfor name in {names!r}:\n    importlib.import_module(name)"
    assert "dagster" not in loaded_after(program, tmp_path)


def _at_import(tree: ast.Module) -> list[ast.AST]:
    """Nodes that run when a module is imported: not those inside functions."""
    waiting: list[ast.AST] = list(tree.body)
    found: list[ast.AST] = []
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += list(ast.iter_child_nodes(node))
    return found


@pytest.mark.parametrize("name", MODULES)
def test_no_module_looks_around_while_it_is_imported(name: str) -> None:
    path = PROJECT / Path(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    outside = {"environ", "getenv", "open", "read_text", "read_bytes", "cwd", "now", "today", "getcwd"}
    for node in _at_import(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert called not in outside, f"{path.name}:{node.lineno} calls {called} at import"
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("environ",), f"{path.name}:{node.lineno} reads the environment at import"


def test_no_string_annotations_in_defs() -> None:
    for path in (PROJECT / "btassets" / "defs").glob("*.py"):
        assert "from __future__ import annotations" not in path.read_text(encoding="utf-8"), path.name
