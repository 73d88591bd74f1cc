"""Checks of a worker before it executes a step.

Belongs here: whether the step's run still holds the book's lock, and how often a worker died during the step. Does not
belong here: starting a worker (`worker.py`), the locks (`btassets.storage.host_lock`).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from btassets.errors import OrphanStepError, ServiceError, StepKilledError
from btassets.storage.host_lock import STEPS, HostLock, holders_of
from btassets.storage.lock import RUN

MAX_DELIVERIES = 5
"""Deliveries of one step to workers that died during it, or lost the broker."""

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.5


class Counts(Protocol):
    """Numbers that survive a worker: Dagster's storage of cursors."""

    def get_cursor_values(self, keys: set[str]) -> dict[str, str]:
        """Stored values by key."""
        ...

    def set_cursor_values(self, pairs: dict[str, str]) -> None:
        """Store values."""
        ...


def run_label(run_id: str, job: str) -> str:
    """Purpose of a run, as the holder of the book's lock states it.

    >>> run_label("1a2b3c4d-0000", "everything")
    'run 1a2b3c4d of everything'
    """
    return f"run {run_id[:8]} of {job}"


@contextmanager
def guarded(url: str, run_id: str, step: str, *, patience: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Execute a step in the block, while its run holds the book's lock.

    The next run waits for the block to end, so that a step of a dead run and a run never write together.

    Raises
    ------
    OrphanStepError
        If the run does not hold the lock: its process has ended. Nobody holding it is waited out, because after a
        restart of the database the run takes it again.
    """
    lock = HostLock(url, STEPS, f"step {step} of run {run_id[:8]}", is_shared=True)
    _patiently(lambda: _acquired(lock), patience)
    try:
        holder = _patiently(lambda: _holder(url), patience) or "nobody holds it"
        if not holder.startswith(f"run {run_id[:8]} "):
            raise OrphanStepError(step, run_id[:8], holder)
        yield
    finally:
        lock.release()


def _acquired(lock: HostLock) -> str:
    """Empty while the lock is busy (a run that begins holds it for a moment) or the database is away."""
    return "" if lock.try_acquire() is not None else "held"


def _holder(url: str) -> str:
    found = holders_of(url, RUN)
    return found[0] if found else ""


def _patiently(ask: Callable[[], str], patience: float) -> str:
    """The first answer of `ask` that is not empty; the last one, or error, when the time is up."""
    end = time.monotonic() + patience
    while True:
        is_over = time.monotonic() >= end
        try:
            answer = ask()
        except ServiceError:
            if is_over:
                raise
            answer = ""
        if answer or is_over:
            return answer
        time.sleep(_POLL_SECONDS)


def count_delivery(counts: Counts, run_id: str, step: str, most: int = MAX_DELIVERIES) -> int:
    """Number of times that a step was delivered again, this one included.

    Raises
    ------
    StepKilledError
        If that is too often: the step itself kills its workers.
    """
    key = f"btassets/delivered-again/{run_id}/{step}"
    n = int(counts.get_cursor_values({key}).get(key, "0")) + 1
    counts.set_cursor_values({key: str(n)})
    if n >= most:
        raise StepKilledError(step, n)
    return n
