"""Statistics of the portfolio are those of its table."""

import pytest

from btassets.engine.statistics.portfolio_value import RANDOM_DRAWS
from btassets_tests.support.statistics_books import rows


def test_the_books_are_those_of_the_plain_table(book):
    for row in rows(book, "portfolio_sims"):
        found = rows(book, "stat_portfolio", policy=row["policy"], measure="sharpe")
        if found and row["sharpe"] is not None:
            assert found[0]["estimate"] == pytest.approx(row["sharpe"], rel=1e-9)
    for row in rows(book, "stat_portfolio", measure="random_pick"):
        assert row["n_setups"] == RANDOM_DRAWS
        assert 1 / (RANDOM_DRAWS + 1) <= row["p_raw"] <= 1
