"""Numbers from whatever type a file gave them."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from btassets.sources.values.numbers import decimal_sign, read_numbers
from btassets.sources.values.unreadable import UnreadableValueError


def chunked(values: list[object], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values[:1], kind), pa.array(values[1:], kind)])


@pytest.mark.parametrize(
    "column",
    [
        chunked([1.5, None], pa.float64()),
        chunked([1.5, None], pa.float32()),
        chunked([Decimal("1.5"), None], pa.decimal128(10, 4)),
        chunked(["1.5", None], pa.string()),
        chunked([" +1.5e0 ", "null"], pa.string()),
        chunked(["1.5", "N/A"], pa.string()).dictionary_encode(),
        chunked([1.5, float("nan")], pa.float64()),
    ],
    ids=lambda column: str(column.type),
)
def test_numbers_of_any_type_and_nan_for_none(column: pa.ChunkedArray) -> None:
    found = read_numbers(column, "close")
    assert not len(found.text_rows)
    assert found.values.dtype == np.float64
    np.testing.assert_array_equal(found.values, [1.5, np.nan])


def test_integers_and_an_empty_column() -> None:
    assert read_numbers(chunked([7, 8], pa.int64()), "volume").values.tolist() == [7.0, 8.0]
    assert np.isnan(read_numbers(chunked([None, None], pa.null()), "volume").values).all()
    sliced = pa.chunked_array([pa.array([1.0, 2.0, 3.0, 4.0])]).slice(1, 2)
    assert read_numbers(sliced, "close").values.tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "1,234",
        "1,23.5",
        "12,5",
        "1.234,5",
        "1,234,",
        "1_000",
        "$",
        "$$5",
        "€5",
        "5$",
        "$-",
        "0x10",
        "--5",
        "1.2.3",
        "infinite",
    ],
)
def test_text_in_a_price_cell_is_nan_and_named(text: str) -> None:
    found = read_numbers(chunked(["1.5", text]), "close")
    np.testing.assert_array_equal(found.values, [1.5, np.nan])
    assert (list(found.text_rows), found.first_text) == ([1], text)


def test_dollars_and_thousands_as_vendors_write_them() -> None:
    texts = ["$132.36", " $1,234.50", "12,345,678.25", "$5", "$.5", "-1,000.0"]
    found = read_numbers(chunked(list(texts)), "close")
    assert not len(found.text_rows)
    assert found.values.tolist() == [132.36, 1234.5, 12345678.25, 5.0, 0.5, -1000.0]


def test_rounded_volumes_are_multiplied_and_prices_are_not() -> None:
    texts = ["122.44M", "812.5K", "1.2b", "7", "-", "M", "1.2T", "3MM"]
    found = read_numbers(chunked(list(texts)), "Vol.", is_volume=True)
    np.testing.assert_array_equal(found.values, [122.44e6, 812.5e3, 1.2e9, 7.0, np.nan, np.nan, np.nan, np.nan])
    assert (list(found.text_rows), found.first_text) == ([5, 6, 7], "M")
    assert list(read_numbers(chunked(["1.0", "122.44M"]), "close").text_rows) == [1]


@pytest.mark.parametrize("kind", [pa.bool_(), pa.list_(pa.float64())])
def test_a_column_that_cannot_hold_numbers_is_refused(kind: pa.DataType) -> None:
    column = pa.chunked_array([pa.array([None, None], kind)])
    with pytest.raises(UnreadableValueError, match="'close' holds"):
        read_numbers(column, "close")


@pytest.mark.parametrize(
    "kind", [pa.decimal128(20, 6), pa.decimal256(40, 6), pa.decimal64(12, 6), pa.decimal128(38, 18)], ids=str
)
def test_decimals_are_the_numbers_that_their_text_is(kind: pa.DataType) -> None:
    """Bit for bit: a price from a decimal column, from CSV and from a database is the same price."""
    texts = ["0.1", "67.1821", "423.7169", "0.3333", "1.9378", "12.34", *(f"{k}.{k:04d}" for k in range(1, 500, 7))]
    column = pa.chunked_array([pa.array([*map(Decimal, texts), None], kind)])
    found = read_numbers(column, "close")
    values = found.values
    assert not len(found.text_rows)
    assert values[:-1].tolist() == [float(text) for text in texts]
    assert np.isnan(values[-1])


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1.234,50", "50,1", "950.000", "7", ",5", "2,"], [1234.5, 50.1, 950000.0, 7.0, 0.5, 2.0]),
        (["2.000.000", "1.234"], [2e6, 1234.0]),
        (["2,000,000", "1,234", "12.5"], [2e6, 1234.0, 12.5]),
        (["1,234.50", "1,234"], [1234.5, 1234.0]),
    ],
)
def test_one_text_shows_the_decimal_sign_of_all(texts: list[str], numbers: list[float]) -> None:
    column = chunked(list(texts))
    found = read_numbers(column, "close", decimal=decimal_sign([pa.array(["950.000"]), column]))
    assert not len(found.text_rows)
    assert found.values.tolist() == numbers


def test_signs_of_unclear_meaning_stay_text() -> None:
    assert decimal_sign([chunked(["1,234", "5"])]) == ""
    assert decimal_sign([chunked(["1.5", "1,5"])]) == ""
    assert decimal_sign([chunked([1.5, 2.5])]) == ""
    assert list(read_numbers(chunked(["50,1", "50.1", "1,2,3"]), "close", decimal=",").text_rows) == [1, 2]
    assert list(read_numbers(chunked(["50.1", "50,1"]), "close", decimal=".").text_rows) == [1]
