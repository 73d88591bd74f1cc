"""Setup rules by name: the built-in one and own ones, and the own rule that a book uses.

Belongs here: the entries, and finding the source of a rule without importing it. Does not belong here: its setups
(`rule_setups.py`), its proof (`rule_proof.py`).
"""

import ast
import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from btassets.errors import UsageError
from btassets.own.discover import OwnSource
from btassets.own.registry import BUILT_IN
from btassets.settings.models import BUILT_IN_RULE

SETTING = "setup.rule"


@dataclass(frozen=True)
class RuleEntry:
    """One setup rule.

    Attributes
    ----------
    name
        Value of `setup.rule`.
    origin
        `btassets`, or the name of the own source.
    source
        The own source; None: built in.
    """

    name: str
    origin: str
    source: OwnSource | None = None


def rule_entries(sources: Iterable[OwnSource]) -> list[RuleEntry]:
    """Every rule that a book can use, the built-in one first; nothing is imported."""
    own = [RuleEntry(name, source.name, source) for source in sources for name in rules_in(source)]
    return [RuleEntry(BUILT_IN_RULE, BUILT_IN), *own]


def rule_named(name: str, sources: Sequence[OwnSource]) -> RuleEntry:
    """The rule of a name.

    Raises
    ------
    UsageError
        If there is none, or more than one.
    """
    entries = rule_entries(sources)
    found = [entry for entry in entries if entry.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        where = " and ".join("built in" if one.source is None else one.origin for one in found)
        raise UsageError(f"{SETTING} = {name}: {len(found)} setup rules have that name ({where})", "rename one.")
    names = [entry.name for entry in entries]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}."
    problem = f"{SETTING} = {name}: no def of that name under @bt.setup_rule in own/ or an installed package"
    raise UsageError(problem, advice)


def rules_in(source: OwnSource) -> list[str]:
    """Names of the rules that a source declares, read from its text: functions under the decorator `setup_rule`."""
    if source.form != "python":
        return []
    return [name for path in source.declaring for name in _decorated(path)]


def _decorated(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # loading the source says so, with file and line
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(_is_rule(one) for one in node.decorator_list):
            yield node.name


def _is_rule(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name == "setup_rule"


@dataclass(frozen=True)
class OwnRule:
    """The own rule of a book.

    Attributes
    ----------
    name, source
        Its name, and where it is declared.
    seconds
        Processor seconds that it may take for one ticker.
    """

    name: str
    source: OwnSource
    seconds: float

    @property
    def version(self) -> str:
        """Everything behind its setups beside the bars: the text of its source and its limit."""
        return f"{self.name} {self.source.version} {self.seconds:g}"
