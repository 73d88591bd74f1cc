"""Windows of the walk-forward, and the curve over them."""

import itertools

from btassets_tests.support.statistics_books import rows


def test_windows_do_not_overlap_and_the_curve_starts_with_the_first(book):
    windows = rows(book, "wf_windows")
    for before, after in itertools.pairwise(windows):
        assert before["train_last"] < before["test_first"] <= before["test_last"] < after["test_first"]
    curve = rows(book, "wf_equity")
    if curve:
        assert curve[0]["date"] == windows[0]["test_first"]
