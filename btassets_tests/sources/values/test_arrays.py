"""Arrow columns as arrays: slices, chunks, empties, and kinds of text."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.sources.values.arrays import is_text, values_of


@pytest.mark.parametrize(
    ("arrow", "kind"), [(pa.int32(), np.int32), (pa.int64(), np.int64), (pa.float64(), np.float64)]
)
def test_a_slice_begins_at_its_own_first_value(arrow, kind):
    whole = pa.array([1, 2, 3, 4, 5], arrow)
    for column in (whole.slice(2, 2), pa.chunked_array([whole.slice(2, 1), whole.slice(3, 1)])):
        found = values_of(column, kind)
        assert found.dtype == kind
        assert found.tolist() == [3, 4]
        assert not found.flags.writeable


def test_no_value_is_an_empty_array_of_its_kind():
    for column in (pa.array([], pa.float64()), pa.chunked_array([], pa.float64()), pa.array([1.0]).slice(1)):
        found = values_of(column, np.float64)
        assert found.tolist() == []
        assert found.dtype == np.float64


def test_dates_are_read_as_their_day_numbers_without_a_copy():
    days = pa.array([18_687, 18_690], pa.int32()).cast(pa.date32())
    assert values_of(days, np.int32).tolist() == [18_687, 18_690]
    array = pa.array(np.arange(4.0))
    address = values_of(array.slice(1), np.float64).__array_interface__["data"][0]
    assert address == array.buffers()[1].address + 8


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.string(), True),
        (pa.large_string(), True),
        (pa.string_view(), True),
        (pa.binary(), False),
        (pa.int32(), False),
        (pa.dictionary(pa.int32(), pa.string()), False),
    ],
)
def test_text_is_any_of_arrows_strings(kind, expected):
    assert is_text(kind) is expected
