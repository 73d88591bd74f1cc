"""One run per book: an operating-system lock that dies with its process, and one in the database of the runs, if any.

Belongs here: acquiring, waiting, naming the holder. A lock file is never deleted, because two processes could then hold
two different files of the same name. Does not belong here: locks in PostgreSQL (`host_lock.py`); they are needed as
well, because the lock of a file on a shared folder may hold on one host only.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from btassets.errors import BookBusyError
from btassets.storage.files import writing
from btassets.storage.host_lock import STEPS, HostLock, database_url

_POLL_SECONDS = 0.2

ACROSS_HOSTS = ("run", "daemon")
"""Locks that hold across hosts if the runs are in PostgreSQL."""

RUN = "run"
"""Lock of the process that writes tables."""

_held_here: dict[Path, "Lease"] = {}
"""Locks of this process: a command that holds one may start a run that acquires it again."""


class Lease:
    """A lock while it is held.

    Parameters
    ----------
    purpose
        Description of the holder.
    beside
        The same lock in the database of the runs; None: they are in SQLite.
    """

    def __init__(self, purpose: str, beside: HostLock | None = None) -> None:
        self._purpose = purpose
        self._beside = beside

    def check(self) -> None:
        """Raise if the lock was lost.

        Raises
        ------
        LockLostError
            If the database was away, and another run took the lock.
        """
        if self._beside is not None:
            self._beside.check()

    @contextmanager
    def used_for(self, purpose: str) -> Iterator[None]:
        """Describe the holder by another purpose during the block, to processes on other hosts."""
        if self._beside is not None:
            self._beside.relabel(purpose)
        try:
            yield
        finally:
            if self._beside is not None:
                self._beside.relabel(self._purpose)


@contextmanager
def book_lock(
    folder: Path,
    purpose: str,
    *,
    wait: bool = True,
    on_wait: Callable[[str], None] | None = None,
    name: str = RUN,
) -> Iterator[Lease]:
    """Hold the book's lock for the duration of the block.

    Parameters
    ----------
    folder
        The book's folder; the lock is `.dagster/NAME.lock` in it.
    purpose
        Description of the holder, shown to waiting processes.
    wait
        False: raise `BookBusyError` at once if another process holds it.
    on_wait
        Called once with the holder if this call has to wait.
    name
        Name of the lock: `run`, or `daemon`.
    """
    path = folder / ".dagster" / f"{name}.lock"
    if path in _held_here:
        with _held_here[path].used_for(purpose):
            yield _held_here[path]
        return
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    waiting = _Waiting(folder, wait, on_wait)
    with handle, ExitStack() as stack:
        _poll(waiting, lambda: _try_file(handle, path))
        handle.seek(0)
        handle.truncate()
        handle.write(f"{purpose}, process {os.getpid()}")
        handle.flush()
        stack.callback(_free, handle)
        lease = Lease(purpose)
        if database_url() and name in ACROSS_HOSTS:
            lease = Lease(purpose, _across_hosts(name, purpose, waiting, stack))
        _held_here[path] = lease
        try:
            yield lease
        finally:
            _held_here.pop(path, None)


@dataclass
class _Waiting:
    """Behaviour while another process holds a lock."""

    folder: Path
    waits: bool
    on_wait: Callable[[str], None] | None


def _poll(waiting: _Waiting, take: Callable[[], str | None]) -> None:
    """Call `take` until it returns None; it returns the holder of the lock otherwise."""
    while (holder := take()) is not None:
        if not waiting.waits:
            raise BookBusyError(str(waiting.folder), holder)
        if waiting.on_wait is not None:
            waiting.on_wait(holder)
            waiting.on_wait = None
        time.sleep(_POLL_SECONDS)


def _try_file(handle: TextIO, path: Path) -> str | None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return path.read_text(encoding="utf-8").strip() or "unknown"
    return None


def _free(handle: TextIO) -> None:
    handle.seek(0)
    handle.truncate()
    handle.flush()
    fcntl.flock(handle, fcntl.LOCK_UN)


def _across_hosts(name: str, purpose: str, waiting: _Waiting, stack: ExitStack) -> HostLock:
    """Acquire a lock in the database; that of a run waits until no worker executes a step of an earlier run."""
    lock = HostLock(database_url(), name, purpose)
    _poll(waiting, lock.try_acquire)
    stack.callback(lock.release)
    if name == RUN:
        drain = HostLock(database_url(), STEPS, purpose)
        _poll(waiting, drain.try_acquire)
        drain.release()
    return lock
