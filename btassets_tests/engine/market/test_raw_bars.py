"""Raw bars: their number of rows, with which every rule begins."""

from btassets_tests.support.quiet_bars import bars, taken


def test_the_length_is_the_number_of_rows_and_no_row_is_false():
    raw = bars(7)
    assert len(raw) == 7
    assert len(taken(raw, [1, 1, 2])) == 3
    assert not taken(raw, [])
    assert taken(raw, [0])
