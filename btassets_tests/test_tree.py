"""The tree keeps its promises: map, pages, words, names, sizes, and nothing that belongs to one machine.

Belongs here: what is true of files as files. Does not belong here: what the code computes.
"""

import ast
import doctest
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

from btassets import __version__
from btassets.cli.commands import COMMANDS
from btassets.engine.market.eligibility import INELIGIBLE_REASONS
from btassets.engine.replay.candidate_columns import EXIT_REASONS, OUTCOMES
from btassets.graph.flow import STAGES, TABLES
from btassets.settings.load import KEYS
from btassets_tests.test_house import extras

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
METHOD = DOCS / "method"

PAGES_BESIDE_STAGES = {"null_market", "quality", "profiles", "grade", "sweep", "compare", "noise_audit"}
"""Method pages about no stage."""

TABLES_OF_NO_STAGE = {"bars", "trials"}
"""Tables that `btassets export` makes from the stored bars, and the ledger that runs and sweeps add to."""

MAX_LINES = 600
LONG_FILES = {
    "btassets/render/report.schema.json": "a JSON schema, written by a program",
    "btassets/render/report_types.py": "types of the report, generated from the schema",
    "docs/first_look.ipynb": "tables and pictures of the notebook's cells, stored by a script",
    "requirements.lock": "a hash per file of every release",
}
"""Files above the limit, each with its reason."""

# Read here: a test's own environment has no BTASSETS_ variables.
SEED_TEXT = os.environ.get("BTASSETS_SEED_TEXT", "")

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "stuff", "tools"}
_SKIPPED_FOLDERS = {"__pycache__", "build", "node_modules"}
_BINARY = {".parquet", ".png", ".gz", ".duckdb"}
_DESIGN_PAGES = ("contract", "engine", "method", "data", "statistics", "architecture", "style", "interface")


@cache
def files() -> tuple[Path, ...]:
    """Files of the project, as git knows them; without git, all but what tools leave behind."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0 and asked.stdout:
        return tuple(path for name in asked.stdout.split("\0") if name and (path := ROOT / name).is_file())
    return tuple(p for p in ROOT.rglob("*") if p.is_file() and not any(_is_skipped(part) for part in _parts(p)))


def _parts(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT).parts


def _is_skipped(part: str) -> bool:
    hidden = part.startswith(".") and part not in {".ci", ".gitignore", ".pre-commit-config.yaml"}
    return hidden or part in _SKIPPED_FOLDERS or part.endswith(".egg-info")


def texts() -> list[tuple[str, str]]:
    """Name and content of every text file."""
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in files()
        if path.suffix not in _BINARY
    ]


def make_tables():
    spec = importlib.util.spec_from_file_location("make_tables", DOCS / "make_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- the map ----------------------------------------------------------------------------------
def mapped_folders() -> set[str]:
    """Folders of the README's map, from its indentation."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    body = re.search(r"## Folder map\n\n```text\n(.*?)```", text, re.DOTALL)[1]
    found, above = set(), []
    for line in body.splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        assert name.endswith("/"), line
        assert len(line.split()) > 1, f"{line}: says nothing about the folder"
        above = [*above[:depth], name.rstrip("/")]
        found.add("/".join(above))
    return found


def test_the_folder_map_is_the_tree() -> None:
    folders = {parent.as_posix() for path in files() for parent in path.relative_to(ROOT).parents}
    shown = {f for f in folders if f != "." and not f.startswith(".")}
    # The tests mirror the package: their folders need no second telling.
    mirrored = {f for f in shown if f.startswith("btassets_tests/") and _is_mirror(f)}
    answers = {f for f in shown if f.startswith("btassets_tests/golden/")}
    assert mapped_folders() == shown - mirrored - answers


def _is_mirror(folder: str) -> bool:
    return (ROOT / "btassets" / folder.removeprefix("btassets_tests/")).is_dir()


# ---- pages ------------------------------------------------------------------------------------
def test_every_stage_has_a_page_and_every_page_a_stage() -> None:
    assert {page.stem for page in METHOD.glob("*.md")} == set(STAGES) | PAGES_BESIDE_STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_one_stem(stage: str) -> None:
    assert stage in TABLES
    own = ROOT / "btassets/stages" / STAGES[stage].group / f"{stage}.py"
    assert own.is_file() or (ROOT / "dbt_like_sql" / f"{stage}.sql").is_file()


