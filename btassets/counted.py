"""Counts in messages: "1 row", "2,628 rows".

Belongs here: the number of a noun. Does not belong here: any other text.
"""


def counted(n: int, noun: str) -> str:
    """Number and noun, singular for one.

    >>> counted(1, "row"), counted(2628, "bar"), counted(0, "day")
    ('1 row', '2,628 bars', '0 days')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
