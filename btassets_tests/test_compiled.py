"""Folder of compiled code: one per version of the engine, writable, and elsewhere if it cannot be."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from btassets import compiled
from btassets.compiled import cache_folder, use_cache_folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled, "code_version", lambda *_: "abc123")
    return tmp_path / "cache" / "btassets"


def test_the_folder_is_made_and_names_engine_numba_and_python(cache):
    folder = cache_folder()
    assert folder.parent == cache
    assert folder.is_dir()
    assert folder.name.startswith("abc123-numba")
    assert folder.name.endswith(f"-py{sys.version_info.major}{sys.version_info.minor}")


def test_another_version_of_the_engine_has_another_folder(cache, monkeypatch):
    before = cache_folder()
    monkeypatch.setattr(compiled, "code_version", lambda *_: "def456")
    assert cache_folder() != before


def test_a_place_that_cannot_be_written_is_replaced_by_a_temporary_one(cache, monkeypatch):
    name = cache_folder().name
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert cache_folder() == Path(tempfile.gettempdir()) / f"btassets-{os.getuid()}" / name
    monkeypatch.undo()


def test_a_file_in_its_place_is_no_folder(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(compiled, "code_version", lambda *_: "abc123")
    assert cache_folder().parent == Path(tempfile.gettempdir()) / f"btassets-{os.getuid()}"


def test_numba_gets_the_folder_before_and_after_its_import(cache, monkeypatch):
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    use_cache_folder()
    assert os.environ["NUMBA_CACHE_DIR"] == str(cache_folder())

    class Numba:
        class config:  # noqa: N801 (numba's own name)
            CACHE_DIR = "elsewhere"

    monkeypatch.setitem(sys.modules, "numba", Numba)
    use_cache_folder()
    assert str(cache_folder()) == Numba.config.CACHE_DIR
