"""Setting values in a settings file without touching the rest.

Belongs here: `--promote`. Comments, order and the other lines of the file stay; a commented-out default is replaced in
place.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel
from tomlkit.container import Container, OutOfOrderTableProxy
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, Comment

from btassets.errors import UsageError
from btassets.settings.load import KEYS, resolve, unknown_setting
from btassets.storage.files import replace_text


def set_in_file(path: Path, values: Mapping[str, Any]) -> None:
    """Set flat keys in the settings file at `path`, atomically, after checking that they are valid.

    Raises
    ------
    SettingError, UnknownSettingError
        For an invalid value; the file is unchanged.
    UsageError
        If the file's layout does not allow the change, e.g. a table inside an array.
    """
    for key in values:
        if key not in KEYS:
            raise unknown_setting(key, "command line")
    resolve(path, overrides=values)
    before = path.read_text(encoding="utf-8-sig")
    text = before
    try:
        for key, value in values.items():
            text = _with(text, key, list(value) if isinstance(value, tuple) else value)
    except (TOMLKitError, TypeError, ValueError, AttributeError):
        text = before
    if not _sets(text, values):
        problem = f"{path}: {', '.join(values)} cannot be set without touching other lines"
        raise UsageError(problem, "write the setting into the file by hand; the file is unchanged.")
    replace_text(path, text, is_durable=True)


def _sets(text: str, values: Mapping[str, Any]) -> bool:
    """Whether a TOML text sets every flat key to its value."""
    try:
        tree = tomllib.loads(text)
    except ValueError:
        return False
    for key, value in values.items():
        found: Any = tree
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found != (list(value) if isinstance(value, tuple) else value):
            return False
    return True


def _with(text: str, key: str, value: Any) -> str:
    """TOML text with one key set."""
    document = tomlkit.parse(text)
    *sections, leaf = key.split(".")
    node: Any = document
    for section in sections:
        if section not in node:
            node[section] = tomlkit.table()
        node = node[section]
    if leaf in node:
        node[leaf] = value
        return tomlkit.dumps(document)
    for comment in _comments(node):
        if _is_default(comment.as_string().strip(), leaf):
            # A comment prints only its trivia; its line becomes an assignment.
            comment.trivia.comment = f"{leaf} = {toml_value(value)}"
            return tomlkit.dumps(document)
    node.add(leaf, value)
    return tomlkit.dumps(document)


def _comments(node: Any) -> Iterable[Comment]:
    """Comment lines of a table, the last one first."""
    body: list[Any] = []
    if isinstance(node, Container):
        body = node.body
    elif isinstance(node, AbstractTable):
        body = node.value.body
    elif isinstance(node, OutOfOrderTableProxy):
        return []
    return [item for _, item in reversed(body) if isinstance(item, Comment)]


def _is_default(line: str, leaf: str) -> bool:
    """Whether a comment is the commented-out default of `leaf`: an assignment, not a sentence about it."""
    bare = line.lstrip("# ")
    name, equals, value = bare.partition("=")
    if not equals or name.strip() != leaf:
        return False
    if not value.strip():  # a setting without a default: `# min_ev =`
        return True
    try:
        tomllib.loads(bare)
    except ValueError:
        return False
    return True


def toml_value(value: Any) -> str:
    """Format a setting's value as TOML.

    >>> toml_value([5, 10]), toml_value(True), toml_value("SPY")
    ('[5, 10]', 'true', '"SPY"')
    """
    if isinstance(value, BaseModel):
        return toml_value(value.model_dump(exclude_defaults=True))
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        inline.update(value)
        return inline.as_string()
    if isinstance(value, list | tuple) and any(isinstance(item, BaseModel | Mapping) for item in value):
        return f"[{', '.join(map(toml_value, value))}]"
    return tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string()
