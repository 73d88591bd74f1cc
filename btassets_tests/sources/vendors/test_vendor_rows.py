"""A vendor's rows: numbers, dates, actions on their ex-dates, and refusals."""

import math

import numpy as np
import pytest

from btassets.errors import NoBarsError
from btassets.sources.base import BlockedTickerError, FetchFailedError
from btassets.sources.calendar.window import Window
from btassets.sources.vendors.http_session import BadAnswerError
from btassets.sources.vendors.vendor_rows import (
    RowKeys,
    bars_of_rows,
    day_of_text,
    failed,
    joined_rows,
    named_tickers,
    number_of,
    rows_of,
    said_instead,
    with_actions,
    within,
)

WINDOW = Window(18_628, 18_640)  # 2021-01-01 to 2021-01-13


def bars_on(*days):
    rows = [{"open": 1, "high": 2, "low": 1, "close": day, "volume": 9} for day in days]
    return bars_of_rows("T", days, rows, RowKeys())


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021-01-04", 18_631),
        ("2021-01-04T00:00:00Z", 18_631),
        ("2021-01-04T12:00:00Z", 18_631),
        ("2021-01-04T05:00:00+00:00", 18_631),
    ],
)
def test_a_timestamp_up_to_noon_utc_is_its_own_date(text, day):
    assert day_of_text(text) == day


@pytest.mark.parametrize("text", ["2021-01-04T12:01:00Z", "2021-01-04T21:00:00Z", "2021-13-01", "", None, 18_631])
def test_a_later_hour_or_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        day_of_text(text)


@pytest.mark.parametrize(("value", "number"), [(3, 3.0), (2.5, 2.5), ("4.25", 4.25), ("-1", -1.0)])
def test_numbers_and_their_text_are_numbers(value, number):
    assert number_of(value) == number


@pytest.mark.parametrize("value", [None, True, False, "", "n/a", [1], {"x": 1}, 10**400])
def test_anything_else_is_not_a_number(value):
    assert math.isnan(number_of(value))


def test_rows_keep_their_order_and_missing_actions_are_none():
    rows = [
        {"o": 1, "h": 3, "l": 0.5, "c": 2, "v": 10, "div": 0.25, "adj": 1.9},
        {"o": "2", "h": None, "l": 1, "c": 2, "v": 20, "split": 2.0},
        {"split": 0},
    ]
    keys = RowKeys("o", "h", "l", "c", "v", dividend="div", split="split", adjusted_close="adj")
    bars = bars_of_rows("T", [5, 4, 6], rows, keys)
    assert bars.dates.tolist() == [5, 4, 6]
    assert bars.open.tolist()[:2] == [1.0, 2.0]
    np.testing.assert_array_equal(bars.high, [3.0, np.nan, np.nan])
    assert bars.dividend.tolist() == [0.25, 0.0, 0.0]
    assert bars.split.tolist() == [1.0, 2.0, 1.0]
    np.testing.assert_array_equal(bars.adjusted_close, [1.9, np.nan, np.nan])
    plain = bars_of_rows("T", [5], [{"div": 9.0, "split": 9.0}], RowKeys())
    assert (plain.dividend.tolist(), plain.split.tolist(), plain.adjusted_close) == ([0.0], [1.0], None)
    with pytest.raises(BlockedTickerError, match="a split of -2"):
        bars_of_rows("T", [5], [{"split": -2.0}], RowKeys(split="split"))


def test_rows_are_a_list_or_below_their_key_and_anything_else_fails_this_time():
    row = {"c": 1}
    assert rows_of("T", [row]) == [row]
    assert rows_of("T", {"bars": [row]}, "bars") == [row]
    assert rows_of("T", {"bars": None}, "bars") == []
    assert rows_of("T", {}, "bars") == []
    for answer, key in (({"bars": [row]}, None), ([row, 3], None), ("text", None), (None, None), ({"bars": 3}, "bars")):
        with pytest.raises(FetchFailedError, match="not a list of bars"):
            rows_of("T", answer, key)


def test_a_message_instead_of_data_is_quoted_by_its_most_telling_field():
    assert said_instead({"status": "bad", "error": "over\n the limit"}) == "'over the limit'"
    assert said_instead({"error": "", "message": "later"}) == "'later'"
    assert said_instead({"x": 1}) == "\"{'x': 1}\""
    assert len(said_instead({"error": "z" * 5000})) == 102


def test_rows_outside_of_the_window_are_left_out_at_both_ends():
    bars = bars_on(18_627, 18_628, 18_640, 18_641)
    assert within(bars, WINDOW).close.tolist() == [18_628.0, 18_640.0]
    inside = bars_on(18_628, 18_640)
    assert within(inside, WINDOW) is inside
    assert joined_rows("T", bars, WINDOW).dates.tolist() == [18_628, 18_640]
    with pytest.raises(BlockedTickerError, match="no bar from 2021-01-01 to 2021-01-13"):
        joined_rows("T", bars_on(18_700), WINDOW)


def test_actions_are_put_on_their_dates_in_any_order_of_bars():
    bars = bars_on(12, 10, 11)
    found = with_actions("T", bars, [(11, 0.25), (11, 0.5), (10, 0.1)], [(12, 2.0), (12, 3.0)])
    assert found.dates.tolist() == [12, 10, 11]
    assert found.dividend.tolist() == [0.0, 0.1, 0.75]
    assert found.split.tolist() == [6.0, 1.0, 1.0]
    assert found.notes == ()
    assert bars.dividend.tolist() == [0.0, 0.0, 0.0]


def test_an_ex_date_without_a_bar_counts_at_the_next_and_outside_not_at_all():
    found = with_actions("T", bars_on(10, 14), [(9, 1.0), (12, 0.25), (15, 1.0)], [(13, 2.0), (9, 5.0), (15, 7.0)])
    assert found.dividend.tolist() == [0.0, 0.25]
    assert found.split.tolist() == [1.0, 2.0]
    (note,) = found.notes
    assert (note.rule, note.severity, note.date, note.n) == ("Q6", "info", 12, 2)
    assert note.text.startswith("T 1970-01-13: ")


@pytest.mark.parametrize("ratio", [0.0, -1.0, math.inf, math.nan])
def test_an_impossible_split_blocks_with_its_date(ratio):
    with pytest.raises(BlockedTickerError, match="1970-01-11: a split of"):
        with_actions("T", bars_on(10), [], [(10, ratio)])


@pytest.mark.parametrize("cash", [-0.01, math.inf, math.nan])
def test_an_impossible_dividend_blocks_and_zero_is_none(cash):
    with pytest.raises(BlockedTickerError, match="a dividend of"):
        with_actions("T", bars_on(10), [(10, cash)], [])
    assert with_actions("T", bars_on(10), [(10, 0.0)], []).dividend.tolist() == [0.0]


@pytest.mark.parametrize(
    ("status", "kind"), [(404, BlockedTickerError), (500, FetchFailedError), (0, FetchFailedError)]
)
def test_an_unknown_ticker_is_refused_for_good_and_a_failure_for_this_time(status, kind):
    error = failed("T", BadAnswerError(status, "the answer"), WINDOW)
    assert type(error) is kind
    assert "the answer" in error.reason
    assert ("universe.tickers" in error.reason) == (status == 404)


def test_a_network_source_needs_names():
    assert named_tickers("tiingo", ["b", "A", "b", "C"]) == ["A", "C", "b"]
    with pytest.raises(NoBarsError, match=r"source tiingo: universe.tickers is empty"):
        named_tickers("tiingo", [])
