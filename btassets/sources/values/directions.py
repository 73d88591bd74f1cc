"""Direction of a setup: long or short, in any spelling.

Belongs here: the spellings. Does not belong here: the use of a direction in grading.
"""

import math
from typing import Any

import pyarrow as pa

from btassets.sources.values.unreadable import UnreadableValueError

_LONG = frozenset({"long", "l", "buy", "b", "bought", "bull", "bullish", "up", "1", "+1", "1.0", "+1.0"})
_SHORT = frozenset({"short", "s", "sell", "ss", "sold", "sellshort", "bear", "bearish", "down", "-1", "-1.0"})


def read_direction(value: Any) -> str | None:
    """`long` or `short`; None for an empty value.

    >>> [read_direction(value) for value in (" LONG", "Buy", 1, -1.0, "Short", None)]
    ['long', 'long', 'long', 'short', 'short', None]

    Raises
    ------
    UnreadableValueError
        Anything else.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    word = "".join(str(value).split()).replace("_", "").casefold()
    if not word:
        return None
    if word in _LONG and not isinstance(value, bool):
        return "long"
    if word in _SHORT and not isinstance(value, bool):
        return "short"
    raise UnreadableValueError(
        f"direction {str(value)[:40]!r} is neither long nor short; a direction must be long (buy, 1) or short "
        "(sell, -1)"
    )


def read_directions(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Text column of `long` and `short`, null for an empty cell.

    Raises
    ------
    UnreadableValueError
        Names the first invalid value, its row, and the number of rows with such values.
    """
    values = column.to_pylist()
    known: dict[Any, str | None] = {}
    bad: list[tuple[int, str]] = []
    found: list[str | None] = []
    for row, value in enumerate(values, start=1):
        key = (type(value), value)
        if key not in known:
            try:
                known[key] = read_direction(value)
            except UnreadableValueError as error:
                known[key] = None
                bad.append((row, error.reason))
        found.append(known[key])
    if bad:
        row, reason = bad[0]
        raise UnreadableValueError(f"row {row}: {reason} ({len(bad)} such spellings in all); correct the table.")
    return pa.array(found, pa.string())
