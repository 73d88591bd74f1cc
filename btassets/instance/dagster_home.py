"""The Dagster instance of a book: `.dagster/` in its folder.

Belongs here: the instance's settings file and opening it. Telemetry and pop-ups are off, one run at a time. The event
log is the batched one, or a PostgreSQL database if the environment names one.
"""

import json
import os
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import dagster as dg

from btassets.errors import UsageError
from btassets.instance import migrations
from btassets.instance.database_refusals import database_refusals
from btassets.instance.sqlite_address import use_safe_addresses
from btassets.settings.load import FILE_NAME
from btassets.storage.files import replace_text
from btassets.storage.host_lock import POSTGRES_URL
from btassets.storage.lock import book_lock

use_safe_addresses()  # in every process that opens an instance

COMMON = """\
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
"""
"""Settings of every instance that holds the runs of one book: one run at a time, no telemetry."""

_YAML = """\
# Written by btassets; changes are overwritten.
{common}{storage}
compute_logs:
  module: btassets.instance.runs.compute_logs
  class: TeeComputeLogManager
  config:
    base_dir: {logs}
"""

_PARTS = {
    "local_artifact_storage": "BookArtifacts",
    "run_storage": "BookRuns",
    "event_log_storage": "BookEvents",
    "schedule_storage": "BookSchedules",
    "compute_logs": "BookLogs",
}

PROJECT_YAML = (
    "# Dagster's own commands in this folder, e.g. `dagster dev`, use the instance of the book that they show.\n"
    + COMMON
    + "".join(f"{part}:\n  module: btassets.instance.project\n  class: {name}\n" for part, name in _PARTS.items())
)
"""Text of `dagster.yaml` in a book's folder and in a clone; it names no folder, so that a book may be moved."""

_SQLITE = """\
event_log_storage:
  module: btassets.instance.event_log
  class: BatchedSqliteEventLogStorage
  config:
    base_dir: {base_dir}"""

_POSTGRES = f"""\
storage:
  postgres:
    postgres_url:
      env: {POSTGRES_URL}"""

EVENT_BATCH = {"DAGSTER_EVENT_BATCH_SIZE": "1000"}
"""Environment of every process that runs steps."""


def write_home(home: Path) -> None:
    """Write the settings files of the instance and of plain `dagster dev`.

    Raises
    ------
    UsageError
        If the book is of a cluster and no database is named: this host would have runs and a lock of its own.
    """
    if not os.environ.get(POSTGRES_URL) and _is_of_cluster(home.parent / FILE_NAME):
        problem = f'{home.parent / FILE_NAME}: executor.kind is "celery", and {POSTGRES_URL} is not set'
        raise UsageError(problem, f"export {POSTGRES_URL}, the database of the runs, as on the other hosts.")
    storage = _POSTGRES if os.environ.get(POSTGRES_URL) else _SQLITE.format(base_dir=_quoted(home / "history" / "runs"))
    yaml = _YAML.format(common=COMMON, storage=storage, logs=_quoted(home / "storage"))
    path = home / "dagster.yaml"
    if not path.is_file() or path.read_text(encoding="utf-8") != yaml:
        replace_text(path, yaml)
    beside = home.parent / "dagster.yaml"
    if (home.parent / FILE_NAME).is_file() and not beside.exists():
        replace_text(beside, PROJECT_YAML)


def _is_of_cluster(path: Path) -> bool:
    """Whether a settings file names the executor of a cluster; a damaged file is reported when it is opened."""
    try:
        section = tomllib.loads(path.read_text(encoding="utf-8")).get("executor", {})
    except (OSError, ValueError):
        return False
    return isinstance(section, dict) and section.get("kind") == "celery"


def prepare_home(home: Path) -> None:
    """Write the settings files of the instance; set it for this process and its children."""
    write_home(home)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    for name, value in EVENT_BATCH.items():
        os.environ.setdefault(name, value)


def _quoted(path: Path) -> str:
    """A path as YAML, safe for any name: JSON strings are valid YAML."""
    return json.dumps(str(path))


def _opened(home: Path) -> dg.DagsterInstance:
    """The instance of `home`, after its event index is complete.

    Dagster creates its event index at the first opening and only checks that the file exists: an opening killed midway
    would leave a book that no command can open again. One process creates it, and recreates it if it is incomplete.
    """
    index = home / "history" / "runs" / "index.db"
    migrations.share_migrations()
    if os.environ.get(POSTGRES_URL) or _is_complete(index):
        return dg.DagsterInstance.get()
    with book_lock(home.parent, "creating the run history", name="instance"):
        if not _is_complete(index):
            for end in ("", "-wal", "-shm", "-journal"):
                index.with_name(index.name + end).unlink(missing_ok=True)
        return dg.DagsterInstance.get()


def _is_complete(index: Path) -> bool:
    """Whether the event index is complete; Dagster reports anything but a missing row."""
    if not index.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(index))}?mode=ro", uri=True)) as connection:
            made = connection.execute("select count(*) from secondary_indexes where migration_completed is not null")
            version = connection.execute("select count(*) from alembic_version")
            return bool(made.fetchone()[0] and version.fetchone()[0])
    except sqlite3.OperationalError as error:
        return "no such table" not in str(error)
    except sqlite3.DatabaseError:
        return True


def is_home(instance: dg.DagsterInstance, home: Path) -> bool:
    """Whether an instance is the book's own, not the one of a deployment that holds other people's runs, too."""
    return Path(instance.root_directory).resolve() == home.resolve()


@contextmanager
def open_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """Open the instance of a book whose `.dagster` folder is `home`.

    Raises
    ------
    CannotWriteError, CannotReadError
        If the folder or its databases are not writable, or are damaged, also inside the block.
    """
    prepare_home(home)
    with database_refusals(home), _opened(home) as instance:
        yield instance
