"""Usual column names: normalization, preference among several, and no claim by two roles."""

from collections import Counter

import pytest

from btassets.sources.files.column_guess import USUAL_NAMES, guessed_column, plain_name, same_name


@pytest.mark.parametrize(
    ("name", "plain", "same"),
    [
        ("Adj Close", "adjclose", "adj close"),
        ("<ADJ_CLOSE>", "adjclose", "adj_close"),
        ("\ufeffDate ", "date", "date"),
        ("'Volume'", "volume", "volume"),
        ("< Open >", "open", "open"),
        ("<Open", "open", "<open"),
        ("Close/Last", "closelast", "close/last"),
    ],
)
def test_names_are_compared_without_decoration(name, plain, same):
    assert plain_name(name) == plain
    assert same_name(name) == same


@pytest.mark.parametrize(
    ("role", "available", "found"),
    [
        ("date", ["Timestamp", "Date"], "Date"),  # the more usual name, not the first column
        ("close", ["Adj Close", "Last", "Close/Last"], "Close/Last"),
        ("close", ["Adj Close"], None),
        ("volume", ["VOL."], "VOL."),
        ("split", ["Stock Splits", "Dividends"], "Stock Splits"),
        ("open", ["OPEN", "Open"], "OPEN"),  # of two spellings the first in the file
        ("ticker", [], None),
    ],
)
def test_a_role_takes_its_most_usual_name(role, available, found):
    assert guessed_column(role, available) == found


def test_no_name_is_usual_for_two_roles_and_each_is_plain():
    counts = Counter(name for names in USUAL_NAMES.values() for name in names)
    assert [name for name, n in counts.items() if n > 1] == []
    assert [name for name in counts if plain_name(name) != name] == []
