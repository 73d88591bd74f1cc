"""How the engine is compiled: inner functions into few entry points, each for one signature.

Belongs here: the two decorators and that one rule. Does not belong here: any numerics.

Importing a module compiles nothing; an entry point is compiled, or loaded from numba's cache, on
first use. No fastmath, no parallel, no contraction: the same bits on every machine.
"""

from threading import Lock
from typing import Any

from numba import njit

inner: Any = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)  # pyright: ignore[reportCallIssue]
"""Decorator of a function that compiled code calls. Without a wrapper for Python it compiles faster,
and from Python only its plain twin can be called: `function.py_func(...)`."""

entry: Any = njit(cache=True, nogil=True, error_model="numpy")
"""Decorator of a function that Python calls; see `compile_once`."""

_LOCK = Lock()


def compile_once(entry_point: Any, signature: tuple[Any, ...]) -> None:
    """Compile an entry point for its only signature, or load that from the cache; then close it.

    Closed means that arguments of another type are an error instead of a second compile of
    several seconds. Without the JIT (NUMBA_DISABLE_JIT=1) there is nothing to do.
    """
    if getattr(entry_point, "signatures", True):
        return
    with _LOCK:
        if not entry_point.signatures:
            entry_point.compile(signature)
            entry_point.disable_compile()
