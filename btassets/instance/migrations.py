"""Dagster's migration scripts, read once in a process.

Belongs here: saving processes and their forks the time of reading them. Does not belong here: migrating anything;
Dagster does.
"""

from typing import Any

from alembic.script import ScriptDirectory
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from dagster._core.storage.sql import get_alembic_config

_READ = ScriptDirectory.from_config
_known: dict[str | None, ScriptDirectory] = {}


def _read_once(config: Any) -> ScriptDirectory:
    place = config.get_main_option("script_location")
    if place not in _known:
        _known[place] = _READ(config)
    return _known[place]


def share_migrations() -> None:
    """Make this process read each folder of Dagster's migration scripts once: a new instance asks six times."""
    ScriptDirectory.from_config = _read_once  # pyright: ignore[reportAttributeAccessIssue]


def remember_migrations() -> None:
    """Read the folders now, for the forks of this process.

    Opening an instance needs the newest revision and runs ninety scripts to find it.
    """
    share_migrations()
    for module in (sqlite_run_storage, sqlite_schedule_storage):
        _read_once(get_alembic_config(str(module.__file__))).as_revision_number("head")
