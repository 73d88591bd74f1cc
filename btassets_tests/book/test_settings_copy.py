"""The copy of the settings that the last run used."""

from pathlib import Path

import pytest

from btassets.book.settings_copy import copy_of_settings, keep_settings
from btassets.errors import CannotWriteError


def test_the_copy_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "btassets.toml"
    file.write_text("a = 1\n")
    keep_settings(tmp_path)
    copy = copy_of_settings(tmp_path)
    assert copy.read_text() == "a = 1\n"
    before = copy.stat().st_mtime_ns
    keep_settings(tmp_path)
    assert copy.stat().st_mtime_ns == before, "unchanged: nothing is written"
    file.write_text("a = 2\n")
    keep_settings(tmp_path)
    assert copy.read_text() == "a = 2\n"


def test_a_folder_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "btassets.toml").write_text("a = 1\n")
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(CannotWriteError):
        keep_settings(tmp_path)
