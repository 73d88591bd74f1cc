"""Numbers from any type found in a file, and text found in their place.

Belongs here: one column of numbers. Does not belong here: whether a number can be a price
(`engine.market.quality_rows`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.sources.values.arrays import is_text, values_of
from btassets.sources.values.unreadable import UnreadableValueError

_NUMBER_TEXT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+")
"""Thousands with a decimal point; a comma alone may be a decimal comma and is refused."""
_SHOWS_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}|\d*\.(?:\d{1,2}|\d{4,})|\d{4,}\.\d+)")
_SHOWS_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}|\d*,(?:\d{1,2}|\d{4,})|\d{4,},\d+)")
"""Texts in which only one of point and comma can be the decimal sign: both signs, a sign twice, or not three digits."""
_POINT_GROUPS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?")
_COMMA_NUMBER = re.compile(r"[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?")
_SIZES = {"K": 1e3, "M": 1e6, "B": 1e9}
_MISSING_TEXT = frozenset({"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "-", "--"})

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Numbers:
    """One column as numbers.

    Attributes
    ----------
    values
        float64, NaN where there is no number.
    text_rows
        Rows with text that is not a number, ascending.
    first_text
        The first such text, at most 40 characters; "" without one.
    """

    values: Floats
    text_rows: Sequence[int] = ()
    first_text: str = ""


def decimal_sign(columns: Iterable[pa.ChunkedArray | pa.Array]) -> str:
    """The decimal sign of a file's texts, "." or ","; "" if they show neither, or both.

    Examples
    --------
    >>> [decimal_sign([pa.array(texts)]) for texts in (["1,234", "2,000,000"], ["1.234,5"], ["1,234"], ["1.5", "1,5"])]
    ['.', ',', '', '']
    """
    has_point = has_comma = False
    for column in columns:
        if is_text(column.type):
            for text in column.to_pylist():
                number = _bare(text)
                has_point = has_point or _SHOWS_POINT.fullmatch(number) is not None
                has_comma = has_comma or _SHOWS_COMMA.fullmatch(number) is not None
    return "" if has_point == has_comma else "." if has_point else ","


def read_numbers(
    column: pa.ChunkedArray | pa.Array, name: str, *, is_volume: bool = False, decimal: str = ""
) -> Numbers:
    """Numbers as float64, shape (n_rows,), NaN if a cell is empty or holds text.

    Text may be a number with a dollar sign before it and commas between thousands: `$1,234.50`, as Nasdaq writes.
    `1,234` alone is refused unless `decimal` says what its comma is.

    Parameters
    ----------
    name
        Name of the column, for messages.
    is_volume
        Text may end in K, M or B: thousands, millions, billions of shares.
    decimal
        Decimal sign of the file's texts (`decimal_sign`); "": a point, and no comma of unclear meaning.

    Raises
    ------
    UnreadableValueError
        If the column holds anything other than numbers and text.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_decimal(column.type):
        # Via text: Arrow's direct cast turns the decimal 0.1 into 0.09999999999999999.
        column = column.cast(pa.string()).cast(pa.float64())
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        # safe=False: a share count beyond 2**53 loses its last digit, which no rule can see.
        column = column.cast(pa.float64(), safe=False)
        if column.null_count:
            column = pc.fill_null(column, float("nan"))
        return Numbers(values_of(column, np.float64))
    if is_text(kind):
        return _of_text(column.to_pylist(), is_volume=is_volume, decimal=decimal)
    raise UnreadableValueError(f"column {name!r} holds {kind}; it must hold numbers; convert it.")


def _bare(text: str | None) -> str:
    return (text or "").strip().removeprefix("$").rstrip("KMBkmb")


def _of_text(texts: Sequence[str | None], *, is_volume: bool, decimal: str) -> Numbers:
    values = np.full(len(texts), np.nan)
    bad: list[int] = []
    for row, value in enumerate(texts):
        text = (value or "").strip()
        number = text.removeprefix("$")
        size = _SIZES.get(number[-1:].upper(), 1.0) if is_volume else 1.0
        number = _plain(number[:-1] if size != 1.0 else number, decimal)
        if _NUMBER_TEXT.fullmatch(number):
            values[row] = float(number) * size
        elif text.casefold() not in _MISSING_TEXT:
            bad.append(row)
    return Numbers(values, bad, (texts[bad[0]] or "").strip()[:40] if bad else "")


def _plain(number: str, decimal: str) -> str:
    """The number with a point as decimal sign and nothing between thousands; unchanged if that is unclear."""
    if decimal == ",":
        if _COMMA_GROUPS.fullmatch(number):
            return number.replace(".", "").replace(",", ".")
        # A point that groups nothing is no part of such a number.
        return number.replace(",", ".") if _COMMA_NUMBER.fullmatch(number) else f"?{number}"
    grouped = _POINT_GROUPS if decimal == "." else _GROUPED
    return number.replace(",", "") if grouped.fullmatch(number) else number
