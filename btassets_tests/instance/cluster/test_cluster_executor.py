"""Sending steps to the workers, without a broker: Celery's memory transport and a result store in a file."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("dagster_celery", reason="dagster-celery is not installed: pip install btassets[cluster]")

from btassets.defs.build import book_defs
from btassets.defs.resources import BookResource
from btassets.errors import UsageError
from btassets.instance.cluster import cluster_executor
from btassets.instance.cluster.celery_options import MEMORY_QUEUE, app_arguments
from btassets.instance.cluster.cluster_executor import ClusterExecutor, _send
from btassets.settings.executor_settings import Executor
from btassets.storage.host_lock import POSTGRES_URL

SETTINGS = Executor(kind="celery", shards=3)


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BTASSETS_BROKER_URL", "memory://")
    monkeypatch.setenv(POSTGRES_URL, "postgresql+psycopg2://me@127.0.0.1:1/book")


class Sent(SimpleNamespace):
    """Celery's application, which notes what is sent."""

    def send_task(self, name: str, **more: Any) -> str:
        self.task = (name, more)
        return "later"


class Job:
    """A job as another process builds it."""

    def get_python_origin(self) -> None:
        return None

    def to_dict(self) -> dict[str, str]:
        return {"job": "everything"}


def test_a_step_goes_to_its_queue_with_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_executor, "ExecuteStepArgs", lambda **named: named)
    monkeypatch.setattr(cluster_executor, "pack_value", dict)
    run, instance = SimpleNamespace(run_id="1a2b3c4d"), SimpleNamespace(get_ref=lambda: None)
    context: Any = SimpleNamespace(reconstructable_job=Job(), dagster_run=run, instance=instance)
    app = Sent()
    assert _send(app, context, SimpleNamespace(key="analyse"), MEMORY_QUEUE, 5, None) == "later"
    name, more = app.task
    assert (name, more["queue"], more["routing_key"]) == ("execute_plan", "memory", "memory.execute_plan")
    packed = more["kwargs"]["execute_step_args_packed"]
    assert (packed["run_id"], packed["step_keys_to_execute"]) == ("1a2b3c4d", ["analyse"])
    assert more["kwargs"]["executable_dict"] == {"job": "everything"}


def test_the_executor_hands_over_the_options() -> None:
    made = ClusterExecutor(SETTINGS)
    assert made.app_args()["broker"] == app_arguments(SETTINGS)["broker"] == "memory://"
    assert made.app_args()["config_source"].task_acks_late is True
    with pytest.raises(UsageError, match=r"executor\.shards = 0"):
        ClusterExecutor(Executor())


def test_the_steps_below_the_replay_are_tagged_for_memory(tmp_path: Path) -> None:
    defs = book_defs(BookResource(folder=str(tmp_path)), 3)
    job = defs.resolve_job_def("everything")
    queues = {node.name: node.tags.get("dagster-celery/queue") for node in job.graph.nodes}
    assert {name for name, queue in queues.items() if queue == MEMORY_QUEUE} == {"analyse"}
