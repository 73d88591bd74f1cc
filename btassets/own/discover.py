"""Sources of own code: the files of `own/` and the modules of installed packages, with the hash of their content.

Belongs here: finding and hashing them without importing any. Does not belong here: loading them (`child.py`).
"""

import ast
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

FOLDER = "own"
"""Folder of a book with its own code and files."""

GROUPS = ("btassets.signals", "btassets.setup_rules", "btassets.stages")
"""Entry points of packages: their value is a module that declares signals, setup rules, or stages."""

SOURCES_GROUP = "btassets.sources"
"""Entry points of packages whose value, `module:Class`, is a source of bars: a value of `source.kind`."""

_FORMS = {".py": "python", ".sql": "sql", ".csv": "file", ".parquet": "file"}


@dataclass(frozen=True)
class OwnSource:
    """One file, or one module of a package, that defines signals.

    Attributes
    ----------
    name
        As shown: `own/reversal.py`, or `package signals-of-mine (mine.signals)`.
    form
        `python`, `sql` or `file`.
    path
        The file; of a package its module's.
    module
        Dotted module of a package; empty for a file.
    code
        Hash of each file behind it, by its name as shown.
    files
        Python files behind it, path -> name as shown, for the place of an error.
    problem
        Why it cannot be read; empty if it can.
    beside
        Files behind it that are sources of their own.
    """

    name: str
    form: str
    path: Path
    module: str = ""
    code: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    beside: frozenset[str] = frozenset()

    @property
    def declaring(self) -> list[Path]:
        """Python files whose declarations are its own: those behind it that are no sources themselves."""
        return [Path(path) for path in sorted(self.files) if path not in self.beside]

    @property
    def version(self) -> str:
        """Hash of the content behind it, 12 hex digits."""
        text = "\n".join(f"{name} {found}" for name, found in sorted(self.code.items()))
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    @property
    def stem(self) -> str:
        """Name for a source whose signals are unknown."""
        return self.module or self.path.stem

    @property
    def content(self) -> str:
        """Hash of the idea, 12 hex digits: Python without comments and layout, else the file."""
        return hashlib.blake2b(b"\0".join(_idea(path) for path in self._paths()), digest_size=6).hexdigest()

    def _paths(self) -> list[Path]:
        return [Path(path) for path in sorted(self.files)] if self.files else [self.path]

    def request(self) -> dict[str, Any]:
        """Facts that a child process needs to load it.

        Raises
        ------
        ValueError
            If a query is not UTF-8 text.
        """
        try:
            text = self.path.read_text(encoding="utf-8") if self.form == "sql" else ""
        except UnicodeDecodeError as error:
            raise ValueError(f"{self.name}: is not UTF-8 text; save it in UTF-8") from error
        top = self.path.parents[self.module.count(".") + (self.path.name == "__init__.py")] if self.module else None
        return {
            "do": "load",
            "name": self.name,
            "form": self.form,
            "stem": self.path.stem,
            "file": str(self.path),
            "module": self.module,
            "path": [str(self.path.parent if top is None else top)],
            "text": text,
            "files": dict(self.files),
            "beside": sorted(self.beside),
        }


def find_sources(book_folder: Path) -> tuple[OwnSource, ...]:
    """Every source of a book: its files by name, then packages; nothing is imported."""
    found = (*_of_folder(book_folder / FOLDER), *_of_packages())
    paths = frozenset(str(source.path) for source in found if source.form == "python")
    return tuple(replace(one, beside=(paths - {str(one.path)}) & one.files.keys()) for one in found)


def _of_folder(folder: Path) -> Iterator[OwnSource]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        form = _FORMS.get(path.suffix.lower())
        if form is None or path.name.startswith(("_", ".")) or not path.is_file():
            continue
        name = f"{FOLDER}/{path.name}"
        try:
            behind = _python_behind(path) if form == "python" else [path]
            code = {f"{FOLDER}/{one.relative_to(folder)}": _hash(one) for one in behind}
        except OSError as error:
            problem = f"{name}: cannot be read: {(error.strerror or str(error)).lower()}"
            yield OwnSource(name, form, path, code={name: "unreadable"}, problem=problem)
            continue
        files = {str(one): f"{FOLDER}/{one.relative_to(folder)}" for one in behind} if form == "python" else {}
        yield OwnSource(name, form, path, code=code, files=files)


