"""Settings of Celery, the same for the process of a run and for every worker.

Belongs here: addresses from the environment, and the options without which steps are lost or a run hangs. Does not
belong here: starting a worker (`worker.py`).
"""

import importlib.util
import os
from typing import Any

from dagster._core.execution.retries import RetryMode

from btassets.errors import UsageError
from btassets.settings.executor_settings import Executor
from btassets.storage.host_lock import POSTGRES_URL, database_url

STEP_QUEUE = "dagster"
"""Queue of every step without another one; dagster-celery's name."""

MEMORY_QUEUE = "memory"
"""Queue of the steps whose memory grows with the whole book: those below the replay."""

QUEUES = {"steps": STEP_QUEUE, "memory": MEMORY_QUEUE}
"""Queues by the names of the command line."""

MEMORY_TAGS = {"dagster-celery/queue": MEMORY_QUEUE}
"""Tags of a step for the memory queue."""

_MINUTES_OF_RETRY = 2
_RESULT_DAYS = 1

OPTIONS: dict[str, Any] = {
    # A worker holds no step back that another could start.
    "worker_prefetch_multiplier": 1,
    # A step is acknowledged when it has ended: a dead worker's is delivered again.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    # Delivered again after it has succeeded, because the acknowledgement was lost: the stored result counts.
    "worker_deduplicate_successful_tasks": True,
    "result_persistent": True,
    # A host without a sign of life loses its steps after three beats.
    "broker_heartbeat": 10,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # A message counts as sent when the broker has stored it; a restart of the broker is waited for.
    "broker_transport_options": {
        "confirm_publish": True,
        "max_retries": _MINUTES_OF_RETRY * 60,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 1.0,
    },
    "task_publish_retry_policy": {
        "max_retries": _MINUTES_OF_RETRY * 60,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 1.0,
    },
    # So is a restart of the result store.
    "result_backend_always_retry": True,
    "result_backend_max_retries": _MINUTES_OF_RETRY * 60,
    "result_backend_base_sleep_between_retries_ms": 200,
    "result_backend_max_sleep_between_retries_ms": 1000,
    "result_expires": _RESULT_DAYS * 86_400,
    # Each step starts from the imports of the worker and ends with its process: no cache outlives it.
    "worker_max_tasks_per_child": 1,
    # A busy host takes longer than four seconds to start a process.
    "worker_proc_alive_timeout": 60.0,
    "worker_redirect_stdouts": False,
    "worker_hijack_root_logger": False,
    "task_default_queue": STEP_QUEUE,
    "task_default_priority": 5,
}
"""Celery's settings beside the addresses."""


def require_extra() -> None:
    """Refuse if the packages of the extra `cluster` are not installed.

    Raises
    ------
    UsageError
        With the command that installs them.
    """
    missing = [name for name in ("dagster_celery", "celery", "psycopg2") if importlib.util.find_spec(name) is None]
    if missing:
        problem = f'executor.kind = "celery" needs {", ".join(missing)}, not installed here'
        raise UsageError(problem, 'pip install "btassets[cluster]" on every host of the cluster.')


def broker_url(executor: Executor) -> str:
    """Address of the message broker.

    Raises
    ------
    UsageError
        If its environment variable is not set.
    """
    url = os.environ.get(executor.broker, "")
    if not url:
        problem = f"environment variable {executor.broker} (executor.broker) is not set: the URL of the message broker"
        raise UsageError(problem, f"export {executor.broker}=amqp://USER:PASSWORD@HOST:5672/VHOST, on every host.")
    return url


def result_url(executor: Executor) -> str:
    """Address of the result store: of its own, else the database of the runs.

    Raises
    ------
    UsageError
        If the runs are not in PostgreSQL: SQLite serves one host, and no lock would hold across hosts.
    """
    if not database_url():
        problem = f"environment variable {POSTGRES_URL} is not set: a cluster keeps runs and locks in PostgreSQL"
        raise UsageError(problem, f"export {POSTGRES_URL}=postgresql+psycopg2://USER:PASSWORD@HOST/DB, on every host.")
    named = os.environ.get(executor.backend, "")
    if named.startswith("rpc"):
        problem = f"{executor.backend} is rpc://: a restart of the broker loses every result, and the run fails"
        raise UsageError(problem, f"unset {executor.backend}; results then go to PostgreSQL.")
    return named or f"db+{database_url()}"


class Options:
    """Options as attributes: what Celery reads."""

    def __init__(self) -> None:
        self.__dict__.update(OPTIONS)


def app_arguments(executor: Executor) -> dict[str, Any]:
    """Arguments of the Celery application of a book, in the process of a run and in a worker.

    Raises
    ------
    UsageError
        If the extra is not installed, or an address is missing.
    """
    require_extra()
    if executor.shards == 0:
        problem = "executor.shards = 0 is one step per core of this host, and the hosts of a cluster differ"
        raise UsageError(problem, "set executor.shards to about 4 times the slots of all workers.")
    return {
        "broker": broker_url(executor),
        "backend": result_url(executor),
        "include": [],
        "config_source": Options(),
        "retries": RetryMode.ENABLED,
    }
