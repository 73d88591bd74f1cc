"""Memory that a finished piece of work holds on to without need.

Belongs here: returning it to the system. Does not belong here: using less of it.
"""

import ctypes
from collections.abc import Callable
from functools import cache

import pyarrow as pa


def give_back_memory() -> None:
    """Return what Arrow's pool and the C library keep for later to the system.

    Both keep what they freed; a process that makes one large table after another would otherwise hold
    the sum of their largest. Other C libraries than glibc are left alone.
    """
    pa.default_memory_pool().release_unused()
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return None
