"""Counts in messages agree with their noun."""

import pytest

from btassets.counted import counted


@pytest.mark.parametrize(("n", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (2_628, "2,628 rows")])
def test_a_noun_agrees_with_its_number(n, text):
    assert counted(n, "row") == text
