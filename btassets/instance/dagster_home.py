"""The Dagster instance of a book: `.dagster/` in its folder.

Belongs here: the instance's settings file and opening it. Telemetry and pop-ups are off, one run
at a time. The event log is the batched one, or a PostgreSQL database where the environment names one.
"""

import json
import os
from pathlib import Path
from typing import Any

import dagster as dg

from btassets.storage.files import replace_text

_YAML = """\
# Written by btassets; changes are overwritten.
telemetry:
  enabled: false
nux:
  enabled: false
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config:
    max_concurrent_runs: 1
    dequeue_interval_seconds: 1
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_resume_run_attempts: 0
run_retries:
  enabled: true
  max_retries: 0
python_logs:
  python_log_level: INFO
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 7
      failure: 30
      success: 90
{storage}
compute_logs:
  module: btassets.instance.compute_logs
  class: TeeComputeLogManager
  config:
    base_dir: {logs}
"""

_SQLITE = """\
event_log_storage:
  module: btassets.instance.event_log
  class: BatchedSqliteEventLogStorage
  config:
    base_dir: {base_dir}"""

POSTGRES_URL = "BTASSETS_POSTGRES_URL"
"""Environment variable with the address of a PostgreSQL database that keeps the instance instead of SQLite."""

_POSTGRES = f"""\
storage:
  postgres:
    postgres_url:
      env: {POSTGRES_URL}"""

EVENT_BATCH = {"DAGSTER_EVENT_BATCH_SIZE": "1000"}
"""Environment of every process that runs steps."""


def prepare_home(home: Path) -> None:
    """Write the instance's settings file and point this process and its children at it."""
    storage = _POSTGRES if os.environ.get(POSTGRES_URL) else _SQLITE.format(base_dir=_quoted(home / "history" / "runs"))
    yaml = _YAML.format(storage=storage, logs=_quoted(home / "storage"))
    path = home / "dagster.yaml"
    if not path.is_file() or path.read_text(encoding="utf-8") != yaml:
        replace_text(path, yaml)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    for name, value in EVENT_BATCH.items():
        os.environ.setdefault(name, value)


def _quoted(path: Path) -> str:
    """A path as YAML, whatever is in it: JSON's strings are YAML's."""
    return json.dumps(str(path))


def open_instance(home: Path) -> dg.DagsterInstance:
    """Open the instance of a book whose `.dagster` folder is `home`."""
    prepare_home(home)
    return dg.DagsterInstance.get()


def remember_migrations() -> None:
    """Let this process and those forked from it read each folder of Dagster's migration scripts once.

    Opening an instance asks which revision is the newest and runs ninety scripts to learn it.
    """
    from alembic.script import ScriptDirectory
    from dagster._core.storage.runs.sqlite import sqlite_run_storage
    from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
    from dagster._core.storage.sql import get_alembic_config

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
