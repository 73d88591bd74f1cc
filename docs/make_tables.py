"""Write the generated parts of the documentation: columns, settings, stages, exit codes, the folder map.

Belongs here: text that the code already knows. A page marks each such part:

    <!-- begin generated: table candidates -->
    <!-- end generated -->

Does not belong here: prose; it stands around the marks and is left alone.

    python docs/make_tables.py            write what differs
    python docs/make_tables.py --check    write nothing; exit 1 and name the pages that differ
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import click
import pyarrow as pa

from btassets import errors
from btassets.cli.commands import COMMANDS
from btassets.cli.program import program
from btassets.graph.flow import STAGE_OF_STORE, STAGE_OF_TABLE, STAGES, TABLES
from btassets.graph.stage import Stage
from btassets.settings.load import KEYS
from btassets.settings.models import Section, Settings, flatten
from btassets.settings.profiles import PROFILES
from btassets.settings.source_kinds import SOURCE_KINDS

ROOT = Path(__file__).resolve().parent.parent
_MARK = re.compile(r"(<!-- begin generated: ([a-z-]+) ?(\S*) -->\n)(.*?)(<!-- end generated -->)", re.DOTALL)

_KEPT = {
    "shared": "one for the book",
    "replay": "one for each set of replay settings",
    "scenario": "one for each scenario",
}
_CODES = (
    ("EXIT_BUG", "a bug: please report the message"),
    ("EXIT_USAGE", "usage or settings: the message names the key and the line"),
    ("EXIT_NO_BARS", "no bars at all, the named benchmark missing or too incomplete, or bars older than `--max-age`"),
    ("EXIT_SOME_TICKERS", "finished, and some tickers could not be used, or alerts not sent; they are listed"),
    ("EXIT_RATE_LIMITED", "a source's rate limit was reached; run again to continue"),
    ("EXIT_CHECK_FAILED", "a blocking check failed; nothing downstream was computed"),
    (
        "EXIT_CANNOT_WRITE",
        "cannot write or read: disk full, no permission, a damaged file; the last good report remains",
    ),
    ("EXIT_INTERRUPTED", "interrupted; finished work is kept"),
)


def _rows(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def type_word(kind: pa.DataType) -> str:
    """Plain word for an Arrow type.

    >>> type_word(pa.float64()), type_word(pa.date32())
    ('number', 'date')
    """
    tests: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
        (pa.types.is_floating, "number"),
        (pa.types.is_integer, "whole number"),
        (pa.types.is_boolean, "yes or no"),
        (pa.types.is_date, "date"),
        (pa.types.is_string, "text"),
        (pa.types.is_dictionary, "one of a few words"),
        (pa.types.is_list, "list"),
    )
    return next(word for test, word in tests if test(kind))


def table_part(name: str) -> str:
    """Columns of one table, from its declaration in `btassets/graph`."""
    spec = TABLES[name]
    rows = [
        (f"`{c.name}`", type_word(c.type) + ("" if c.nullable else ", never missing"), c.about.replace("|", "or"))
        for c in spec.columns
    ]
    return f"**`{name}`**: {spec.about}\n\n" + _rows(("column", "type", "meaning and unit"), rows)


def stage_part(name: str) -> str:
    """Inputs and settings of a stage, from its declaration in `btassets/graph`."""
    stage = STAGES[name]
    reads = ", ".join(_linked(table) for table in stage.reads) or "the source"
    outside = ", ".join(f"`{outside}`" for outside in stage.outside) or "none"
    settings = ", ".join("all" if s == "" else f"`{s}`" for s in stage.settings) or "none"
    rows = [
        ("group", f"`{stage.group}`"),
        ("reads", reads),
        ("settings that decide it", settings),
        ("other inputs", outside),
        ("code that decides it", f"{_code(stage)}, and what it imports"),
        ("tables", ", ".join(f"`{table}`" for table in stage.outputs)),
        ("kept", _KEPT[stage.keyed]),
    ]
    return f"> {stage.about}\n\n" + _rows(("", ""), rows)


def _linked(table: str) -> str:
    """Link to the page that shows a table, or the stage that keeps a store."""
    stage = STAGE_OF_STORE.get(table) or STAGE_OF_TABLE[table]
    return f"[`{table}`]({stage.name}.md)"


def _code(stage: Stage) -> str:
    """File of a stage's own code."""
    return f"`{stage.compute}`" if stage.is_sql else f"`{str(stage.module).replace('.', '/')}.py`"


def stages_part(folder: str) -> str:
    """List every stage in flow order; `folder` is where its page is, seen from the page that lists it."""
    rows = []
    for s in STAGES.values():
        further = ", ".join(f"`{table}`" for table in s.outputs[1:]) or "-"
        rows.append((f"[`{s.name}`]({folder}{s.name}.md)", f"`{s.group}`", s.about, further))
    return _rows(("stage and table", "group", "what it answers", "further tables"), rows)


