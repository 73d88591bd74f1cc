"""Whether this process was interrupted, regardless of the consequences.

Belongs here: detecting SIGINT and SIGTERM below every handler. Libraries replace handlers and turn an interrupt into
errors of their own; the exit code must still be 130.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class ToldInterrupt(KeyboardInterrupt):
    """Ctrl-C after which the command has printed its own last line."""


_AGAIN_SECONDS = 0.02
_IMPORT_CODE = "<frozen importlib."


@contextmanager
def _repeating_lost_interrupts() -> Iterator[None]:
    """Send an interrupt again that arrived where Python cannot raise it: in a finalizer or a weak reference's callback.

    Python prints such an exception as ignored and continues, so that Ctrl-C would have no effect.
    """
    before = sys.unraisablehook

    def hook(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_type is not KeyboardInterrupt:
            before(args)
            return
        _send_again()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def _sparing_imports() -> Iterator[None]:
    """Delay an interrupt until the imports in progress have ended.

    C++ code of a compiled module calls Python and cannot handle an exception from there: the process would abort. And
    libraries that try an import and catch everything would make the interrupt disappear.
    """

    def handler(number: int, frame: FrameType | None) -> None:
        caller = frame
        while caller is not None:
            if caller.f_code.co_filename.startswith(_IMPORT_CODE):
                _send_again()
                return
            caller = caller.f_back
        signal.default_int_handler(number, frame)

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # ignored, or handled by a caller
        yield
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is handler:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _send_again() -> None:
    timer = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT))
    timer.daemon = True
    timer.start()


@contextmanager
def noticing_interrupts() -> Iterator[Callable[[], bool]]:
    """Return a function that reports whether SIGINT or SIGTERM arrived inside the block; none is lost inside it.

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
        with _repeating_lost_interrupts(), _sparing_imports():
            yield arrived
    finally:
        signal.set_wakeup_fd(before)
        os.close(read)
        os.close(write)
