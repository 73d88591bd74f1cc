"""Columns of the grading under any list of holds."""

from btassets.engine.conventions import HOLD_DAYS
from btassets.engine.replay.candidate_columns import (
    GRADED_CODES,
    GRADED_DATES,
    GRADED_FLOATS,
    GRADED_SHORTS,
    graded_names,
    hold_names,
)


def test_every_written_column_has_one_place_in_the_table():
    for holds in (HOLD_DAYS, (3, 7, 45, 90), (120,)):
        written = [*GRADED_FLOATS, *hold_names(holds), *GRADED_CODES, *GRADED_SHORTS, *GRADED_DATES]
        assert sorted(written) == sorted(graded_names(holds))
        assert len(set(written)) == len(written)


def test_the_holds_are_beside_each_other_in_their_order():
    names = graded_names((3, 45))
    first = names.index("time_r_3")
    assert names[first : first + 3] == ("time_r_3", "time_r_45", "r_mtm")
    assert names[-6:-4] == ("bench_ret_3_open", "bench_ret_45_open")
