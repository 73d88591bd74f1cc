"""Windows and cross-sections: what they show, and bars as they were known at a date."""

import numpy as np
import pytest

from btassets.own.windows import CrossSection, Window
from btassets_tests.support.own_panel import FIRST, ticker_arrays

ARRAYS = ticker_arrays("T1", 1, split_at=40).frozen()


def test_a_window_ends_at_its_bar_and_is_read_only() -> None:
    window = Window(ARRAYS, 10, 13)
    assert len(window) == 4
    assert window.ticker == "T1"
    np.testing.assert_array_equal(window.close, ARRAYS.columns["close"][10:14])
    assert window.date[-1] == np.datetime64("1970-01-01") + (FIRST + 13)
    with pytest.raises(ValueError, match="read-only"):
        window.close[0] = 1.0
    with pytest.raises(AttributeError, match="a window has no 'price'"):
        window.price  # noqa: B018


def test_a_window_needs_its_bars_within_a_segment() -> None:
    arrays = ticker_arrays("T", 1)
    arrays.starts[20:] = 20
    assert [arrays.first_of(row, 5) for row in (4, 5, 24, 25)] == [None, 0, None, 20]


def test_bars_known_at_a_date_have_no_later_bar_and_no_later_split() -> None:
    cut = ARRAYS.known_at(30)
    assert len(cut.date) == len(cut.columns["close"]) == len(cut.starts) == 31
    np.testing.assert_array_equal(cut.columns["close"], ARRAYS.columns["close"][:31])
    known = ARRAYS.known_at(30, is_rescaled=True)
    np.testing.assert_allclose(known.columns["close"], ARRAYS.columns["raw_close"][:31])
    np.testing.assert_allclose(known.columns["volume"], ARRAYS.columns["raw_volume"][:31])
    after = ARRAYS.known_at(50, is_rescaled=True)
    np.testing.assert_array_equal(after.columns["high"], ARRAYS.columns["high"][:51])


def test_a_cross_section_has_a_row_per_ticker() -> None:
    others = [ARRAYS, ticker_arrays("T2", 2)]
    week = CrossSection(others, [10, 10], 2, np.array([True, False]))
    assert (len(week), week.tickers, week.asof) == (2, ("T1", "T2"), np.datetime64("1970-01-01") + (FIRST + 10))
    np.testing.assert_array_equal(week.close, [one.columns["close"][8:11] for one in others])
    assert week.eligible.tolist() == [True, False]
    with pytest.raises(ValueError, match="read-only"):
        week.close[0, 0] = 1.0
    with pytest.raises(AttributeError, match="a cross-section has no 'price'"):
        week.price  # noqa: B018
