"""Arrow columns as arrays, without pandas.

Belongs here: Arrow conversions shared by all readers of values. Does not belong here: the meaning of a value.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_Number = TypeVar("_Number", np.int32, np.int64, np.float64)


def values_of(column: pa.ChunkedArray | pa.Array, kind: type[_Number]) -> npt.NDArray[_Number]:
    """View a column without nulls as an array, shape (n_rows,), read-only.

    Arrow's own `to_numpy` imports pandas, a third of a second otherwise not needed.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    buffer = array.buffers()[1]
    if buffer is None or len(array) == 0:
        return np.empty(0, dtype=kind)
    offset = array.offset * np.dtype(kind).itemsize
    view = np.frombuffer(buffer, dtype=kind, count=len(array), offset=offset)
    view.flags.writeable = False  # Arrow shares the buffer between columns, and allocates it writable
    return view


def is_text(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of its kinds of text."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
