"""Memory retained after finished work.

Belongs here: returning it to the system. Does not belong here: using less of it.
"""

import ctypes
from collections.abc import Callable
from functools import cache

import pyarrow as pa


def give_back_memory() -> None:
    """Return free memory of Arrow's pool and the C library to the system.

    Both keep freed memory; a process that builds one large table after another would otherwise hold the sum of their
    peaks. C libraries other than glibc are not affected.
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
