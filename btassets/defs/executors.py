"""Where steps run: in this process, or one forked process per step from a warm server.

Belongs here: executors. The multiprocess one starts its steps from a fork server that has already
imported what steps import, so that a step costs 0.2 instead of 2 CPU seconds, and holds the book's
lock while it runs, so that a run of the page and one of the command line never mix.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.executor_definition import (
    _core_multiprocess_executor_creation,
    multiple_process_executor_requirements,
)
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.base import Executor
from dagster._utils.interrupts import pop_captured_interrupt

from btassets.errors import BookBusyError
from btassets.storage.lock import book_lock

PRELOAD = "btassets.preload"

START_METHOD = {"forkserver": {"preload_modules": [PRELOAD]}}

PID_TAG = "btassets/pid"
"""Run tag with the process that a run lives in: a run whose process is gone is dead."""

_POLL_SECONDS = 0.2


class LockedExecutor(Executor):
    """Another executor, run while this process holds the book's lock.

    Parameters
    ----------
    folder
        The book's folder.
    inner
        What executes the steps.
    """

    def __init__(self, folder: Path, inner: Executor) -> None:
        self._folder = folder
        self._inner = inner

    @property
    def retries(self) -> RetryMode:
        """Those of the inner executor."""
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        """That of the inner executor."""
        return self._inner.step_dependency_config

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Wait for the lock, saying so on the run's page, then execute; a termination ends the wait."""
        run = plan_context.dagster_run
        plan_context.instance.add_run_tags(run.run_id, {PID_TAG: str(os.getpid())})
        with ExitStack() as stack:
            yield from self._wait(plan_context, stack)
            yield from self._inner.execute(plan_context, execution_plan)

    def _wait(self, plan_context: PlanOrchestrationContext, stack: ExitStack) -> Iterator[dg.DagsterEvent]:
        is_said = False
        run = plan_context.dagster_run
        while True:
            try:
                stack.enter_context(book_lock(self._folder, f"run {run.run_id[:8]} of {run.job_name}", wait=False))
            except BookBusyError as busy:
                if not is_said:
                    text = f"Waiting for another run of this book ({busy.holder})"
                    yield dg.DagsterEvent.engine_event(plan_context, text)
                    is_said = True
                if pop_captured_interrupt():
                    raise DagsterExecutionInterruptedError from None
                time.sleep(_POLL_SECONDS)
            else:
                return


def multiprocess(folder: Path) -> dg.ExecutorDefinition:
    """Executor that runs each step in a process forked from the warm server, one run of the book at a time."""

    @dg.executor(
        name="multiprocess",
        config_schema={
            "max_concurrent": dg.Field(
                int, default_value=0, description="steps that run at the same time; 0: one per core"
            )
        },
        requirements=multiple_process_executor_requirements(),
    )
    def build(context: dg.InitExecutorContext) -> Executor:
        config = {
            "max_concurrent": context.executor_config["max_concurrent"],
            "retries": {"enabled": {}},
            "start_method": START_METHOD,
        }
        return LockedExecutor(folder, _core_multiprocess_executor_creation(config))

    return build


def start_fork_server() -> None:
    """Start the fork server now, so that its imports overlap ours."""
    multiprocessing.get_context("forkserver").set_forkserver_preload([PRELOAD])
    forkserver.ensure_running()
