"""Rows that count: one that a later import reads replaces the one that could not be read."""

from dataclasses import replace

from btassets.studies.account.fill_log import counted
from btassets_tests.studies.account.test_fill_rows import rows_of


def test_a_row_that_became_readable_counts_once():
    bad, good = rows_of("2025-01-02,AAPL,buy,ten,5,,", "2025-01-02,AAPL,buy,1,5,,")
    read = replace(good, raw=bad.raw)
    assert counted([bad, read]) == [read]
    assert counted([bad, good]) == [bad, good]
