"""Hash of sources: content and names count, order of the arguments and other files do not."""

import pytest

from btassets import code_version as module


@pytest.fixture
def version(tmp_path, monkeypatch):
    """`code_version` over a project of its own, without its cache."""
    (tmp_path / "pkg" / "deep").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "pkg" / "code_version.py"))
    for name, text in (("pkg/a.py", "x = 1\n"), ("pkg/deep/b.py", "y = 2\n"), ("pkg/deep/q.sql", "select 1\n")):
        (tmp_path / name).write_text(text)
    return module.code_version.__wrapped__, tmp_path


def test_any_source_below_a_folder_counts_and_nothing_else(version):
    code_version, root = version
    before = code_version("pkg")
    (root / "pkg" / "notes.txt").write_text("x")
    assert code_version("pkg") == before
    for name in ("pkg/a.py", "pkg/deep/b.py", "pkg/deep/q.sql"):
        old = (root / name).read_text()
        (root / name).write_text(old + " ")
        assert code_version("pkg") != before, name
        (root / name).write_text(old)
    assert code_version("pkg") == before
    (root / "pkg" / "a.py").rename(root / "pkg" / "c.py")
    assert code_version("pkg") != before
    assert len(before) == 12


def test_parts_in_any_order_are_one_version(version):
    code_version, _ = version
    assert code_version("pkg/a.py", "pkg/deep") == code_version("pkg/deep", "pkg/a.py")
    assert code_version("pkg/a.py") != code_version("pkg/deep")


def test_content_cannot_move_between_files_unnoticed(version):
    code_version, root = version
    (root / "pkg" / "one.py").write_text("ab")
    (root / "pkg" / "two.py").write_text("c")
    before = code_version("pkg/one.py", "pkg/two.py")
    (root / "pkg" / "one.py").write_text("a")
    (root / "pkg" / "two.py").write_text("bc")
    assert code_version("pkg/one.py", "pkg/two.py") != before


def test_a_path_without_a_source_is_refused(version):
    code_version, root = version
    (root / "pkg" / "empty").mkdir()
    for missing in ("pkg/nothing.py", "pkg/empty"):
        with pytest.raises(FileNotFoundError, match=missing):
            code_version(missing)
