"""Closes all databases while a process forks.

Belongs here: the guard around `os.fork`. Does not belong here: what is open and how it is closed
(`btassets.instance.event_log`).
"""

import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any, Protocol


class ClosedAroundForks(Protocol):
    """A storage with persistent database connections."""

    def before_fork(self) -> bool:
        """Close everything and lock; False if that was impossible."""
        ...

    def after_fork(self) -> None:
        """Unlock; in the parent and in the child."""
        ...

    def abandon_inherited(self) -> Sequence[Any]:
        """In a child, drop connections that could not be closed before the fork; the caller keeps them unclosed."""
        ...


class ForkGuard:
    """Closes the databases of every living storage around `os.fork`.

    SQLite keeps its file locks per process and tracks them in memory. A child that inherits an open database believes
    in locks held only by its parent, even on a connection that it opens itself; so nothing may be open at the moment of
    the fork. Spawned processes and those of a fork server inherit nothing and are not affected.
    """

    def __init__(self) -> None:
        self._storages: weakref.WeakSet[ClosedAroundForks] = weakref.WeakSet()
        self._is_registered = False
        self._forking = threading.local()
        self._never_closed: list[Any] = []

    def watch(self, storage: ClosedAroundForks) -> None:
        """Close the databases of a storage around every later fork, as long as it lives."""
        self._storages.add(storage)
        if not self._is_registered and hasattr(os, "register_at_fork"):
            self._is_registered = True
            os.register_at_fork(before=self._before, after_in_parent=self._in_parent, after_in_child=self._in_child)

    def _before(self) -> None:
        storages = sorted(self._storages, key=id)  # one order for all threads that fork
        self._forking.storages = [(storage, storage.before_fork()) for storage in storages]

    def _in_parent(self) -> None:
        for storage, is_closed in self._forking.storages:
            if is_closed:
                storage.after_fork()
        self._forking.storages = []

    def _in_child(self) -> None:
        for storage, is_closed in self._forking.storages:
            if is_closed:
                storage.after_fork()
            else:
                self._never_closed.extend(storage.abandon_inherited())
        self._forking.storages = []


FORK_GUARD = ForkGuard()
