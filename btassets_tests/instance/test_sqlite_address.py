"""The history of a book is in its own folder, for any name of the folder."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from btassets.instance.dagster_home import open_instance
from btassets.instance.sqlite_address import sqlite_address


@pytest.mark.parametrize("name", ["plain", "a?b#c%20d e", "[1]*?mode=ro&x", "ä?"])
def test_the_history_is_in_the_folder_itself(tmp_path: Path, name: str) -> None:
    home = tmp_path / name / ".dagster"
    home.mkdir(parents=True)
    engine = sa.create_engine(sqlite_address(str(home), "some"))
    with engine.begin() as connection:
        connection.execute(sa.text("create table t (x int)"))
    engine.dispose()
    assert [path.name for path in home.iterdir()] == ["some.db"]
    with open_instance(home) as instance:
        assert instance.get_runs() == []
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (home / "history" / "runs.db").is_file()
