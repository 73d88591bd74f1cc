"""The server from which the processes of runs and steps are forked, with everything that they import.

Belongs here: starting it early, so that its imports overlap those of whoever starts it, and letting
one server do for all of a page's runs. Nothing heavy is imported here. Does not belong here: what it
imports (`btassets.preload`), which runs use it (`btassets.instance.runs.executors`).
"""

import atexit
import json
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

PRELOAD = "btassets.preload"

PREPARED = "BTASSETS_PREPARED_LAUNCH"
"""Environment variable with the launch of the command line that the server prepares: JSON of folder and words."""

WARM_RUNS = "BTASSETS_WARM_RUNS"
"""Environment variable that asks a page's code server to fork its runs instead of starting each anew."""


def launch_words(overrides: Mapping[str, Any], only: Sequence[str] = (), *, is_full: bool = False) -> str:
    """What another process needs beside the folder to build the same definitions."""
    return json.dumps([dict(overrides), is_full, list(only)])


def prepare_launch(folder: Path, words: str) -> None:
    """Start the server for one launch of the command line; returns at once.

    Parameters
    ----------
    folder
        The book's folder.
    words
        As `launch_words` gives them.
    """
    # The server imports the definitions of this book, not of the current folder's.
    os.environ["BTASSETS_BOOK"] = str(folder)
    os.environ[PREPARED] = json.dumps([str(folder), words])
    _start()


def fork_runs() -> None:
    """Let this code server, when it was asked to, fork the processes of its runs.

    Dagster spawns them: each imports for two seconds what the server has already.
    """
    if os.environ.pop(WARM_RUNS, None) is None:
        return
    _start()
    # Dagster asks for the context by name, once; what it makes of it, queues and events, serves both.
    spawning: Any = multiprocessing.get_context("spawn")
    spawning.Process = multiprocessing.get_context("forkserver").Process


def _start() -> None:
    multiprocessing.set_forkserver_preload([PRELOAD])
    forkserver.ensure_running()


def is_fork_server() -> bool:
    """Whether this process is the server itself: Python starts it with a program of its own after -c."""
    return any(word.startswith("from multiprocessing.forkserver import main;") for word in sys.orig_argv)


def share_server() -> None:
    """Let the runs that are forked from this server fork their steps from it, too.

    Without it Python starts another server for each of them. A dead server is started anew by the
    code server, for the next run.
    """
    server: Any = forkserver._forkserver  # pyright: ignore[reportAttributeAccessIssue]
    server.ensure_running = _is_inherited


def _is_inherited() -> None:
    """The server runs: this process came from it."""


def leave_quietly() -> None:
    """Let this process end without tearing down: DuckDB would complain on the terminal of what is still loaded."""
    atexit.register(os._exit, 0)