@pytest.mark.parametrize("stage", STAGES)
def test_a_page_shows_its_stage_and_each_of_its_tables(stage: str) -> None:
    marks = re.findall(
        r"<!-- begin generated: ([a-z]+) (\S+) -->", (METHOD / f"{stage}.md").read_text(encoding="utf-8")
    )
    assert ("stage", stage) in marks
    assert {name for kind, name in marks if kind == "table"} >= set(STAGES[stage].outputs)


def test_every_table_is_on_one_page() -> None:
    shown = [
        name
        for page in METHOD.glob("*.md")
        for name in re.findall(r"<!-- begin generated: table (\S+) -->", page.read_text(encoding="utf-8"))
    ]
    written = {table for stage in STAGES.values() for table in stage.outputs}
    assert len(shown) == len(set(shown))
    assert written | TABLES_OF_NO_STAGE <= set(shown) <= set(TABLES)


def test_generated_parts_equal_the_code() -> None:
    module = make_tables()
    different = [
        page.relative_to(ROOT).as_posix()
        for page in module.pages()
        if module.renewed(text := page.read_text(encoding="utf-8")) != text
    ]
    assert not different, "run python docs/make_tables.py"


def test_examples_of_the_docs_scripts_run() -> None:
    assert doctest.testmod(make_tables()).failed == 0


def test_every_quality_rule_is_told() -> None:
    text = (METHOD / "quality.md").read_text(encoding="utf-8")
    assert {f"Q{n}" for n in range(1, 30)} == set(re.findall(r"^\| (Q\d+)", text, re.MULTILINE))
    known = {key for key in KEYS if key.startswith("quality.")}
    assert set(re.findall(r"`(quality\.[a-z_]+)`", text)) == known


def test_every_reason_of_ineligibility_is_told() -> None:
    text = (METHOD / "factor_signals.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z_]+)` \| (?:Q\d+|fewer|not in)", text, re.MULTILINE)
    assert tuple(told) == INELIGIBLE_REASONS


def test_settings_named_in_the_docs_exist() -> None:
    sections = {key.split(".")[0] for key in KEYS if "." in key}
    word = re.compile(rf"`((?:{'|'.join(sorted(sections))})\.[a-z_.]+[a-z])(?: = [^`]*)?`")
    for page in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for key in word.findall(page.read_text(encoding="utf-8")):
            named = [k for k in KEYS if k == key or k.startswith(key + ".")]
            is_file = key.endswith((".md", ".py", ".sql", ".html", ".json"))
            assert named or is_file, f"{page.relative_to(ROOT)}: {key}"


def test_commands_named_in_the_docs_exist() -> None:
    for page in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for name in re.findall(r"`btassets ([a-z][a-z-]*)", page.read_text(encoding="utf-8")):
            assert name in COMMANDS, f"{page.relative_to(ROOT)}: btassets {name}"


