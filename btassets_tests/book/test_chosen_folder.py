"""The book that Dagster's own commands show."""

from pathlib import Path

import pytest

from btassets.book.chosen_folder import chosen_folder
from btassets.book.new_book import DEMO_FOLDER, make_book


def test_the_environment_then_the_current_folder_then_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_book(tmp_path / "own", {})
    monkeypatch.delenv("BTASSETS_BOOK", raising=False)
    monkeypatch.chdir(tmp_path)
    assert chosen_folder() == tmp_path / DEMO_FOLDER
    assert (tmp_path / DEMO_FOLDER / "btassets.toml").is_file()
    monkeypatch.chdir(tmp_path / "own")
    assert chosen_folder() == tmp_path / "own"
    monkeypatch.setenv("BTASSETS_BOOK", str(tmp_path / "named"))
    assert chosen_folder() == tmp_path / "named"
