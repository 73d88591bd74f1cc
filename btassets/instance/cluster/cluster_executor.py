"""Executor over the workers of a cluster.

Belongs here: sending each step to its queue, and forgetting the results of old ones. Does not belong here: the settings
of Celery (`celery_options.py`), what a worker does with a step (`worker.py`).
"""

import logging
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.base import Executor
from dagster._grpc.types import ExecuteStepArgs
from dagster._serdes import pack_value

from btassets.instance.cluster.celery_options import app_arguments
from btassets.settings.executor_settings import Executor as ExecutorSettings

_logger = logging.getLogger(__name__)
_TASK = "execute_plan"


class ClusterExecutor(Executor):
    """Steps on the workers of a book's cluster.

    Parameters
    ----------
    settings
        The book's section `executor`.

    Raises
    ------
    UsageError
        If the extra is not installed, an address is missing, or the number of shards depends on the host.
    """

    def __init__(self, settings: ExecutorSettings) -> None:
        self._arguments = app_arguments(settings)

    @property
    def retries(self) -> RetryMode:
        """Whether steps may request retries."""
        return RetryMode.ENABLED

    def app_args(self) -> dict[str, Any]:
        """Arguments of Celery's application."""
        return self._arguments

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Send each step when those before it have ended; the worker's events are the run's."""
        from dagster_celery.core_execution_loop import core_celery_execution_loop
        from dagster_celery.make_app import make_app

        yield from core_celery_execution_loop(plan_context, execution_plan, step_execution_fn=_send)
        try:
            make_app(self._arguments).backend.cleanup()
        except Exception as error:  # noqa: BLE001  (each result store has errors of its own; the next run cleans up)
            _logger.warning("old results were not deleted this time: %s", error)


def _send(
    app: Any, plan_context: PlanOrchestrationContext, step: Any, queue: str, priority: int, known_state: Any
) -> Any:
    """Send one step; returns Celery's result, which will be there later."""
    arguments = ExecuteStepArgs(
        job_origin=plan_context.reconstructable_job.get_python_origin(),
        run_id=plan_context.dagster_run.run_id,
        step_keys_to_execute=[step.key],
        instance_ref=plan_context.instance.get_ref(),
        retry_mode=RetryMode.ENABLED.for_inner_plan(),
        known_state=known_state,
        print_serialized_events=True,
    )
    packed = {
        "execute_step_args_packed": pack_value(arguments),
        "executable_dict": plan_context.reconstructable_job.to_dict(),
    }
    return app.send_task(_TASK, kwargs=packed, priority=priority, queue=queue, routing_key=f"{queue}.{_TASK}")
