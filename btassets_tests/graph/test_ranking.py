"""The table of graded setups has a column per hold of its replay."""

import pytest

from btassets.engine.conventions import HOLD_DAYS
from btassets.graph.ranking import GRADED_SETUPS


@pytest.mark.parametrize("holds", [(3,), (3, 7, 45, 90)])
def test_only_the_columns_of_the_holds_differ(holds):
    def rest(names):
        return [name for name in names if not name.startswith(("time_r_", "bench_ret_"))]

    names = GRADED_SETUPS.under(holds).names
    assert rest(names) == rest(GRADED_SETUPS.names)
    assert [name for name in names if name.startswith("time_r_")] == [f"time_r_{n}" for n in holds]
    benches = [name for name in names if name.startswith("bench_ret_")]
    assert benches == ["bench_ret_target", *(f"bench_ret_{n}" for n in holds)]


def test_the_default_holds_make_the_declared_table():
    assert GRADED_SETUPS.under(HOLD_DAYS) == GRADED_SETUPS
