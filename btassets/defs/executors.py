"""Where steps run: in this process, or one forked process per step from a warm server.

Belongs here: executors. The multiprocess one starts its steps from a fork server that has already
imported what steps import, so that a step costs 0.2 instead of 2 CPU seconds.
"""

import multiprocessing
from multiprocessing import forkserver

import dagster as dg

PRELOAD = "btassets.preload"

START_METHOD = {"forkserver": {"preload_modules": [PRELOAD]}}


def multiprocess(max_concurrent: int = 0) -> dg.ExecutorDefinition:
    """Executor that runs each step in a process forked from the warm server; 0: one per core."""
    return dg.multiprocess_executor.configured(
        {"max_concurrent": max_concurrent, "start_method": START_METHOD}, name="multiprocess"
    )


def start_fork_server() -> None:
    """Start the fork server now, so that its imports overlap ours."""
    multiprocessing.get_context("forkserver").set_forkserver_preload([PRELOAD])
    forkserver.ensure_running()
