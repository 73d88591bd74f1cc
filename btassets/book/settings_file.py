"""Writing one setting into a settings file and leaving everything else as it is.

Belongs here: `--promote`. Comments, order and the other lines of the file stay.
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from btassets.errors import UnknownSettingError, UsageError
from btassets.settings.load import KEYS, resolve
from btassets.storage.files import replace_text


def set_in_file(path: Path, values: Mapping[str, Any]) -> None:
    """Set flat keys in the settings file at `path`, atomically, after checking that they are valid.

    Raises
    ------
    SettingError, UnknownSettingError
        For a value that the setting does not allow; the file stays as it was.
    """
    for key in values:
        if key not in KEYS:
            raise UnknownSettingError(key, KEYS, "command line")
    resolve(path, overrides=values)
    lines = path.read_text(encoding="utf-8").splitlines()
    for key, value in values.items():
        _set_line(lines, key, value)
    text = "\n".join(lines) + "\n"
    if not _says(text, values):
        problem = f"{path}: {', '.join(values)} cannot be set without touching other lines"
        raise UsageError(problem, "write the setting into the file by hand; it stays as it was.")
    replace_text(path, text, is_durable=True)


def _says(text: str, values: Mapping[str, Any]) -> bool:
    """Whether a TOML text sets every flat key to its value."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    for key, value in values.items():
        found: Any = tree
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found != (list(value) if isinstance(value, tuple) else value):
            return False
    return True


def _set_line(lines: list[str], key: str, value: Any) -> None:
    section, _, leaf = key.rpartition(".")
    new = f"{leaf} = {toml_value(value)}"
    start, end = _section_span(lines, section)
    if start is None:
        lines += ["", f"[{section}]", new]
        return
    commented: int | None = None
    for number in range(start, end):
        name = lines[number].split("=", 1)[0].strip() if "=" in lines[number] else ""
        if name == leaf:
            lines[number] = new + _remark(lines[number])
            return
        if name.lstrip("# ") == leaf and _is_assignment(lines[number].lstrip("# ")):
            commented = number
    if commented is not None:
        lines[commented] = new
    else:
        lines.insert(start, new)


def _is_assignment(line: str) -> bool:
    """Whether a line sets something: a default that is commented out does, a sentence does not."""
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return line.rstrip().endswith("=")  # a setting without a default: `# min_ev =`
    return True


def _remark(line: str) -> str:
    """Comment at the end of a line that sets something, with the blanks before it; empty without one."""
    for place, letter in enumerate(line):
        if letter == "#" and _is_assignment(line[:place]) and "=" in line[:place]:
            return line[len(line[:place].rstrip()) :]
    return ""


def _section_span(lines: list[str], section: str) -> tuple[int | None, int]:
    """First and one past the last line of a section's body; (None, n) when it is not there."""
    heads = [n for n, line in enumerate(lines) if line.split("#", 1)[0].strip().startswith("[")]
    if not section:
        return 0, heads[0] if heads else len(lines)
    for place, head in enumerate(heads):
        if lines[head].split("#", 1)[0].strip().strip("[]").strip() == section:
            return head + 1, heads[place + 1] if place + 1 < len(heads) else len(lines)
    return None, len(lines)


def toml_value(value: object) -> str:
    """Write a setting's value as TOML.

    >>> toml_value([5, 10]), toml_value(True), toml_value("SPY")
    ('[5, 10]', 'true', '"SPY"')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, Mapping):
        pairs = cast(Mapping[str, object], value).items()
        return "{ " + ", ".join(f"{key} = {toml_value(item)}" for key, item in pairs) + " }"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
