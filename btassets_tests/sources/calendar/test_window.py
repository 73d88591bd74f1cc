"""Which dates are asked for: up to the last finished session, five years back."""

import datetime as dt
from pathlib import Path

import pytest

from btassets.engine.days import iso_day
from btassets.errors import SettingError
from btassets.sources.calendar.window import SPARE_DAYS, Window, last_finished_session, window_of
from btassets.storage.lake import Lake


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2021-03-08T20:59", "2021-03-05"),  # a Monday before the close of 16:00 in New York
        ("2021-03-08T21:29", "2021-03-05"),  # closed, and not settled yet
        ("2021-03-08T21:30", "2021-03-08"),
        ("2021-03-15T20:30", "2021-03-15"),  # summer time
        ("2021-03-14T12:00", "2021-03-12"),  # a Sunday
        ("2021-04-02T23:00", "2021-04-01"),  # Good Friday
    ],
)
def test_a_session_counts_when_it_is_over(tmp_path: Path, now: str, last: str) -> None:
    lake = Lake(tmp_path, 4)
    at = dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC)
    assert iso_day(last_finished_session("XNYS", lake, at)) == last


def test_without_an_exchange_weekdays_count() -> None:
    at = dt.datetime(2021, 3, 14, 12, tzinfo=dt.UTC)
    assert iso_day(last_finished_session("data", None, at)) == "2021-03-12"


def test_the_default_is_five_years() -> None:
    at = dt.datetime(2024, 2, 29, 23, tzinfo=dt.UTC)
    window = window_of("", "", "data", None, at)
    assert (window.first_iso, window.last_iso) == ("2019-03-01", "2024-02-29")
    assert window.since(None) is window
    assert window.since(19_000) == Window(19_000, window.last)


def test_a_moving_window_is_fetched_with_days_to_spare() -> None:
    at = dt.datetime(2024, 2, 29, 23, tzinfo=dt.UTC)
    window = window_of("", "", "data", None, at, history_days=365)
    assert (window.last - window.first, window.last_iso) == (365 + SPARE_DAYS, "2024-02-29")
    assert window_of("", "2023-06-30", "data", None, at, history_days=10).last_iso == "2023-06-30"


@pytest.mark.parametrize(("start", "end"), [("soon", ""), ("", "2021-02-30"), ("2021-02-02", "2021-02-01")])
def test_dates_that_make_no_window(start: str, end: str) -> None:
    with pytest.raises(SettingError):
        window_of(start, end, "data", None)
