"""Compilation of functions: one convention for every kernel of the engine.

Belongs here: the two decorators, and the numba type of each annotation. Does not belong here: compiled functions, and
the location of compiled code (`btassets.compiled`).

A kernel is called from Python and has exactly one signature, read from its annotations: arrays by the aliases below,
numbers as int, float and bool, groups of them as NamedTuples. It is compiled, or loaded from the cache, at its first
call and releases the GIL. `helper` functions are called by compiled code only. Both divide like numpy: a division by
zero gives inf or NaN, no exception.
"""

import functools
from collections.abc import Callable
from threading import Lock
from typing import Annotated, Any, Generic, ParamSpec, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt
from numba import njit, types

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


def _array(dtype: types.Type, n_dims: int, *, is_output: bool = False) -> types.Array:
    return types.Array(dtype, n_dims, "C", readonly=not is_output)


Reals = Annotated[npt.NDArray[np.float64], _array(types.float64, 1)]
RealMatrix = Annotated[npt.NDArray[np.float64], _array(types.float64, 2)]
RealCube = Annotated[npt.NDArray[np.float64], _array(types.float64, 3)]
Int64s = Annotated[npt.NDArray[np.int64], _array(types.int64, 1)]
Int64Matrix = Annotated[npt.NDArray[np.int64], _array(types.int64, 2)]
Int32s = Annotated[npt.NDArray[np.int32], _array(types.int32, 1)]
Int32Matrix = Annotated[npt.NDArray[np.int32], _array(types.int32, 2)]
Int8s = Annotated[npt.NDArray[np.int8], _array(types.int8, 1)]
Int8Matrix = Annotated[npt.NDArray[np.int8], _array(types.int8, 2)]
Bytes = Annotated[npt.NDArray[np.uint8], _array(types.uint8, 1)]
Bools = Annotated[npt.NDArray[np.bool_], _array(types.boolean, 1)]
BoolMatrix = Annotated[npt.NDArray[np.bool_], _array(types.boolean, 2)]
"""Read-only inputs; a writable array is accepted too, except inside a NamedTuple (see `read_only`)."""

OutReals = Annotated[npt.NDArray[np.float64], _array(types.float64, 1, is_output=True)]
OutRealMatrix = Annotated[npt.NDArray[np.float64], _array(types.float64, 2, is_output=True)]
OutInt32s = Annotated[npt.NDArray[np.int32], _array(types.int32, 1, is_output=True)]
OutInt32Matrix = Annotated[npt.NDArray[np.int32], _array(types.int32, 2, is_output=True)]
OutInt16Matrix = Annotated[npt.NDArray[np.int16], _array(types.int16, 2, is_output=True)]
OutInt8Matrix = Annotated[npt.NDArray[np.int8], _array(types.int8, 2, is_output=True)]
"""Outputs: arrays that the kernel writes."""

Whole = int | np.int64
"""A whole number inside compiled code, where a loop variable is an int and an element an np.int64."""

Flag = bool | np.bool_
"""A truth value inside compiled code."""

_SCALARS = {int: types.int64, float: types.float64, bool: types.boolean}
_compiled: Any = functools.partial(njit, nogil=True, error_model="numpy")


def helper(function: F) -> F:
    """Decorator of a function called only by compiled code; LLVM decides about inlining."""
    return _compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def numba_type(annotation: Any) -> types.Type:
    """The numba type of a kernel's annotation.

    Raises
    ------
    TypeError
        The annotation is neither an alias of this module, nor int, float or bool, nor a NamedTuple of those.

    >>> numba_type(Reals), numba_type(int)
    (Array(float64, 1, 'C', True, aligned=True), int64)
    """
    if get_origin(annotation) is Annotated:
        return get_args(annotation)[1]
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if isinstance(annotation, type) and hasattr(annotation, "_fields"):
        hints = get_type_hints(annotation, include_extras=True)
        fields = [numba_type(hint) for hint in hints.values()]
        return cast("types.Type", types.BaseTuple.from_types(fields, annotation))
    message = f"{annotation!r} is not a parameter type of a kernel"
    raise TypeError(message)


class Kernel(Generic[P, R]):
    """A compiled function with one signature, compiled or loaded at its first call.

    Other argument types are an error instead of a second compile of several seconds. Without the JIT
    (NUMBA_DISABLE_JIT=1) it is the plain function.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        functools.update_wrapper(self, function)
        self._lock = Lock()
        self._is_loaded = False
        self._dispatcher: Any = _compiled(cache=True)(function)
        hints = get_type_hints(function, include_extras=True)
        hints.pop("return", None)
        self._signature = tuple(numba_type(hint) for hint in hints.values())

    @property
    def signatures(self) -> list[Any]:
        """Signatures compiled so far: none or one; empty without the JIT."""
        return getattr(self._dispatcher, "signatures", [])

    def load(self) -> None:
        """Compile the function, or load it from numba's cache."""
        # A flag of our own: numba makes its list of signatures anew at each question, at 0.06 ms a call.
        if self._is_loaded:
            return
        with self._lock:
            if not getattr(self._dispatcher, "signatures", True):
                self._dispatcher.compile(self._signature)
                self._dispatcher.disable_compile()
            self._is_loaded = True

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled function."""
        self.load()
        return self._dispatcher(*args, **kwargs)


def kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Decorator of a compiled function called from Python; see the module."""
    return Kernel(function)


def read_only(array: npt.NDArray[Any], dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """A contiguous read-only view (or a copy if needed), for a field of a NamedTuple."""
    view = np.ascontiguousarray(array, dtype=dtype).view()
    view.flags.writeable = False
    return view
