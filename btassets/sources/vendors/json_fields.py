"""Objects of JSON in which each field is there once.

Belongs here: refusing an object with a field twice. Does not belong here: fetching and parsing (`http_session.py`),
what a field means.
"""

from typing import Any


def fields_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; a field that is there twice is what two rows leave that lost the bytes between them.

    Raises
    ------
    ValueError
        When a field is there twice.

    Examples
    --------
    >>> fields_once([("open", 1.0), ("close", 2.0)])
    {'open': 1.0, 'close': 2.0}
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field twice")
    return found
