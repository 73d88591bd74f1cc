"""Progress of long work, told to whoever asked for it in this process.

Belongs here: the one place where a stage's "done of total" meets a terminal. Without a listener
nothing happens; in a step of another process there is none.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener(label, done, total)` for all progress reported inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(label: str, done: int, total: int) -> None:
    """Say that `done` of `total` units of the work called `label` are done."""
    listener = _listener.get()
    if listener is not None:
        listener(label, done, total)
