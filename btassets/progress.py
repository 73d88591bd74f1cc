"""Progress of long work, reported to a listener in this process.

Belongs here: the one connection between a stage's "done of total" and a terminal. Without a listener nothing happens; a
step in another process has none.
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
    """Report that `done` of `total` units of the work `label` are done."""
    listener = _listener.get()
    if listener is not None:
        listener(label, done, total)
