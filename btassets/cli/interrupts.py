"""Whether this process was interrupted, regardless of the consequences.

Belongs here: detecting SIGINT and SIGTERM below every handler. Libraries replace handlers and turn an interrupt into
errors of their own; the exit code must still be 130.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def noticing_interrupts() -> Iterator[Callable[[], bool]]:
    """Return a function that reports whether SIGINT or SIGTERM arrived inside the block.

    Python writes each signal's number into its wake-up descriptor before it calls the handler. Main thread only.
    """
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    seen = bytearray()

    def arrived() -> bool:
        with suppress(BlockingIOError):
            seen.extend(os.read(read, 4096))
        return signal.SIGINT in seen or signal.SIGTERM in seen

    try:
        yield arrived
    finally:
        signal.set_wakeup_fd(before)
        os.close(read)
        os.close(write)
