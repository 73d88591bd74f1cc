"""The information coefficients are those of the plain table."""

import pytest

from btassets_tests.support.statistics_books import rows


def test_the_mean_ic_is_that_of_the_plain_table(book):
    for row in rows(book, "factor_ic"):
        found = rows(book, "stat_signals", signal=row["signal"], horizon_days=30)[0]
        if row["thinned_weeks"] is None:  # the legacy profile's table is of thinned weeks
            assert found["horizon_ic"] == pytest.approx(row["mean_ic"], abs=1e-12)
            t = row["ic_t_stat"]
            half = None if t is None else found["horizon_ic_hi"] - found["horizon_ic"]
            assert (t is None) == (found["horizon_ic_lo"] is None)
            assert t is None or half * abs(t) > 2.0 * abs(row["mean_ic"])  # one sample, one error
