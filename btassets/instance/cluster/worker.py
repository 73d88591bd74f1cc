"""A worker of the cluster: one process per step, forked from a server that has loaded the imports.

Belongs here: Celery's application of a worker, its guard around every step, and starting it. Does not belong here: the
settings of Celery (`celery_options.py`), what the guard checks (`step_guard.py`).
"""

import importlib
import logging
import os
import socket
import time
from collections.abc import Sequence
from typing import Any

import dagster as dg
from dagster._grpc.types import ExecuteStepArgs
from dagster._serdes import unpack_value

from btassets.book.book import Book
from btassets.instance.cluster.celery_options import QUEUES, app_arguments
from btassets.instance.cluster.step_guard import count_delivery, guarded
from btassets.instance.cluster.worker_facts import code, facts, libraries
from btassets.instance.dagster_home import prepare_home
from btassets.instance.processes.fork_server import PRELOAD, WORKER
from btassets.storage.host_lock import database_url

_logger = logging.getLogger(__name__)

FACTS = "btassets_facts"
"""Name of the question about a worker's facts."""


def make_worker_app(book: Book) -> Any:
    """Celery's application of a worker of a book.

    Raises
    ------
    UsageError
        If the extra is not installed, or an address is missing.
    """
    arguments = app_arguments(book.base.executor)
    from celery import Task
    from celery.worker.control import Panel
    from dagster_celery.make_app import make_app
    from dagster_celery.tasks import create_task

    class GuardedTask(Task):
        """A step that runs only while its run holds the book's lock."""

        resultrepr_maxsize = 0  # the log names the step instead of its events

        def __call__(self, *words: Any, **named: Any) -> Any:
            asked = unpack_value(named["execute_step_args_packed"], as_type=ExecuteStepArgs)
            run_id, step = asked.run_id, (asked.step_keys_to_execute or ["?"])[0]
            if (self.request.delivery_info or {}).get("redelivered"):
                with dg.DagsterInstance.get() as instance:
                    counts: Any = instance.daemon_cursor_storage
                    count_delivery(counts, run_id, step)
            _logger.info("step %s of run %s", step, run_id[:8])
            began, cpu = time.monotonic(), time.process_time()
            try:
                with guarded(database_url(), run_id, step):
                    return super().__call__(*words, **named)
            finally:
                spent = time.monotonic() - began, time.process_time() - cpu
                _logger.info("step %s of run %s: %.1f s, %.2f CPU s", step, run_id[:8], *spent)

    app = make_app(arguments)
    create_task(app, base=GuardedTask)

    @Panel.register(name=FACTS, type="inspect")
    def _facts(state: Any, token: str = "", **_more: Any) -> dict[str, Any]:
        return facts(book.folder, token) | {"slots": state.consumer.pool.limit}

    return app


def start_worker(book: Book, slots: int, queues: Sequence[str]) -> None:
    """Work on the steps of a book until the process is terminated; steps in progress are finished first.

    Parameters
    ----------
    book
        The book, in a folder that every host sees under the same path.
    slots
        Steps that run at the same time.
    queues
        Keys of `QUEUES`.

    Raises
    ------
    UsageError
        If the extra is not installed, or an address is missing.
    """
    os.environ["BTASSETS_BOOK"] = str(book.folder)
    app = make_worker_app(book)
    prepare_home(book.instance)
    for of_loaded_files in (code, libraries):
        of_loaded_files()
    os.environ[WORKER] = "1"
    importlib.import_module(PRELOAD)
    name = f"btassets-{os.getpid()}@{socket.gethostname()}"
    app.worker_main(
        [
            "worker",
            *("--hostname", name, "--pool", "prefork", "--concurrency", str(slots)),
            *("--queues", ",".join(QUEUES[queue] for queue in queues)),
            *("--loglevel", "INFO", "--without-mingle", "--without-gossip"),
        ]
    )
