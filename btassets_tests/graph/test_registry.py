"""What the registry says of a stage's code is what the stage imports: a changed source makes stale what it decides."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from btassets.graph.registry import STAGES

ROOT = Path(__file__).parents[2]

CARRIERS = {"bar_store", "book", "freshness", "registry", "run_stage"}
"""Modules of `stages/` that move data and decide no number."""

READ_BACK = {"ohlcv_history", "sessions"}
"""Stages whose modules also read their table back for others."""


def sources(path: str) -> list[Path]:
    top = ROOT / path
    return [top] if top.is_file() else sorted(top.rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """Modules of the package that a file imports, anywhere in it, as paths from the root."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("btassets."):
            module = ROOT / str(node.module).replace(".", "/")
            found = [module / alias.name for alias in node.names] if module.is_dir() else [module]
            yield from (f.with_suffix(".py").relative_to(ROOT).as_posix() for f in found)


@pytest.mark.parametrize("name", STAGES)
def test_the_code_of_a_stage_is_what_it_imports(name: str) -> None:
    stage = STAGES[name]
    forgotten = {
        module: file.name
        for path in stage.code
        if path.endswith(".py") or (ROOT / path).is_dir()
        for file in sources(path)
        for module in imported(file)
        if module.startswith(("btassets/engine/", "btassets/stages/"))
        and Path(module).stem not in CARRIERS | READ_BACK
        and not any(module == listed or module.startswith(f"{listed}/") for listed in stage.code)
    }
    assert forgotten == {}


@pytest.mark.parametrize("name", STAGES)
def test_the_code_of_a_stage_begins_with_its_own(name: str) -> None:
    own = (
        f"dbt_like_sql/{name}.sql" if "sql" in STAGES[name].kinds else f"btassets/stages/{STAGES[name].group}/{name}.py"
    )
    assert any(own == path or own.startswith(f"{path}/") for path in STAGES[name].code)
    assert len(set(STAGES[name].code)) == len(STAGES[name].code)