def _idea(path: Path) -> bytes:
    """The part of a source that decides its values: a comment or another layout is no other idea."""
    try:
        content = path.read_bytes()
    except OSError:
        return b""
    try:
        if path.suffix == ".py":
            return ast.unparse(ast.parse(content)).encode()
        if path.suffix == ".sql":
            return " ".join(_SQL_COMMENT.sub(" ", content.decode()).split()).encode()
    except (SyntaxError, ValueError):
        pass
    return content


_SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def _hash(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()


def _python_behind(path: Path) -> list[Path]:
    """A Python file and every file of its folder that it imports, directly or not."""
    found, waiting = list[Path](), [path]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        found.append(one)
        for name in _imports(one.read_bytes()):
            stem = path.parent.joinpath(*name.split("."))
            places = (stem.with_suffix(".py"), stem / "__init__.py")
            waiting += [place for place in places if place.is_file()]
    return sorted(found)


def _imports(source: bytes) -> Iterator[str]:
    """Dotted names that a source imports; none if it is no Python, which loading it will say."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ([node.module] if node.module else [])
            yield from (f"{node.module}.{alias.name}" if node.module else alias.name for alias in node.names)


def _of_packages() -> Iterator[OwnSource]:
    for distribution, module in _installed():
        name = f"package {distribution} ({module})"
        spec = find_spec(module.partition(".")[0])
        roots = [Path(root) for root in (spec.submodule_search_locations or ())] if spec is not None else []
        origin = None if spec is None or not spec.origin else Path(spec.origin)
        files = sorted(path for root in roots for path in root.rglob("*.py")) or ([origin] if origin else [])
        parts = module.split(".")[1:]
        stem = roots[0].joinpath(*parts) if roots else None
        places = [origin] if stem is None else [stem.with_suffix(".py"), stem / "__init__.py"]
        path = next((place for place in places if place is not None and place.is_file()), None)
        if path is None:
            problem = f"{name}: there is no module {module}; the package names it in its entry points"
            yield OwnSource(name, "python", Path(), module, {name: "missing"}, problem=problem)
            continue
        top = path.parents[len(parts)] if roots else path.parent
        shown = {str(one): one.relative_to(roots[0].parent if roots else top).as_posix() for one in files}
        code = {text: _hash(Path(one)) for one, text in shown.items()}
        yield OwnSource(name, "python", path, module, code, shown)


def _installed() -> tuple[tuple[str, str], ...]:
    """Distribution and module of every entry point of the groups, in byte order."""
    found = ((name, value.partition(":")[0]) for name, group, value in _points() if group in GROUPS)
    return tuple(dict.fromkeys(found))


def installed_sources() -> tuple[tuple[str, str], ...]:
    """Distribution and `module:Class` of every source of bars of installed packages, in byte order."""
    return tuple((name, value) for name, group, value in _points() if group == SOURCES_GROUP)


def _points() -> tuple[tuple[str, str, str], ...]:
    folders = tuple(dict.fromkeys(entry for entry in sys.path if entry))
    stamps = tuple((folder, stat.st_mtime_ns) for folder in folders if (stat := _stat(folder)) is not None)
    return _entry_points(stamps)


def _stat(folder: str) -> os.stat_result | None:
    try:
        return os.stat(folder)  # noqa: PTH116
    except OSError:
        return None


@lru_cache(maxsize=4)
def _entry_points(stamps: tuple[tuple[str, int], ...]) -> tuple[tuple[str, str, str], ...]:
    """Distribution, group and value, read from files: `importlib.metadata` costs ten times as much at each start."""
    found: set[tuple[str, str, str]] = set()
    for folder, _ in stamps:
        try:
            names = [name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))]  # noqa: PTH208
        except OSError:
            continue
        for name in names:
            try:
                with open(f"{folder}/{name}/entry_points.txt", encoding="utf-8") as file:  # noqa: PTH123
                    text = file.read()
            except (OSError, UnicodeDecodeError):
                continue
            if "[btassets." in text:
                found |= {(name.partition("-")[0], group, value) for group, value in _points_in(text)}
    return tuple(sorted(found))


def _points_in(text: str) -> list[tuple[str, str]]:
    r"""Groups of this package and values that an `entry_points.txt` names under them.

    >>> _points_in("[console_scripts]\na = b:c\n\n[btassets.signals]\nmine = mine.signals:all\n")
    [('btassets.signals', 'mine.signals:all')]
    """
    section, found = "", list[tuple[str, str]]()
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[]").strip()
        elif section in (*GROUPS, SOURCES_GROUP) and "=" in line and not line.startswith(("#", ";")):
            found.append((section, line.partition("=")[2].partition("[")[0].replace(" ", "")))
    return [(group, value) for group, value in found if value]
