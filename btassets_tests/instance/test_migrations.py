"""Dagster's migration scripts are read once in a process, and give the same databases."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from btassets.instance import migrations
from btassets.instance.dagster_home import open_instance


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders of scripts that were read."""
    found: list[str] = []

    def counted(config):
        found.append(config.get_main_option("script_location"))
        return read(config)

    read = migrations._READ
    monkeypatch.setattr(migrations, "_READ", counted)
    monkeypatch.setattr(migrations, "_known", {})
    return found


def tables_of(home: Path) -> dict[str, list[tuple]]:
    found = {}
    for path in sorted(home.rglob("*.db")):
        with closing(sqlite3.connect(path)) as connection:
            shape = connection.execute("select name, sql from sqlite_master order by name").fetchall()
            found[path.relative_to(home).as_posix()] = (
                shape + connection.execute("select version_num from alembic_version").fetchall()
            )
    return found


def test_two_new_instances_read_each_folder_once_and_are_as_without_sharing(tmp_path, reads, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with open_instance(tmp_path / name / ".dagster"):
            pass
    assert len(reads) == len(set(reads)) > 0
    monkeypatch.setattr(migrations, "share_migrations", lambda: None)
    monkeypatch.setattr(ScriptDirectory, "from_config", migrations._READ)
    (tmp_path / "c").mkdir()
    with open_instance(tmp_path / "c" / ".dagster"):
        pass
    assert len(reads) > len(set(reads))
    made = [tables_of(tmp_path / name / ".dagster") for name in ("a", "b", "c")]
    assert made[0]
    assert made[0] == made[1] == made[2]


def test_the_folders_can_be_read_before_an_instance_is_opened(tmp_path, reads):
    migrations.remember_migrations()
    n_folders = len(reads)
    assert n_folders > 0
    migrations.remember_migrations()
    assert len(reads) == n_folders
