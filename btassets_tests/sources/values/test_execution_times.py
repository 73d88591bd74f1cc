"""Executions fall on the exchange's date, in every zone and form that a broker writes."""

import pytest

from btassets.sources.values.execution_times import read_executions
from btassets.sources.values.unreadable import UnreadableValueError

NEW_YORK = "America/New_York"


def read(*texts, own_zone=NEW_YORK):
    found = read_executions(texts, "time", own_zone=own_zone, exchange_zone=NEW_YORK)
    return [
        "bad" if isinstance(one, UnreadableValueError) else (str(one.day), None if one.time is None else str(one.time))
        for one in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-04", ("2025-03-04", None)),
        ("20250304", ("2025-03-04", None)),
        ("2025-03-04 09:31:05", ("2025-03-04", "09:31:05")),
        ("2025-03-04T14:31:05Z", ("2025-03-04", "09:31:05")),
        ("2025-03-05T00:10:00+09:00", ("2025-03-04", "10:10:00")),
        ("20250304;093105", ("2025-03-04", "09:31:05")),
        ("2025-03-04, 09:31:05", ("2025-03-04", "09:31:05")),
        ("Mar 4, 2025 3:59 PM ET", ("2025-03-04", "15:59:00")),
        ("3/14/2025 12:01 AM", ("2025-03-14", "00:01:00")),
        ("14/03/2025 09:31", ("2025-03-14", "09:31:00")),
        ("2025-03-04 15:31:05.123 Europe/Berlin", ("2025-03-04", "09:31:05")),
        ("2025-03-04 15:31 CET", ("2025-03-04", "09:31:00")),
        ("2025-03-04 25:31", "bad"),
        ("2025-03-04 13:00 PM", "bad"),
        ("2025-03-04 10:00 Mars", "bad"),
        ("soon", "bad"),
        ("", "bad"),
        ("2025-02-30 10:00", "bad"),
    ],
)
def test_forms(text, expected):
    assert read(text) == [expected]


def test_the_settings_name_the_zone_of_times_without_one():
    assert read("2025-03-05 00:30", own_zone="Asia/Tokyo") == [("2025-03-04", "10:30:00")]
    assert read("2025-03-05", own_zone="Asia/Tokyo") == [("2025-03-05", None)]


def test_summer_time_follows_the_calendar_of_each_zone():
    # Between the switches of both, Berlin is five hours ahead instead of six.
    assert read("2025-03-04 15:30", "2025-03-12 14:30", "2025-04-02 15:30", own_zone="Europe/Berlin") == [
        ("2025-03-04", "09:30:00"),
        ("2025-03-12", "09:30:00"),
        ("2025-04-02", "09:30:00"),
    ]


def test_one_cell_orders_day_and_month_of_the_column_and_a_bad_one_spoils_no_other():
    assert read("04/03/2025 10:00", "31/03/2025 10:00") == [("2025-03-04", "10:00:00"), ("2025-03-31", "10:00:00")]
    assert read("04/03/2025 10:00", "total", "31/03/2025 10:00")[::2] == [
        ("2025-03-04", "10:00:00"),
        ("2025-03-31", "10:00:00"),
    ]
    assert read("04/03/2025 10:00", "05/03/2025 10:00") == ["bad", "bad"]
    assert read() == []
