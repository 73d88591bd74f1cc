"""Giving memory back: nothing that is in use goes, and other C libraries are left alone."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.storage import memory
from btassets.storage.memory import give_back_memory


def test_what_is_in_use_stays() -> None:
    table = pa.table({"x": pa.array(np.arange(200_000, dtype=np.float64))})
    before = pa.default_memory_pool().bytes_allocated()
    give_back_memory()
    assert pa.default_memory_pool().bytes_allocated() == before
    assert table["x"][199_999].as_py() == 199_999.0


def test_without_glibc_nothing_is_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare:
        def __init__(self, _name: None) -> None:
            """A C library without malloc_trim."""

    memory._malloc_trim.cache_clear()
    monkeypatch.setattr(memory.ctypes, "CDLL", Bare)
    try:
        assert memory._malloc_trim() is None
        give_back_memory()
    finally:
        memory._malloc_trim.cache_clear()
