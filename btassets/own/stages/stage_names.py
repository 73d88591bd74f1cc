"""Own stages as their sources declare them, read from the text: nothing is imported.

Belongs here: name, reads and settings of each stage, with its place. Does not belong here: which of them a book can
compute (`btassets.run.own_flow.book_flow`), their tables (`stage_child.py`).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from btassets.own.declare import STAGE, check_header
from btassets.own.discover import OwnSource

_SQL_HEADER = re.compile(r"^\s*--\s*(stage|reads|settings|description)\s*:\s*(.*?)\s*$", re.IGNORECASE)
_OTHERS = frozenset({"signal", "cross_section", "setup_rule"})


@dataclass(frozen=True)
class OwnStage:
    """One stage of own code.

    Attributes
    ----------
    name
        Name of its table.
    source
        Where it is declared.
    place
        File and line of its declaration.
    reads, settings
        Declared inputs.
    about
        Meaning of a row.
    problem
        Why it cannot be computed; empty if it can.
    also
        Other sources that declare a stage of this name.
    """

    name: str
    source: OwnSource
    place: str
    reads: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    about: str = ""
    problem: str = ""
    also: tuple[OwnSource, ...] = ()

    @property
    def code(self) -> dict[str, str]:
        """Hash of each file behind it, by its name as shown."""
        return {name: found for source in (self.source, *self.also) for name, found in source.code.items()}


def stages_in(source: OwnSource) -> list[OwnStage]:
    """Stages that a source declares: functions under the decorator `stage`, or a query with the header `-- stage:`."""
    if source.problem:
        return []
    if source.form == "sql":
        return list(_of_query(source))
    if source.form != "python":
        return []
    paths = source.declaring if source.module else [source.path]
    return [one for path in paths for one in _of_module(source, path)]


def has_only_stages(source: OwnSource) -> bool:
    """Whether a source declares stages and neither signals nor setup rules."""
    if not stages_in(source):
        return False
    trees = [] if source.form == "sql" else [_parsed(path) for path in source.declaring]
    return not any(_decorator(node, _OTHERS) for tree in trees if tree is not None for node in ast.walk(tree))


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # loading the source says so, with file and line
        return None


def _decorator(node: ast.AST, names: frozenset[str]) -> ast.Call | None:
    """The decorator of a function that has one of `names` and is called."""
    for one in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
        if isinstance(one, ast.Call):
            called = one.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in names:
                return one
    return None


def _of_module(source: OwnSource, path: Path) -> Iterator[OwnStage]:
    tree = _parsed(path)
    for node in () if tree is None else tree.body:
        call = _decorator(node, frozenset({STAGE}))
        if call is None or not isinstance(node, ast.FunctionDef):
            continue
        place = f"{source.files[str(path)]} line {node.lineno}"
        about = (ast.get_docstring(node) or "").partition("\n")[0]
        given = {word.arg: word.value for word in call.keywords}
        try:
            check_header(node.name, 1, 0, "stage")
            reads, settings = (_names(given.get(word), word, node.name) for word in ("reads", "settings"))
            about = _text(given.get("description")) or about
            yield OwnStage(node.name, source, place, reads, settings, about)
        except ValueError as error:
            yield OwnStage(node.name, source, place, about=about, problem=f"{place}: {error}")


def _names(value: ast.expr | None, word: str, name: str) -> tuple[str, ...]:
    """Names of a list that is written out."""
    if value is None:
        return ()
    try:
        found = ast.literal_eval(value)
    except ValueError:
        found = None
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"stage {name}: {word}={ast.unparse(value)} is no list of names; write them out as texts")
    return tuple(dict.fromkeys(found))


def _text(value: ast.expr | None) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _of_query(source: OwnSource) -> Iterator[OwnStage]:
    try:
        text = source.path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):  # loading the source says so
        return
    words: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("--"):
            break
        entry = _SQL_HEADER.match(line)
        if entry:
            words.setdefault(entry[1].lower(), (number, entry[2]))
    if STAGE not in words:
        return
    number, name = words[STAGE]
    place, about = f"{source.name} line {number}", words.get("description", (0, ""))[1]
    reads, settings = (
        tuple(dict.fromkeys(re.findall(r"[^\s,]+", words.get(word, (0, ""))[1]))) for word in ("reads", "settings")
    )
    problem = ""
    try:
        check_header(name, 1, 0, "stage")
    except ValueError as error:
        problem = f"{place}: {error}"
    yield OwnStage(name, source, place, reads, settings, about, problem)
