"""Raw bars: their number of rows, with which every rule begins."""

from dataclasses import replace

import numpy as np

from btassets.engine.market.raw_bars import Problem
from btassets_tests.support.quiet_bars import assert_same, bars, taken


def test_the_length_is_the_number_of_rows_and_no_row_is_false():
    raw = bars(7)
    assert len(raw) == 7
    assert len(taken(raw, [1, 1, 2])) == 3
    assert not taken(raw, [])
    assert taken(raw, [0])


def test_rows_are_taken_by_number_or_mask_with_the_adjusted_close_and_the_notes():
    plain = bars(4)
    assert plain.take(plain.dates > plain.dates[1]).adjusted_close is None
    assert_same(plain.take(np.array([2, 0])), taken(plain, [2, 0]))
    note = Problem("A", "Q3", "info", None, 1, "text in a price cell.")
    raw = replace(plain, adjusted_close=plain.close / 2, notes=(note,))
    some = raw.take(np.array([False, True, False, True]))
    assert_same(some, taken(raw, [1, 3]))
    assert some.adjusted_close is not None
    assert some.adjusted_close.tolist() == (raw.close[[1, 3]] / 2).tolist()
    assert some.notes == (note,)
