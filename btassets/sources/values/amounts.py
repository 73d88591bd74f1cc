"""Exact numbers from the text of broker files: money, shares, prices.

Belongs here: one cell as a Decimal, with the signs of money and the separators of both conventions. Does not belong
here: columns of bars as floats (`numbers.py`).
"""

import re
from decimal import Decimal

from btassets.sources.values.unreadable import UnreadableValueError

_MISSING_TEXT = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "--"})
_MONEY = re.compile(r"[$\u20ac\u00a3\u00a5\s\u00a0\u202f']|(?<![A-Za-z])(?:USD|EUR|GBP|CHF|CAD)(?![A-Za-z])")
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_POINT_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+")
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_COMMA_DECIMALS = re.compile(r"[+-]?\d+,(?:\d{1,2}|\d{4,})")
_MAX_LENGTH = 40


def read_amount(text: str, name: str) -> Decimal | None:
    """The exact number of a cell; None for an empty one.

    Accepted: 1234.5, 1,234.50, 1.234,50, 12,5, $12.00, 12.00 USD, -3, 3- and (3.00) for negative amounts. A comma
    before exactly three digits separates thousands.

    Raises
    ------
    UnreadableValueError
        Any other text.

    >>> [str(read_amount(text, "fee")) for text in ("$1,234.50", "(12.00)", "1.234,50", "0,5", "")]
    ['1234.50', '-12.00', '1234.50', '0.5', 'None']
    """
    plain = text.strip()
    if plain.casefold() in _MISSING_TEXT:
        return None
    bare = _MONEY.sub("", plain)
    is_negative = bare.startswith("(") and bare.endswith(")")
    bare = bare[1:-1] if is_negative else bare
    if bare.endswith("-") and not bare.startswith(("-", "+")):
        bare, is_negative = bare[:-1], True
    if _POINT_THOUSANDS.fullmatch(bare):
        bare = bare.replace(".", "").replace(",", ".")
    elif _COMMA_THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    elif _COMMA_DECIMALS.fullmatch(bare):
        bare = bare.replace(",", ".")
    if len(plain) > _MAX_LENGTH or not _PLAIN.fullmatch(bare):
        raise UnreadableValueError(f"{name} is {plain[:_MAX_LENGTH]!r}; it must be a number; correct it")
    value = Decimal(bare)
    return -value if is_negative else value
