"""Runs of the command line on the page's timeline.

Belongs here: the code location recorded by a run; the page's Overview draws only runs with one. Does not belong here:
starting runs (`btassets.defs.launch`).
"""

from typing import Any

import dagster as dg
from dagster._core.remote_origin import RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.workspace.load_target import ModuleTarget

REPOSITORY = "__repository__"
"""Dagster's name for the definitions of a module."""


def repository_origin(module: str) -> RemoteRepositoryOrigin:
    """Origin of the definitions of a module, as recorded by a page that loads it."""
    return RemoteRepositoryOrigin(ModuleTarget(module, None, None, None).create_origins()[0], REPOSITORY)


def name_origin(instance: dg.DagsterInstance, module: str) -> None:
    """Make every run created by this process in `instance` record the definitions of a module as its origin."""
    create: Any = instance.create_run_for_job

    def create_run_for_job(job_def: dg.JobDefinition, *words: Any, **named: Any) -> dg.DagsterRun:
        if named.get("remote_job_origin") is None:
            named["remote_job_origin"] = RemoteJobOrigin(repository_origin(module), job_def.name)
        return create(job_def, *words, **named)

    instance.create_run_for_job = create_run_for_job
