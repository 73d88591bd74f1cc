"""The book's own instance for Dagster's commands without DAGSTER_HOME, as in plain `dagster dev`.

Belongs here: the storages that a `dagster.yaml` in the current folder names. Each resolves to the storage of the
instance of the chosen book, so that the file has no path. Does not belong here: that instance and the text of the file
(`dagster_home.py`), pages on any other instance (`other_instances.py`).
"""

from functools import cache
from pathlib import Path
from typing import Any

import click
from dagster._core.instance import InstanceRef
from dagster._core.storage.compute_log_manager import ComputeLogManager
from dagster._core.storage.event_log.base import EventLogStorage
from dagster._core.storage.root import LocalArtifactStorage
from dagster._core.storage.runs.base import RunStorage
from dagster._core.storage.schedules.base import ScheduleStorage
from dagster._serdes import ConfigurableClassData

from btassets.book.chosen_folder import chosen_folder
from btassets.instance.dagster_home import open_instance
from btassets.settings.load import FILE_NAME


def _chosen() -> InstanceRef:
    """Reference of the instance of the chosen book; its files are created first."""
    folder = chosen_folder().absolute()
    if not (folder / FILE_NAME).is_file():
        raise click.UsageError(f"{folder} is not a book: no {FILE_NAME}. BTASSETS_BOOK names the folder of a book.")
    return _reference(folder / ".dagster")


@cache
def _reference(home: Path) -> InstanceRef:
    with open_instance(home) as instance:
        return instance.get_ref()


class _OfBook:
    """Storage without settings of its own."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}


class BookArtifacts(_OfBook, LocalArtifactStorage):
    """The book's folder of artifacts."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Any:
        """Return that of the chosen book."""
        return _chosen().local_artifact_storage


class BookRuns(_OfBook, RunStorage):
    """The book's runs."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Any:
        """Return that of the chosen book."""
        return _chosen().run_storage


class BookEvents(_OfBook, EventLogStorage):
    """The book's events."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Any:
        """Return that of the chosen book."""
        return _chosen().event_storage


class BookSchedules(_OfBook, ScheduleStorage):
    """The book's ticks of schedules and sensors."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Any:
        """Return that of the chosen book."""
        return _chosen().schedule_storage


class BookLogs(_OfBook, ComputeLogManager):
    """The book's logs of steps."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Any:
        """Return that of the chosen book."""
        return _chosen().compute_log_manager
