"""Finding sources: files of own/ and modules of packages, each with the hash of its code; nothing is imported."""

import os
import sys
from pathlib import Path

import pytest

from btassets.own.discover import find_sources
from btassets.own.loading import declared_by
from btassets_tests.support.own_panel import window, write_source


def test_files_are_found_by_their_kind_in_order(tmp_path: Path) -> None:
    for name in ("b.sql", "a.py", "c.csv", "_hidden.py", ".dot.py", "notes.txt"):
        (tmp_path / "own").mkdir(exist_ok=True)
        (tmp_path / "own" / name).write_text("x = 1\n")
    assert [(s.name, s.form) for s in find_sources(tmp_path)] == [
        ("own/a.py", "python"),
        ("own/b.sql", "sql"),
        ("own/c.csv", "file"),
    ]


def test_a_book_without_own_code_has_no_sources(tmp_path: Path) -> None:
    assert find_sources(tmp_path) == ()
    (tmp_path / "own").write_text("a file")
    assert find_sources(tmp_path) == ()


def test_a_change_of_the_file_or_of_a_helper_changes_the_version(tmp_path: Path) -> None:
    write_source(tmp_path, "tools.py", "def one():\n    return 1.0\n")
    before = write_source(tmp_path, "idea.py", window("return one()", "from tools import one"))
    assert set(before.code) == {"own/idea.py", "own/tools.py"}
    write_source(tmp_path, "other.py", "x = 1\n")
    assert write_source(tmp_path, "idea.py", window("return one()", "from tools import one")) == before
    write_source(tmp_path, "tools.py", "def one():\n    return 2.0\n")
    after = next(source for source in find_sources(tmp_path) if source.name == "own/idea.py")
    assert after.version != before.version
    assert after.code["own/idea.py"] == before.code["own/idea.py"]


@pytest.mark.parametrize(
    ("name", "text", "same", "other"),
    [
        ("a.py", "x = 1\n", "# why\nx  =  1\n", "x = 2\n"),
        ("a.sql", "select 1", "-- why\nselect\n  1 /* one */", "select 2"),
        ("a.csv", "date\n", None, "date,\n"),
    ],
)
def test_comments_and_layout_are_no_other_idea(
    tmp_path: Path, name: str, text: str, same: str | None, other: str
) -> None:
    content = write_source(tmp_path, name, text).content
    if same is not None:
        edited = write_source(tmp_path, name, same)
        assert edited.content == content
    assert write_source(tmp_path, name, other).content != content


def install(site: Path, entry: str, **files: str) -> None:
    """A package as an installer leaves it."""
    for name, text in files.items():
        path = site / "mine" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    info = site / "signals_of_mine-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text(f"[console_scripts]\nx = y:z\n\n[btassets.signals]\nmine = {entry}\n")


def test_a_package_is_found_by_its_entry_point_without_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = window("return half(w.close[-1]) / w.close[0]", "from mine.tools import half")
    install(tmp_path / "site", "mine.signals:idea", __init__="", signals=text, tools="def half(x):\n    return x / 2\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (source,) = find_sources(tmp_path)
    assert "mine" not in sys.modules
    assert source.name == "package signals_of_mine (mine.signals)"
    assert set(source.code) == {"mine/__init__.py", "mine/signals.py", "mine/tools.py"}
    found, problem = declared_by(source)
    assert problem == ""
    assert [(one.name, one.form) for one in found] == [("idea", "window")]


def test_an_entry_point_without_its_module_is_a_problem_not_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "gone.signals")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (source,) = find_sources(tmp_path)
    assert "there is no module gone.signals" in declared_by(source)[1]


def test_an_unreadable_file_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_source(tmp_path, "a.sql", "select 1")
    monkeypatch.setattr(Path, "read_bytes", lambda _: (_ for _ in ()).throw(PermissionError(13, os.strerror(13))))
    (found,) = find_sources(tmp_path)
    assert found.problem == "own/a.sql: cannot be read: permission denied"
    assert found.version != source.version
