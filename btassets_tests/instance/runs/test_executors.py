"""Every executor holds the book's lock during a run; those that would lose steps are refused."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.executor_definition import _core_in_process_executor_creation
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator

from btassets.errors import UsageError
from btassets.instance.runs.executors import locked_executor
from btassets.storage.lock import _held_here
from btassets_tests.support.small_market import make_book


@dg.executor(name="desk", config_schema={"speed": dg.Field(int, default_value=1)})
def desk(context: dg.InitExecutorContext) -> Any:
    """An executor of a deployment's own, here Dagster's."""
    assert context.executor_config == {"speed": 3}
    return _core_in_process_executor_creation({"retries": {"enabled": {}}})


def test_an_executor_of_a_deployment_holds_the_lock(tmp_path: Path) -> None:
    folder = make_book(tmp_path / "book", 2).folder
    held: list[bool] = []

    @dg.op
    def look() -> None:
        held.append(folder / ".dagster" / "run.lock" in _held_here)

    @dg.job(executor_def=locked_executor(folder, desk.configured({"speed": 3}, name="desk")))
    def work() -> None:
        look()

    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(work)
        events = list(execute_run_iterator(InMemoryJob(work), run, instance))
    assert events[-1].event_type == dg.DagsterEventType.RUN_SUCCESS
    assert (held, folder / ".dagster" / "run.lock" in _held_here) == ([True], False)


@pytest.mark.parametrize(
    ("name", "n_shards", "text"),
    [("dask", 4, "ran 1 of 11 steps"), ("celery", 0, "give a number: about 4 times"), ("k8s", 0, "one step per core")],
)
def test_executors_that_lose_steps_are_refused(name: str, n_shards: int, text: str, tmp_path: Path) -> None:
    own = dg.ExecutorDefinition(name=name, executor_creation_fn=lambda _: pytest.fail("created"))
    with pytest.raises(UsageError, match=text):
        locked_executor(tmp_path, own, n_shards)
    assert name == "dask" or locked_executor(tmp_path, own, 4).name == name
