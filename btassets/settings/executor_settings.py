"""Settings of the execution: how many steps, in which processes, and on which machines.

Belongs here: the section `executor`, without secrets: a broker and a result store are named by environment variables.
Does not belong here: settings of Celery itself (`btassets.instance.cluster.celery_options`).
"""

import os
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from btassets.settings.section import VARIABLE, Section

EXECUTOR_KINDS = ("auto", "in_process", "multiprocess", "celery")
"""Values of `executor.kind`."""


class Executor(Section):
    """Execution."""

    shards: int = Field(default=0, ge=0, le=1024, description="parallel steps of the replay; 0: one per core")
    kind: Literal["auto", "in_process", "multiprocess", "celery"] = Field(
        default="auto",
        description="auto: one process if little is stale, multiprocess if the replay is large; celery: the workers "
        "of a cluster",
    )
    broker: str = Field(
        default="BTASSETS_BROKER_URL",
        pattern=VARIABLE,
        description="environment variable with the URL of the cluster's message broker",
    )
    backend: str = Field(
        default="BTASSETS_RESULT_URL",
        pattern=VARIABLE,
        description="environment variable with the URL of the cluster's result store; not set: the PostgreSQL database "
        "of the runs",
    )

    @property
    def threads(self) -> int:
        """Threads of work in one process of this host: shards of a cluster are steps of many hosts.

        >>> Executor(shards=3).threads, Executor(shards=1000, kind="celery").threads < 1000
        (3, True)
        """
        return self.shards if self.shards and self.kind != "celery" else os.cpu_count() or 1

    @field_validator("kind")
    @classmethod
    def _fixed_steps(cls, value: str, info: ValidationInfo) -> str:
        """Refuse a number of steps that depends on the host: each would build other steps, and the run would fail."""
        if value == "celery" and info.data.get("shards") == 0:
            raise ValueError(
                "needs executor.shards above 0, about 4 times the slots of all workers: 0 means the cores of this "
                "host, and every host of a cluster must build the same steps"
            )
        return value
