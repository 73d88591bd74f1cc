"""The code behind a stage, derived from imports, so that no module is forgotten.

Belongs here: the source files behind a stage's result, and their hash. Does not belong here: comparing hashes
(`freshness.py`).

The walk starts at the module of the stage's `compute` (for an SQL model at its file and its runner), at the modules of
its external inputs, and follows every import of this package and of the stage's own, including those inside functions.
It stops at *carriers*: modules that move data or enter the input hash by value.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from btassets.graph.outside import OUTSIDE
from btassets.graph.stage import Stage

CARRIERS: dict[str, str] = {
    "btassets.book": "lists a folder and its files",
    "btassets.code_version": "names the folder of compiled code",
    "btassets.compiled": "where compiled code is kept",
    "btassets.errors": "refusals, no results",
    "btassets.graph": "declarations: the columns of a stage's tables are part of its input hash",
    "btassets.progress": "shows progress",
    "btassets.run.own_flow.book_flow": "lists own stages; the hash of their code is part of their input hash",
    "btassets.run.beside": "writes the outputs of a stage",
    "btassets.run.freshness": "compares hashes",
    "btassets.run.own_flow.own_stages": "passes declarations of own stages",
    "btassets.run.outside": "passes inputs whose versions are part of the input hash",
    "btassets.run.resolve": "imports",
    "btassets.run.run_stage": "decides when a stage runs",
    "btassets.run.setup_rule": "finds the own rule by the hash of its source",
    "btassets.run.signal_trials": "finds own sources by their hash, and a ledger whose content enters the input hash",
    "btassets.run.stage_code": "this walk",
    "btassets.run.stage_result": "checks and carries tables",
    "btassets.run.tables": "passes tables whose versions are part of the input hash",
    "btassets.run.trials": "a ledger; the count read by a stage is part of its input hash",
    "btassets.settings": "the values read by a stage are part of its input hash",
    "btassets.storage": "reads and writes bytes",
}
"""Modules and packages at which the walk stops, with the reason."""

SQL_RUNNER = "btassets.run.sql_models"
"""Runner of all SQL models."""

_PACKAGE = "btassets"
_ROOT = str(Path(__file__).resolve().parents[2])
_IMPORT = re.compile(
    r"\n[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]*(?:\(([^)]*)\)|([^\n#;]+))|import[ \t]+([\w., \t]+))"
)
_COMMENT = re.compile(r"#[^\n]*")


def imported_names(source: str) -> Iterator[str]:
    r"""Dotted names imported by a module, anywhere in it; for `from a import b` both `a` and `a.b`.

    Text that only looks like an import (in a docstring) counts as one: it can add a module, never drop one.

    >>> sorted(imported_names("import os\nfrom btassets.run import (\n    tables as t,\n    resolve,\n)"))
    ['btassets.run', 'btassets.run.resolve', 'btassets.run.tables', 'os']
    """
    for module, several, one, plain in _IMPORT.findall("\n" + source):
        if plain:
            yield from (part.split()[0] for part in plain.split(",") if part.strip())
            continue
        yield module
        for part in _COMMENT.sub("", several or one).split(","):
            if part.strip():
                yield f"{module}.{part.split()[0]}"


@cache
def is_carrier(module: str) -> bool:
    """Whether the walk stops at `module`; the package itself names its public functions, which import everything."""
    return module == _PACKAGE or any(module == name or module.startswith(f"{name}.") for name in CARRIERS)


@cache
def _file_of(module: str) -> str | None:
    """Source file of a module, None if there is no such module; imports nothing."""
    if module == _PACKAGE or module.startswith(f"{_PACKAGE}."):
        # Text, not Path: these are two thousand look-ups before a run knows that nothing is stale.
        stem = os.path.join(_ROOT, *module.split("."))  # noqa: PTH118
        return next((p for p in (f"{stem}.py", f"{stem}/__init__.py") if os.path.isfile(p)), None)  # noqa: PTH113
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec is not None and spec.origin and spec.origin.endswith(".py") else None


@cache
def _read(path: str) -> tuple[str, tuple[str, ...]]:
    """Hash of a file, 8 hex digits, and its imports; read once per process, like the code itself."""
    content = Path(path).read_bytes()
    names = tuple(dict.fromkeys(imported_names(content.decode()))) if path.endswith(".py") else ()
    return hashlib.blake2b(content, digest_size=4).hexdigest(), names


@cache
def _followed(module: str, packages: frozenset[str]) -> tuple[str, ...]:
    """Modules imported by a module and followed by the walk."""
    path = _file_of(module)
    names = () if path is None else _read(path)[1]
    return tuple(
        name
        for name in names
        if name.partition(".")[0] in packages and not is_carrier(name) and _file_of(name) is not None
    )


def modules_behind(roots: Iterable[str]) -> list[str]:
    """Every module imported by the roots, directly or not, including the roots, ascending."""
    waiting = list(roots)
    packages = frozenset({_PACKAGE, *(root.partition(".")[0] for root in waiting)})
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += _followed(module, packages)
    return sorted(module for module in found if module != _PACKAGE and _file_of(module) is not None)


def _resource_files(resource: str) -> list[str]:
    top = Path(_ROOT) / resource
    files = [top] if top.is_file() else sorted(path for path in top.rglob("*") if path.suffix in (".py", ".sql"))
    if not files:
        raise FileNotFoundError(resource)
    return [str(path) for path in files]


@cache
def code_of(stage: Stage) -> dict[str, str]:
    """Hash of each source file behind a stage, by its path relative to the folder that holds the packages.

    Raises
    ------
    FileNotFoundError
        If a resource named by the declaration does not exist.
    """
    roots = [SQL_RUNNER] if stage.is_sql else [str(stage.module)]
    roots += [module for name in stage.outside for module in OUTSIDE[name].code]
    files = [path for module in modules_behind(roots) if (path := _file_of(module)) is not None]
    for resource in ((stage.compute,) if stage.is_sql else ()) + stage.resources:
        files += _resource_files(resource)
    return {_shown(path): _read(path)[0] for path in sorted(set(files))} | dict(stage.own_code)


def _shown(path: str) -> str:
    inside = path.removeprefix(f"{_ROOT}{os.sep}")
    return Path(path).name if inside == path else inside.replace(os.sep, "/")


@cache
def code_version_of(stage: Stage) -> str:
    """Hash of the code behind a stage, 12 hex digits."""
    return _digest(code_of(stage))


def code_version_of_all(stages: Iterable[Stage]) -> str:
    """Hash of the code behind several stages, 12 hex digits."""
    return _digest({path: found for stage in stages for path, found in code_of(stage).items()})


def _digest(files: dict[str, str]) -> str:
    text = "\n".join(f"{path} {files[path]}" for path in sorted(files))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
