"""Executors: in this process, one forked process per step from a warm server, or the workers of a cluster.

Belongs here: executors. Forked steps start from a server that has already imported the steps' modules, so that a step
costs 0.3 instead of 2 CPU seconds; a small run saves even that. Each holds the book's lock while it works, so that runs
of the page and of the command line never mix.
"""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.executor_definition import (
    _core_in_process_executor_creation,
    _core_multiprocess_executor_creation,
    multiple_process_executor_requirements,
)
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.events import EngineEventData
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.execution.step_dependency_config import StepDependencyConfig
from dagster._core.executor.base import Executor
from dagster._utils.interrupts import pop_captured_interrupt

from btassets.book.book import open_book
from btassets.errors import BookBusyError, BtassetsError, UsageError
from btassets.instance.cluster.cluster_executor import ClusterExecutor
from btassets.instance.cluster.step_guard import run_label
from btassets.instance.processes.fork_server import PRELOAD
from btassets.instance.runs.dead_runs import process_tags
from btassets.instance.runs.retention import retain
from btassets.instance.ticker_ranges import n_targeted
from btassets.plan import make_plan
from btassets.settings.executor_settings import EXECUTOR_KINDS
from btassets.storage.lock import Lease, book_lock

START_METHOD = {"forkserver": {"preload_modules": [PRELOAD]}}

MUCH = 100
"""Number of stale tickers from which a process per step pays off: about a second of replay."""

_POLL_SECONDS = 0.2
_RETRIES: dict[str, Any] = {"retries": {"enabled": {}}}


class LockedExecutor(Executor):
    """Another executor, run while this process holds the book's lock.

    Parameters
    ----------
    folder
        The book's folder.
    choose
        The executor of the steps, chosen once the lock is held.
    """

    def __init__(self, folder: Path, choose: Callable[[PlanOrchestrationContext], Executor]) -> None:
        self._folder = folder
        self._choose = choose
        self._inner: Executor | None = None

    @property
    def retries(self) -> RetryMode:
        """Whether steps may request retries."""
        return RetryMode.ENABLED

    @property
    def step_dependency_config(self) -> Any:
        """Dagster's default."""
        return StepDependencyConfig.default()

    def app_args(self) -> dict[str, Any]:
        """Arguments of Celery's application: dagster-celery asks the executor of the run for them."""
        inner: Any = self._inner
        return inner.app_args()

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Wait for the lock, reporting it on the run's page, then execute; a termination ends the wait."""
        run = plan_context.dagster_run
        plan_context.instance.add_run_tags(run.run_id, process_tags())
        with ExitStack() as stack:
            lease = yield from self._wait(plan_context, stack)
            self._inner = self._choose(plan_context)
            for event in self._inner.execute(plan_context, execution_plan):
                lease.check()
                yield event
            lease.check()
            retain(plan_context.instance, open_book(self._folder))

    def _wait(
        self, plan_context: PlanOrchestrationContext, stack: ExitStack
    ) -> Generator[dg.DagsterEvent, None, Lease]:
        is_said = False
        run = plan_context.dagster_run
        while True:
            try:
                lock = book_lock(self._folder, run_label(run.run_id, run.job_name), wait=False)
                return stack.enter_context(lock)
            except BookBusyError as busy:
                if not is_said:
                    text = f"Waiting for another run of this book ({busy.holder})"
                    yield dg.DagsterEvent.engine_event(plan_context, text, EngineEventData())
                    is_said = True
                if pop_captured_interrupt():
                    raise DagsterExecutionInterruptedError from None
                time.sleep(_POLL_SECONDS)


def book_executor(folder: Path, kind: str = "auto") -> dg.ExecutorDefinition:
    """Executor of a book's runs: one run at a time; in its own process if little is stale, else over several.

    Parameters
    ----------
    folder
        The book's folder.
    kind
        The setting `executor.kind`, which a launch may change.
    """

    @dg.executor(
        name="book",
        config_schema={
            "kind": dg.Field(
                dg.Enum("ExecutorKind", [dg.EnumValue(kind) for kind in EXECUTOR_KINDS]),
                default_value=kind,
                description="auto: one process if little is stale, else one per step; or always one of them; celery: "
                "the workers of a cluster",
            ),
            "max_concurrent": dg.Field(
                int, default_value=0, description="steps that run concurrently; 0: one per core"
            ),
        },
        requirements=multiple_process_executor_requirements(),
    )
    def build(context: dg.InitExecutorContext) -> Executor:
        kind, max_concurrent = context.executor_config["kind"], context.executor_config["max_concurrent"]

        def choose(plan_context: PlanOrchestrationContext) -> Executor:
            if kind == "celery":
                return ClusterExecutor(open_book(folder).base.executor)
            is_much = kind == "multiprocess" or (
                kind == "auto" and n_stale(folder, plan_context.instance, plan_context.dagster_run) >= MUCH
            )
            if not is_much:
                return _core_in_process_executor_creation(_RETRIES)
            return _core_multiprocess_executor_creation(
                {**_RETRIES, "max_concurrent": max_concurrent, "start_method": START_METHOD}
            )

        return LockedExecutor(folder, choose)

    return build


def locked_executor(folder: Path, own: dg.ExecutorDefinition, n_shards: int = 1) -> dg.ExecutorDefinition:
    """An executor of a deployment's own, which holds the book's lock during a run.

    Parameters
    ----------
    folder
        The book's folder.
    own
        The executor.
    n_shards
        Parallel steps of the replay, as given to the definitions.

    Raises
    ------
    UsageError
        If the executor skips steps, or needs the same steps on every host and `n_shards` depends on the host.
    """
    if own.name.startswith("dask"):
        problem = "dask_executor ran 1 of 11 steps of a book and reported success"
        raise UsageError(problem, 'use executor.kind = "celery", or k8s_job_executor where Kubernetes exists.')
    if n_shards == 0 and own.name.startswith(("celery", "k8s", "docker")):
        problem = f"0 shards are one step per core of a host, and hosts of executor {own.name} differ"
        raise UsageError(problem, "give a number: about 4 times the slots of all workers.")

    create: Any = own.executor_creation_fn
    schema: Any = own.config_schema

    def build(context: dg.InitExecutorContext) -> Executor:
        return LockedExecutor(folder, lambda _: create(context))

    return dg.ExecutorDefinition(
        name=own.name,
        config_schema=schema,
        requirements=own.get_requirements,
        executor_creation_fn=build,
        description=own.description,
    )


def guest_executor(folder: Path, name: str) -> dg.ExecutorDefinition:
    """Executor of a book's jobs in another deployment: the run's own process, which holds the book's lock.

    Parameters
    ----------
    folder
        The book's folder.
    name
        Name of the executor, unique in its code location.
    """

    @dg.executor(name=name)
    def build(context: dg.InitExecutorContext) -> Executor:
        del context
        return LockedExecutor(folder, lambda _: _core_in_process_executor_creation(_RETRIES))

    return build


def n_stale(folder: Path, instance: dg.DagsterInstance, run: dg.DagsterRun) -> int:
    """Upper bound of the tickers read or replayed by a run, as known before it starts."""
    try:
        plan = make_plan(open_book(folder, mends=True))
    except BtassetsError:
        return 0  # the run itself will report the error
    stale = len(plan.ingest.stale) or len(plan.replay)
    return min(stale, n_targeted(instance, run.tags))
