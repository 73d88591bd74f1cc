"""House rules: sizes, places and imports that keep the tree readable.

Belongs here: what holds for every module of the package. Does not belong here: what the code computes,
and what the documentation promises (`test_tree.py`).
"""

import ast
import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "btassets"
TESTS = ROOT / "btassets_tests"

MAX_MODULES = 20
MAX_LINES = 400
MAX_FUNCTION_LINES = 80
MAX_POSITIONAL = 8

GAPS: dict[str, list[str]] = json.loads((Path(__file__).with_name("house_gaps.json")).read_text(encoding="utf-8"))
"""Where a rule does not hold yet: a list that may only shrink, written by `python -m btassets_tests.test_house`."""

MIRRORED_FAMILIES = ("btassets/cli/", "btassets/graph/", "btassets/render/sections/")
"""Folders whose files are named after commands, groups and sections: their stems repeat on purpose."""


@cache
def modules() -> dict[str, ast.Module]:
    """Syntax tree of every module of the package, by its path from the project's root."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if "__pycache__" not in path.parts
    }


def _functions() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (f"{name}:{node.name}", node)
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _is_named(name: str) -> bool:
    return not name.endswith(("/__init__.py", "/__main__.py"))


def full_folders() -> set[str]:
    """Folders of more than `MAX_MODULES` modules."""
    counts = Counter(str(Path(name).parent) for name in modules() if _is_named(name))
    return {folder for folder, n in counts.items() if n > MAX_MODULES}


def long_files() -> set[str]:
    """Modules of more than `MAX_LINES` lines."""
    return {name for name in modules() if (ROOT / name).read_text(encoding="utf-8").count("\n") > MAX_LINES}


def long_functions() -> set[str]:
    """Functions of more than `MAX_FUNCTION_LINES` lines: compiled kernels are one function by design."""
    return {name for name, node in _functions() if (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES}


def wide_functions() -> set[str]:
    """Functions of more than `MAX_POSITIONAL` positional parameters."""
    return {name for name, node in _functions() if len(node.args.posonlyargs) + len(node.args.args) > MAX_POSITIONAL}


def late_imports() -> set[str]:
    """Modules outside cli/ that import inside a function."""
    return {
        name.partition(":")[0]
        for name, node in _functions()
        if not name.startswith("btassets/cli/")
        and any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
    }


def shared_stems() -> set[str]:
    """Stems that more than one module has, outside of mirrored folders."""
    stems = Counter(Path(name).stem for name in modules() if _is_named(name) and not name.startswith(MIRRORED_FAMILIES))
    return {stem for stem, n in stems.items() if n > 1}


def has_logic(tree: ast.Module) -> bool:
    """Whether a module has a function: constants, types and declarations alone need no test of their own.

    >>> has_logic(ast.parse("A = 1")), has_logic(ast.parse("class B:\\n    def f(self): return 1"))
    (False, True)
    """
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))


def untested_modules() -> set[str]:
    """Modules with logic, without a test of their own name at the mirrored place; others' tests cover them."""
    return {
        name
        for name, tree in modules().items()
        if _is_named(name)
        and has_logic(tree)
        and not (place := TESTS / Path(name).relative_to("btassets")).with_name(f"test_{place.name}").is_file()
    }


RULES: dict[str, Callable[[], set[str]]] = {
    "full_folders": full_folders,
    "late_imports": late_imports,
    "long_files": long_files,
    "long_functions": long_functions,
    "shared_stems": shared_stems,
    "untested_modules": untested_modules,
    "wide_functions": wide_functions,
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_holds_but_for_its_named_gaps(rule: str) -> None:
    found, named = RULES[rule](), set(GAPS[rule])
    assert not found - named, f"{rule}: {sorted(found - named)} break the rule"
    assert not named - found, f"{rule}: {sorted(named - found)} hold it again: take them off house_gaps.json"


def test_the_rules_see_a_breach() -> None:
    tree = ast.parse("def f(a, b, c, d, e, f, g, h, i):\n    import os\n")
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert len(function.args.args) > MAX_POSITIONAL
    assert set(GAPS) == set(RULES)


if __name__ == "__main__":
    text = json.dumps({rule: sorted(find()) for rule, find in RULES.items()}, indent=1)
    Path(__file__).with_name("house_gaps.json").write_text(text + "\n", encoding="utf-8")
