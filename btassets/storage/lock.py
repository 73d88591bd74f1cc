"""One run per book: an operating-system lock that dies with its process.

Belongs here: acquiring, waiting, naming the holder. A lock file is never deleted, because two processes could then hold
two different files of the same name.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from btassets.errors import BookBusyError
from btassets.storage.files import writing

_POLL_SECONDS = 0.2

_held_here: set[Path] = set()
"""Locks of this process: a command that holds one may start a run that acquires it again."""


@contextmanager
def book_lock(
    folder: Path,
    purpose: str,
    *,
    wait: bool = True,
    on_wait: Callable[[str], None] | None = None,
    name: str = "run",
) -> Iterator[None]:
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
        yield
        return
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    with handle:
        said = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = path.read_text(encoding="utf-8").strip() or "unknown"
                if not wait:
                    raise BookBusyError(str(folder), holder) from None
                if not said and on_wait is not None:
                    on_wait(holder)
                    said = True
                time.sleep(_POLL_SECONDS)
        handle.seek(0)
        handle.truncate()
        handle.write(f"{purpose}, process {os.getpid()}")
        handle.flush()
        _held_here.add(path)
        try:
            yield
        finally:
            _held_here.discard(path)
            handle.seek(0)
            handle.truncate()
            handle.flush()
            fcntl.flock(handle, fcntl.LOCK_UN)
