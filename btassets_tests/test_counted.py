"""Counts in messages: singular for one, thousands with a comma."""

import pytest

from btassets.counted import counted


@pytest.mark.parametrize(
    ("n", "noun", "text"),
    [(0, "row", "0 rows"), (1, "row", "1 row"), (2, "such day", "2 such days"), (1234, "bar", "1,234 bars")],
)
def test_a_number_and_its_noun(n: int, noun: str, text: str) -> None:
    assert counted(n, noun) == text