def _value(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple) and any(isinstance(item, Section) for item in value):
        return f"{len(value)} tables"
    if isinstance(value, tuple):
        return "`[" + ", ".join(map(str, value)) + "]`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def settings_part(_argument: str) -> str:
    """Every setting with default and meaning, from `btassets/settings/models.py`."""
    parts: list[str] = []

    def section(model: type[Section], prefix: str, title: str) -> None:
        rows: list[tuple[str, ...]] = []
        nested: list[tuple[type[Section], str, str]] = []
        for name, field in model.model_fields.items():
            kind = field.annotation
            items = [item for item in get_args(kind) if isinstance(item, type) and issubclass(item, Section)]
            nested += [(item, "", f"[[{prefix}{name}]]") for item in items]
            if isinstance(kind, type) and issubclass(kind, Section):
                nested.append((kind, f"{prefix}{name}.", f"[{prefix}{name}]"))
            else:
                default = "required" if field.is_required() else _value(field.default)
                rows.append((f"`{prefix}{name}`", default, field.description or ""))
        parts.append(f"### {title}\n\n{(model.__doc__ or '').strip().splitlines()[0]}\n\n")
        parts.append(_rows(("setting", "default", "meaning"), rows) + "\n")
        for kind, below, heading in nested:
            section(kind, below, heading)

    section(Settings, "", "at the top")  # pyright: ignore[reportArgumentType]  (the root is a Section in shape)
    return "".join(parts).rstrip("\n") + "\n"


def profiles_part(_argument: str) -> str:
    """Settings of the two profiles, from `btassets/settings/profiles.py`."""
    defaults = flatten(Settings())
    seed = {
        f"{section}.{key}": value for section, values in PROFILES["legacy"].items() for key, value in values.items()
    }
    rows = [(f"`{key}`", _value(defaults[key]), _value(seed[key])) for key in KEYS if key in seed]
    return _rows(("setting", "`standard`", "`legacy`"), rows)


def exit_codes_part(_argument: str) -> str:
    """Exit codes, from `btassets/errors`."""
    rows = [("0", "ok, also when today's list is empty")]
    rows += [(str(getattr(errors, name)), about) for name, about in _CODES]
    return _rows(("code", "meaning"), rows)


def sources_part(_argument: str) -> str:
    """Kinds of source that the settings allow."""
    return _rows(("`source.kind`", "what"), [(f"`{kind.name}`", kind.about) for kind in SOURCE_KINDS])


def commands_part(_argument: str) -> str:
    """Every command with what it does and its options, from `btassets/cli/commands`."""
    group = program()
    rows = []
    for name, about in COMMANDS.items():
        command = group.get_command(click.Context(group), name)
        words, options = [f"btassets {name}"], []
        for param in command.params if command is not None else ():
            if isinstance(param, click.Argument):
                words.append(str(param.metavar))
            elif isinstance(param, click.Option) and param.name != "book":
                choices = param.type.choices if isinstance(param.type, click.Choice) else ()
                value = "" if param.is_flag else f" {param.metavar or ' or '.join(choices)}"
                options.append(f"`{param.opts[-1]}{value}`".replace("|", " or "))
        rows.append((f"`{' '.join(words)}`".replace("|", " or "), about, ", ".join(options) or "-"))
    return _rows(("command", "does", "options"), rows)


PARTS: dict[str, Callable[[str], str]] = {
    "table": table_part,
    "stage": stage_part,
    "stages": stages_part,
    "settings": settings_part,
    "profiles": profiles_part,
    "exit-codes": exit_codes_part,
    "sources": sources_part,
    "commands": commands_part,
}


def renewed(text: str) -> str:
    """`text` of a page with every generated part written anew."""
    return _MARK.sub(lambda m: f"{m[1]}{PARTS[m[2]](m[3])}{m[5]}", text)


def missing_pages() -> dict[Path, str]:
    """Method page of each stage that has none yet: its generated parts, for prose to be written around."""
    found: dict[Path, str] = {}
    for name, stage in STAGES.items():
        page = ROOT / "docs" / "method" / f"{name}.md"
        if not page.exists():
            marks = [("stage", name), *(("table", table) for table in stage.outputs)]
            parts = [f"<!-- begin generated: {kind} {of} -->\n<!-- end generated -->\n" for kind, of in marks]
            found[page] = "\n".join([f"# {name}\n", *parts])
    return found


def pages() -> list[Path]:
    """Pages that may hold generated parts."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def main(words: list[str]) -> int:
    """Write or check every page; returns the exit code."""
    new = missing_pages()
    for page, text in new.items():
        sys.stdout.write(f"{page.relative_to(ROOT)}: no page yet\n")
        if "--check" not in words:
            page.write_text(text, encoding="utf-8")
    different = [page for page in pages() if renewed(old := page.read_text(encoding="utf-8")) != old]
    for page in different:
        sys.stdout.write(f"{page.relative_to(ROOT)}: differs from the code\n")
        if "--check" not in words:
            page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 1 if (new or different) and "--check" in words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
