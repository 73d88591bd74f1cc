"""House rules: sizes, places and imports that keep the tree readable.

Belongs here: what holds for every module of the package. Does not belong here: what the code computes,
and what the documentation promises (`test_tree.py`).
"""

import ast
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "btassets"
TESTS = ROOT / "btassets_tests"

MAX_MODULES = 20
MAX_LINES = 400
MAX_FUNCTION_LINES = 80
MAX_POSITIONAL = 8

LONG_FILES: dict[str, str] = {}
"""Files above `MAX_LINES`, each with its reason."""

LONG_FUNCTIONS: dict[str, str] = {}
"""Functions above `MAX_FUNCTION_LINES`: compiled kernels, each with its reason."""

WIDE_FUNCTIONS: dict[str, str] = {}
"""Functions above `MAX_POSITIONAL` positional parameters, each with its reason."""

LATE_IMPORTS: dict[str, str] = {}
"""Modules outside cli/ that import inside a function: optional extras and what is too heavy to start with."""

MIRRORED_FAMILIES = ("btassets/cli/", "btassets/graph/", "btassets/render/sections/")
"""Folders whose files are named after commands, groups and sections: their stems repeat on purpose."""

WITHOUT_TEST: dict[str, str] = {}
"""Modules without a test of their own name, each with what tests them."""


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


def test_no_folder_holds_too_many_modules() -> None:
    counts = Counter(str(Path(name).parent) for name in modules() if _is_named(name))
    assert {folder: n for folder, n in counts.items() if n > MAX_MODULES} == {}


def test_no_file_is_too_long() -> None:
    lengths = {name: (ROOT / name).read_text(encoding="utf-8").count("\n") for name in modules()}
    assert {name for name, n in lengths.items() if n > MAX_LINES} == set(LONG_FILES)


def test_no_function_is_too_long() -> None:
    long = {name for name, node in _functions() if (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES}
    assert long == set(LONG_FUNCTIONS)


def test_no_function_takes_too_many_positional_parameters() -> None:
    wide = {name for name, node in _functions() if len(node.args.posonlyargs) + len(node.args.args) > MAX_POSITIONAL}
    assert wide == set(WIDE_FUNCTIONS)


def test_imports_stand_at_the_top() -> None:
    late = {
        name.partition(":")[0]
        for name, node in _functions()
        if not name.startswith("btassets/cli/")
        and any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
    }
    assert late == set(LATE_IMPORTS)


def test_no_two_modules_share_a_stem() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for name in modules():
        if _is_named(name) and not name.startswith(MIRRORED_FAMILIES):
            places[Path(name).stem].append(name)
    assert {stem: found for stem, found in places.items() if len(found) > 1} == {}


def test_every_module_has_a_test_at_its_place() -> None:
    bare = set()
    for name in modules():
        if not _is_named(name):
            continue
        place = TESTS / Path(name).relative_to("btassets")
        if not place.with_name(f"test_{place.name}").is_file():
            bare.add(name)
    assert bare == set(WITHOUT_TEST)
