"""The compile convention: one signature per kernel, numpy's division, read-only views."""

import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from btassets.engine.compiling import Int32s, Kernel, OutReals, Reals, helper, kernel, numba_type, read_only

with_jit = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="without the JIT a kernel is Python")


class Pair(NamedTuple):
    values: Reals
    shift: float


@helper
def half(value: float) -> float:
    return value / 2.0


@kernel
def shifted(pair: Pair, out: OutReals, n: int) -> float:
    total = 0.0
    for k in range(n):
        out[k] = pair.values[k] + pair.shift
        total += half(out[k])
    return total


@kernel
def ratio(left: float, right: float) -> float:
    return left / right


def test_a_kernel_takes_a_named_tuple_writes_its_output_and_calls_its_helper():
    out = np.zeros(3)
    total = shifted(Pair(read_only(np.array([1.0, 2.0, 4.0])), 0.5), out, 2)
    assert out.tolist() == [1.5, 2.5, 0.0]
    assert total == 2.0


@with_jit
def test_a_kernel_is_compiled_at_its_first_call_and_has_one_signature():
    def doubled(x: Reals) -> float:
        return 2.0 * x[0]

    lazy: Kernel = kernel(doubled)
    assert lazy.signatures == []
    assert lazy(np.array([3.0])) == 6.0
    frozen = np.array([4.0])
    frozen.setflags(write=False)
    assert lazy(frozen) == 8.0
    assert len(lazy.signatures) == 1
    assert lazy.__name__ == "doubled"


@with_jit
@pytest.mark.parametrize(
    "wrong",
    [
        lambda: shifted(Pair(read_only(np.ones(2, np.float32)), 0.0), np.zeros(2), 2),
        lambda: shifted(Pair(read_only(np.ones(2)), 0.0), np.zeros(2, np.int64), 2),
        lambda: shifted(Pair(read_only(np.ones((2, 2))), 0.0), np.zeros(2), 2),
    ],
)
def test_other_argument_types_are_an_error_and_no_second_compile(wrong: Callable[[], float]):
    shifted.load()
    with pytest.raises(TypeError):
        wrong()
    assert len(shifted.signatures) == 1


@with_jit
def test_division_by_zero_gives_infinity_or_nan_as_numpy_does():
    assert ratio(1.0, 0.0) == np.inf
    assert ratio(-1.0, 0.0) == -np.inf
    assert np.isnan(ratio(0.0, 0.0))


@pytest.mark.parametrize("annotation", [str, list[float], np.ndarray, complex, "Reals"])
def test_an_annotation_that_is_no_parameter_type_is_refused_by_its_name(annotation: object):
    with pytest.raises(TypeError, match="is not a parameter type of a kernel"):
        numba_type(annotation)


def test_a_named_tuple_is_refused_for_the_field_that_is_none():
    class Named(NamedTuple):
        rows: Int32s
        name: str

    with pytest.raises(TypeError, match=r"<class 'str'> is not a parameter type"):
        numba_type(Named)


def test_a_read_only_view_shares_memory_or_copies_where_it_must():
    array = np.arange(6.0)
    view = read_only(array)
    assert np.shares_memory(view, array)
    assert array.flags.writeable
    assert not view.flags.writeable
    strided = read_only(array[::2])
    assert strided.flags.c_contiguous
    assert strided.tolist() == [0.0, 2.0, 4.0]
    narrow = read_only(array, np.int32)
    assert narrow.dtype == np.int32
    assert array.dtype == np.float64
