"""House rules: sizes, places and imports that keep the tree readable.

Belongs here: what holds for every module of the package. Does not belong here: what the code computes,
and what the documentation promises (`test_tree.py`).
"""

import ast
import json
import re
import tomllib
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
MAX_LATE = 9
"""Imports that wait inside a function for their cost, outside of cli/ and extras."""

GAPS: dict[str, list[str]] = json.loads((Path(__file__).with_name("house_gaps.json")).read_text(encoding="utf-8"))
"""Where a rule does not hold yet: a list that may only shrink, written by `python -m btassets_tests.test_house`."""

MIRRORED_FAMILIES = ("btassets/cli/", "btassets/graph/", "btassets/render/sections/")
"""Folders whose files are named after commands, groups and sections: their stems repeat on purpose."""


GENERATED = ("btassets/render/report_types.py",)
"""Modules that a generator writes in one piece: the types of report.json."""

LONG_KERNELS = {
    "btassets/engine/cross_section/quantiles.py:_weekly_quantiles": "ten arrays live over the weeks of one signal",
    "btassets/engine/features/indicators.py:window_state": "eight running sums stay in registers over one pass",
    "btassets/engine/portfolio/exits.py:_exits": "one pass writes six arrays; every branch ends an entry",
    "btassets/engine/portfolio/simulation_kernel.py:walk_books": "the state of a portfolio lives over its sessions",
    "btassets/engine/replay/kernel.py:replay_pass": "four positions advance with the as-of bar",
    "btassets/engine/replay/outcome.py:grade_row": "two fills share one pass over the bars ahead",
    "btassets/engine/setups/levels.py:cluster_levels": "scores and free pivots share one scratch array",
}
"""Compiled functions that stay whole, each with what its parts would have to hand to one another."""

LONG_KERNEL_FILES = {
    "btassets/engine/portfolio/simulation_kernel.py": "the walk and what it inlines",
    "btassets/engine/replay/kernel.py": "the pass and what it inlines",
}
"""Files of compiled code that stay whole: a kernel is cached and invalidated with the helpers of its own file."""


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
    return {
        name
        for name in modules()
        if name not in (*GENERATED, *LONG_KERNEL_FILES)
        and (ROOT / name).read_text(encoding="utf-8").count("\n") > MAX_LINES
    }


def long_functions() -> set[str]:
    """Functions of more than `MAX_FUNCTION_LINES` lines, other than the named kernels."""
    return {name for name, node in _functions() if _is_long(node) and name not in LONG_KERNELS}


def _is_long(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES


def wide_functions() -> set[str]:
    """Functions of more than `MAX_POSITIONAL` positional parameters."""
    return {name for name, node in _functions() if len(node.args.posonlyargs) + len(node.args.args) > MAX_POSITIONAL}


@cache
def extras() -> frozenset[str]:
    """Packages of the optional extras that a user installs: their import may fail, so it waits for its use."""
    optional = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    listed = [entry for extra, entries in optional.items() if extra not in ("test", "dev") for entry in entries]
    return frozenset(re.split(r"[^\w-]", entry)[0].removesuffix("-binary").replace("-", "_") for entry in listed)


def _waits(node: ast.Import | ast.ImportFrom, lines: list[str]) -> bool:
    """Whether an import may stand inside a function: an extra, or a cost that the line states after `# late:`."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    is_extra = all(name.partition(".")[0] in extras() for name in names)
    return is_extra or re.search(r"# late: \S+", lines[node.lineno - 1]) is not None


def late_imports() -> set[str]:
    """Modules outside cli/ that import inside a function, neither an extra nor with a stated cost."""
    return {
        name.partition(":")[0]
        for name, node in _functions()
        if not name.startswith("btassets/cli/")
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
        and not _waits(inner, (ROOT / name.partition(":")[0]).read_text(encoding="utf-8").splitlines())
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
    found, named = RULES[rule](), set(GAPS.get(rule, ()))
    assert not found - named, f"{rule}: {sorted(found - named)} break the rule"
    assert not named - found, f"{rule}: {sorted(named - found)} hold it again: take them off house_gaps.json"


def test_an_exemption_is_a_compiled_function_that_is_long() -> None:
    long = {name: node for name, node in _functions() if name in LONG_KERNELS and _is_long(node)}
    assert set(long) == set(LONG_KERNELS)
    for name, node in long.items():
        assert {ast.unparse(d) for d in node.decorator_list} & {"kernel", "helper"}, name
    for name in LONG_KERNEL_FILES:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert text.count("\n") > MAX_LINES, name
        assert "@kernel" in text, name
    for name in GENERATED:
        assert "do not edit" in (ROOT / name).read_text(encoding="utf-8"), name


def test_few_imports_wait_for_their_cost() -> None:
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in modules())
    assert len(re.findall(r"# late: ", text)) <= MAX_LATE


def test_an_import_waits_for_an_extra_or_a_stated_cost_alone() -> None:
    assert {
        "yfinance",
        "psycopg2",
        "dagster_postgres",
        "dagster_celery",
        "celery",
        "kombu",
        "mkdocs_material",
    } == extras()
    for line, waits in (
        ("import yfinance", True),
        ("import yfinance, numba", False),
        ("import numba  # late: 0.2 CPU seconds", True),
        ("import numba  # late:", False),
        ("from numba import njit", False),
    ):
        node = ast.parse(line).body[0]
        assert isinstance(node, ast.Import | ast.ImportFrom)
        assert _waits(node, [line]) is waits, line


def test_the_rules_see_a_breach() -> None:
    tree = ast.parse("def f(a, b, c, d, e, f, g, h, i):\n    import os\n")
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert len(function.args.args) > MAX_POSITIONAL
    assert set(GAPS) <= set(RULES)


if __name__ == "__main__":
    gaps = {rule: sorted(found) for rule, find in RULES.items() if (found := find())}
    text = json.dumps(gaps, indent=1)
    Path(__file__).with_name("house_gaps.json").write_text(text + "\n", encoding="utf-8")
