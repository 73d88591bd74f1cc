"""Dagster's migration scripts, read once in a process.

Belongs here: saving forked step processes the time of reading them. Does not belong here: migrating anything; Dagster
does.
"""

from typing import Any

from alembic.script import ScriptDirectory
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from dagster._core.storage.sql import get_alembic_config


def remember_migrations() -> None:
    """Make this process and its forks read each folder of Dagster's migration scripts once.

    Opening an instance needs the newest revision and runs ninety scripts to find it.
    """
    read = ScriptDirectory.from_config
    known: dict[str | None, ScriptDirectory] = {}

    def read_once(config: Any) -> ScriptDirectory:
        place = config.get_main_option("script_location")
        if place not in known:
            known[place] = read(config)
        return known[place]

    ScriptDirectory.from_config = read_once  # pyright: ignore[reportAttributeAccessIssue]
    for module in (sqlite_run_storage, sqlite_schedule_storage):
        read_once(get_alembic_config(str(module.__file__))).as_revision_number("head")