def test_modules_named_in_the_docs_exist() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")):
        for name in re.findall(r"`((?:btassets|dbt_like_sql|docs)/[\w/.]+)`", page.read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{page.relative_to(ROOT)}: {name}"


# ---- pinned releases --------------------------------------------------------------------------
def _release(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_has_the_pinned_releases_each_with_its_hashes() -> None:
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {_release(m[1]): m[2] for m in re.finditer(r"^([\w.-]+)==(\S+)$", constraints, re.MULTILINE)}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(
        r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", lock, re.MULTILINE
    )
    assert lock.count("==") == len(entries)
    assert {_release(name): release for name, release, _ in entries} == pinned
    assert not [name for name, _, hashes in entries if not hashes]
    assert "://" not in lock


def test_the_lock_has_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    locked = ("test", "postgres", "cluster", "docs", "dev")
    wanted = [*project["dependencies"], *(each for name in locked for each in extras[name])]
    names = {_release(re.match(r"[\w.-]+", each)[0]) for each in wanted} - {"btassets"}  # pyright: ignore[reportOptionalSubscript]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert names <= {_release(name) for name in re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==", lock, re.MULTILINE)}


def test_the_changelog_has_the_notes_of_the_version() -> None:
    """The newest release of the changelog is the package's version, so that a tag needs no further edit."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert releases[0] == __version__
    assert text.index("## [Unreleased]") < text.index(f"## [{__version__}]")


# ---- words ------------------------------------------------------------------------------------
REQUIRED_WORDS = {
    "`ticker`", "bar", "session", "as-of date", "forward bars", "lookback, horizon, hold", "point-in-time", "lookahead",
    "setup", "candidate", "`outcome`", "1R", "R multiple", "gap fill", "`week`", "universe", "cross-section",
    "signal, factor", "12-1 momentum", "residual momentum", "percentile", "gate", "floor", "`qualified`", "ablation",
    "sweep", "IC", "`reliable`", "hit rate", "expectancy", "profit factor", "survivorship", "`scenario`", "profile",
}  # fmt: skip


def glossary() -> dict[str, str]:
    """Word and meaning of every row of the glossary."""
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {word: meaning for word, meaning in rows if word not in ("word", "---")}


def test_the_glossary_has_the_words() -> None:
    assert set(glossary()) >= REQUIRED_WORDS


def test_words_in_code_style_exist_in_the_code() -> None:
    columns = {column.name for spec in TABLES.values() for column in spec.columns}
    leaves = {part for key in KEYS for part in key.split(".")}
    values = {*OUTCOMES, *EXIT_REASONS, "total", "split", "raw", "standard", "legacy", "base", "open", "close"}
    known = columns | leaves | values | set(TABLES) | {"btassets.toml", "warehouse.duckdb"}
    for word, meaning in glossary().items():
        for name in re.findall(r"`([^`]+)`", f"{word} {meaning}"):
            assert name in known, f"{word}: {name}"


def test_no_name_in_the_package_says_symbol() -> None:
    for path in files():
        if path.suffix == ".py" and _parts(path)[0] == "btassets":
            names = {n.id for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Name)}
            assert not {name for name in names if "symbol" in name.lower()}, path


# ---- files ------------------------------------------------------------------------------------
def test_no_file_is_too_long() -> None:
    long = {
        name for name, text in texts() if text.count("\n") > MAX_LINES and not name.startswith("btassets_tests/golden/")
    }
    assert long == {name for name in LONG_FILES if (ROOT / name).is_file() and name in long}
    assert set(LONG_FILES) <= long | _shorter_again()


def _shorter_again() -> set[str]:
    """Listed files that are short by now: allowed, so that shortening one breaks nothing."""
    return {n for n in LONG_FILES if not (ROOT / n).is_file() or (ROOT / n).read_text().count("\n") <= MAX_LINES}


def test_no_file_is_named_after_nothing() -> None:
    for path in files():
        for part in (*_parts(path)[:-1], path.stem):
            assert not set(re.split(r"[_\-.]", part.lower())) & FORBIDDEN_NAMES, path


def test_nothing_belongs_to_one_machine() -> None:
    # Spelled in parts, so that this file does not find itself.
    folders = "|".join(("wo" + "rk", "tm" + "p", "ro" + "ot", "ho" + "me", "Us" + "ers", "mn" + "t"))
    patterns = {
        "a folder of one machine": re.compile(rf"""(?:^|[\s"'`(=:])/(?:{folders})/(?!(?:some ?one|me|a)\b)\w"""),
        "a package host": re.compile("pypi" + r"\.(?:org|io)|files\.python" + "hosted|index" + "-url|arti" + "factory"),
        "a key": re.compile(r"AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE" + " KEY"),
    }
    for name, text in texts():
        for what, pattern in patterns.items():
            found = pattern.search(text)
            assert found is None, f"{name}: {what}: {found[0]!r}"


def test_no_page_is_named_that_is_not_here() -> None:
    pattern = re.compile(rf"(?<![\w/])(?:{'|'.join(_DESIGN_PAGES)})\.m" + "d")
    for name, text in texts():
        found = pattern.search(text)
        assert found is None, f"{name}: {found[0]} is no page of this project"


def test_no_line_of_the_seed_is_copied() -> None:
    """BTASSETS_SEED_TEXT names the text whose behaviour one profile follows; its sentences stay there."""
    if not SEED_TEXT or not Path(SEED_TEXT).is_file():
        pytest.skip("BTASSETS_SEED_TEXT names no file: nothing to compare with")
    lines = {line.strip() for line in Path(SEED_TEXT).read_text(encoding="utf-8").splitlines()}
    theirs = {line for line in lines if len(line) >= 28 and not _is_everyones(line)}
    for name, text in texts():
        if not name.startswith("btassets_tests/golden/"):
            copied = theirs & {line.strip() for line in text.splitlines()}
            assert not copied, f"{name}: {sorted(copied)[0]}"


def _is_everyones(line: str) -> bool:
    """Whether a line is an import, a loop over a few values, or a rule of signs: nobody's sentence."""
    is_loop = re.fullmatch(r"for \w+ in (?:range)?\([^()]*\):", line) is not None
    return is_loop or line.startswith(("from ", "import ")) or not re.search(r"[A-Za-z]{3}", line)


# ---- habits -----------------------------------------------------------------------------------
_WATCH = """
import importlib, importlib.util, os, pkgutil, sys

ours = os.path.dirname(importlib.util.find_spec("btassets").origin)
passed_over = ("os.py", "pathlib.py", "_collections_abc.py", "contextlib.py", "codecs.py", "genericpath.py")
passed_over += ("<frozen os>", "<frozen _collections_abc>", "<frozen codecs>", "<frozen genericpath>")
found = []

def watch(what):
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.endswith(passed_over):
        frame = frame.f_back
    name = "" if frame is None else frame.f_code.co_filename
    if name.startswith(ours) and not name.endswith(("code_version.py", "stage_code.py")):
        found.append(f"{name}:{frame.f_lineno} {what}")

real = type(os.environ).__getitem__
type(os.environ).__getitem__ = lambda self, key: (watch(f"reads {key}"), real(self, key))[1]
sys.addaudithook(lambda event, arguments: watch(f"opens {arguments[0]}") if event == "open" else None)

import btassets
for module in pkgutil.walk_packages(btassets.__path__, "btassets."):
    if not module.name.endswith(LOADED_BY_DAGSTER) and "__main__" not in module.name:
        importlib.import_module(module.name)
print("\\n".join(found))
"""

LOADED_BY_DAGSTER = ("btassets.definitions", "btassets.preload")
"""The two modules whose import is their work: the definitions of one book, and the fork server's imports."""


def test_importing_reads_no_environment_and_no_file() -> None:
    """`os.environ.get`, `os.getenv` and `in` end in `__getitem__`, too.

    What `code_version` opens are the package's own sources.
    """
    done = subprocess.run(
        [sys.executable, "-c", _WATCH.replace("LOADED_BY_DAGSTER", repr(LOADED_BY_DAGSTER))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == ""


def test_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    assert "## [Unreleased]" in text
    assert set(sections) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Numbers"}
    assert f"## [{__version__}]" in text or __version__ == "0.1.0", "a released version has its heading"


def test_the_version_is_written_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "btassets.__version__"}
    assert metadata.version("btassets") == __version__


def test_hooks_are_local() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (\S+)", text) == ["local"]


def test_decisions_are_numbered_and_whole() -> None:
    pages = sorted(DOCS.glob("decisions/[0-9]*.md"))
    assert [page.name[:4] for page in pages] == [f"{n:04d}" for n in range(1, len(pages) + 1)]
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert heads == ["Context", "Decision", "Numbers", "Consequences"], page.name
        assert f"({page.name})" in index, page.name
        assert text.startswith(f"# {page.name[:4]}. "), page.name


# ---- imports ----------------------------------------------------------------------------------
def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Modules that a file imports, and whether that happens inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, id(node) in inside
            yield from ((f"{node.module}.{alias.name}", id(node) in inside) for alias in node.names)


def modules_of(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / "btassets" / folder).rglob("*.py"))]


def test_private_parts_of_dagster_are_used_in_one_folder() -> None:
    """import-linter does not look inside external packages."""
    private = re.compile(r"dagster\._|dagster_(webserver|graphql|shared)\b")
    used = {path for path in modules_of("") for name, _ in imported(path) if private.match(name)}
    assert {path.relative_to(ROOT / "btassets").parts[0] for path in used} == {"instance"}


def test_defs_and_instance_import_at_the_top() -> None:
    """Packages of an extra may be missing: their import waits for its use."""
    late = [
        f"{path.name}: {name}"
        for path in modules_of("defs", "instance")
        for name, is_late in imported(path)
        if is_late and name.partition(".")[0] not in extras()
    ]
    assert late == []
