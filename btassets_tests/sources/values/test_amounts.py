"""Amounts of broker files: exact, in both conventions; other text is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from btassets.sources.values.amounts import read_amount
from btassets.sources.values.unreadable import UnreadableValueError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", "0.1"),
        ("1,234", "1234"),
        ("1,234.5", "1234.5"),
        ("1.234.567,89", "1234567.89"),
        ("12,5", "12.5"),
        ("-$3.00", "-3.00"),
        ("($3.00)", "-3.00"),
        ("3.00-", "-3.00"),
        ("1'234.50 CHF", "1234.50"),
        ("\u20ac 7", "7"),
        (".5", "0.5"),
    ],
)
def test_forms(text, value):
    assert read_amount(text, "fee") == Decimal(value)


@pytest.mark.parametrize("text", ["", "-", "n/a", " NULL "])
def test_empty(text):
    assert read_amount(text, "fee") is None


@pytest.mark.parametrize("text", ["abc", "1,23,456", "1.2.3", "--5", "12abc", "1e9999", "inf", "9" * 60])
def test_other_text_is_refused_with_its_column(text):
    with pytest.raises(UnreadableValueError, match="fee is "):
        read_amount(text, "fee")


@given(st.decimals(-1_000_000, 1_000_000, places=4))
def test_separators_change_nothing(value):
    assert read_amount(f"{value:,}", "x") == value
    assert read_amount(str(value), "x") == value
