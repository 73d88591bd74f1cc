"""Creating a book: its folder, a commented settings file, and .gitignore.

Belongs here: the files written by `init` and `demo`. Does not belong here: the meaning of the settings
(`btassets.settings`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from btassets.book.settings_file import toml_value
from btassets.errors import UsageError
from btassets.settings.load import FILE_NAME
from btassets.settings.models import Section, Settings
from btassets.storage.files import replace_text, writing

DEMO_FOLDER = ".btassets/demo"
DEMO_SETTINGS = {"benchmark": "SYNIDX", "basis": "total", "source.kind": "demo"}

EDGE_TICKERS = 150
"""Tickers of the preset `edge`: its mean IC of 0.06 is detectable in three of four markets of 60, in nearly all of 150.
"""

_IGNORE = "data/\nwarehouse.duckdb*\nreports/\n.dagster/\n.tmp_dagster_home_*\nlanding/\n"
_HEAD = """\
# Settings of this book. Lines that begin with # show the default.
# `btassets config` prints what is in force and where each value comes from.
# A [scenario.NAME] table at the end overlays any of them: btassets run --scenario NAME.
"""
_TAIL = """
# [scenario.strict.gates]
# min_rr = 2.0
# min_momentum_percentile = 90.0
"""


def make_book(folder: Path, values: dict[str, Any], seen: Mapping[str, str] | None = None) -> Path:
    """Create a book in `folder` whose settings file sets `values` (flat keys) and comments the rest.

    Parameters
    ----------
    seen
        By flat key: what a value was seen by, as a comment above it.

    Raises
    ------
    UsageError
        If the folder already holds a book, or its name has control characters.
    CannotWriteError
        If it is not writable.
    """
    if not folder.name.isprintable():
        raise UsageError(f"{folder.name!r}: control characters in the folder's name", "choose another name.")
    path = folder / FILE_NAME
    if path.exists():
        raise UsageError(f"{path} exists", "the book already exists; edit its btassets.toml, or choose another folder.")
    with writing(folder):
        for name in ("data", "reports", "landing"):
            (folder / name).mkdir(parents=True, exist_ok=True)
    replace_text(folder / ".gitignore", _IGNORE)
    replace_text(path, settings_text(values, seen or {}), is_durable=True)
    return folder


def make_demo_book(folder: Path, values: dict[str, Any] | None = None) -> Path:
    """Create the demo book in `folder` unless it exists; return the folder."""
    if not (folder / FILE_NAME).is_file():
        make_book(folder, DEMO_SETTINGS | (values or {}))
    return folder


def settings_text(values: dict[str, Any], seen: Mapping[str, str] | None = None) -> str:
    """Text of a settings file: `values` set, every other setting as a comment with its default."""
    return _HEAD + "\n".join(_section(Settings(), "", values, seen or {})) + "\n" + _TAIL


def _section(model: BaseModel, prefix: str, values: dict[str, Any], seen: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    nested: list[tuple[str, Section]] = []
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        key = f"{prefix}{name}"
        if isinstance(value, Section):
            nested.append((key, value))
            continue
        lines.append(f"# {field.description}")
        if key in seen:
            lines.append(f"# found: {_one_line(seen[key])}")
        if key in values:
            lines.append(f"{name} = {toml_value(values[key])}")
        elif value is None:
            lines.append(f"# {name} =")
        else:
            lines.append(f"# {name} = {toml_value(value)}")
    for key, section in nested:
        # Python with -OO drops docstrings.
        doc = (type(section).__doc__ or key).strip().splitlines()[0]
        lines += ["", f"[{key}]  # {doc}", *_section(section, f"{key}.", values, seen)]
    return lines


def _one_line(text: str) -> str:
    """A comment has no line breaks and no control characters, for any content of a file's head."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:200]
