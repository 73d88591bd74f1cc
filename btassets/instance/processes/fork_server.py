"""The server from which the processes of runs and steps are forked, with their imports loaded.

Belongs here: starting it early, so that its imports overlap those of its parent, and sharing
one server among all of a page's runs. Nothing heavy is imported here. Does not belong here: what it
imports (`btassets.preload`), which runs use it (`btassets.instance.runs.executors`).
"""

import atexit
import json
import multiprocessing
import os
import stat
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from btassets.storage.socket_folder import is_short, socket_root

PRELOAD = "btassets.preload"

PREPARED = "BTASSETS_PREPARED_LAUNCH"
"""Environment variable with the launch prepared by the server: JSON of folder and words."""

WARM_RUNS = "BTASSETS_WARM_RUNS"
"""Environment variable that makes a page's code server fork its runs instead of spawning each."""

WORKER = "BTASSETS_CLUSTER_WORKER"
"""Environment variable of a cluster's worker: each step builds the definitions anew, from the settings of its run."""


def launch_words(overrides: Mapping[str, Any], only: Sequence[str] = (), *, is_full: bool = False) -> str:
    """Inputs, besides the folder, from which another process builds the same definitions."""
    return json.dumps([dict(overrides), is_full, list(only)])


def prepare_launch(folder: Path, words: str) -> None:
    """Start the server for one launch of the command line; returns at once.

    Parameters
    ----------
    folder
        The book's folder.
    words
        Result of `launch_words`.
    """
    # The server imports the definitions of this book, not of the current folder's.
    os.environ["BTASSETS_BOOK"] = str(folder)
    os.environ[PREPARED] = json.dumps([str(folder), words])
    _start()


def fork_runs() -> None:
    """Make this code server fork the processes of its runs, if requested.

    Dagster caches the "spawn" context; with it, each run would import for two seconds what the server has already
    loaded.
    """
    if os.environ.pop(WARM_RUNS, None) is None:
        return
    _start()
    # Dagster asks for the context by name, once; what it makes of it, queues and events, serves both.
    spawning: Any = multiprocessing.get_context("spawn")
    spawning.Process = multiprocessing.get_context("forkserver").Process


def _start() -> None:
    _use_short_folder()
    multiprocessing.set_forkserver_preload([PRELOAD])
    forkserver.ensure_running()


def _use_short_folder() -> None:
    """Let Python's servers have their sockets in a short folder when the temporary one is too long for them."""
    if is_short(tempfile.gettempdir()):
        return
    # One folder for all commands: a command ends without tearing down, and would leave one of its own behind.
    folder = Path(socket_root()) / f"btassets-{os.getuid()}-sockets"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    is_ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o077
    config: Any = multiprocessing.current_process()._config  # pyright: ignore[reportAttributeAccessIssue]
    config["tempdir"] = str(folder) if is_ours else tempfile.mkdtemp(prefix="btassets-", dir=socket_root())


def is_fork_server() -> bool:
    """Whether this process is the server itself: Python starts it with its own program after -c."""
    return any(word.startswith("from multiprocessing.forkserver import main;") for word in sys.orig_argv)


def share_server() -> None:
    """Make runs forked from this server fork their steps from it, too.

    Without it Python starts another server for each of them. A dead server is restarted by the code server, for the
    next run.
    """
    server: Any = forkserver._forkserver  # pyright: ignore[reportAttributeAccessIssue]
    server.ensure_running = _is_inherited


def _is_inherited() -> None:
    """The server is running: this process was forked from it."""


def leave_quietly() -> None:
    """End this process without teardown, because DuckDB would list objects still loaded on the terminal."""
    atexit.register(os._exit, 0)
