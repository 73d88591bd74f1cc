"""Closing times: the last one that has passed, the cache, and weekdays without an exchange."""

import datetime as dt

import pytest

from btassets.sources.calendar import exchange_hours as module
from btassets.sources.calendar.exchange_hours import ExchangeHours, exchange_hours
from btassets.storage.lake import Lake
from btassets.storage.sealed_json import read_sealed_json, replace_sealed_json


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


DAYS = [dt.date(2021, 3, 11), dt.date(2021, 3, 12), dt.date(2021, 3, 15)]
HOURS = ExchangeHours(
    "X",
    "America/New_York",
    dict(zip(DAYS, map(at, ("2021-03-11T21:00", "2021-03-12T21:00", "2021-03-15T20:00")), strict=True)),
)


@pytest.mark.parametrize(
    ("now", "last", "after_the_11th"),
    [
        ("2021-03-11T20:59", None, []),
        ("2021-03-11T21:00", DAYS[0], []),
        ("2021-03-12T21:00", DAYS[1], [DAYS[1]]),
        ("2021-03-14T12:00", DAYS[1], [DAYS[1]]),
        ("2021-03-15T20:00", DAYS[2], [DAYS[1], DAYS[2]]),
    ],
)
def test_a_session_has_closed_from_the_second_of_its_close(now, last, after_the_11th):
    assert HOURS.last_closed(at(now)) == last
    assert HOURS.closed_after(DAYS[0], at(now)) == after_the_11th
    assert HOURS.is_session(DAYS[1])
    assert not HOURS.is_session(dt.date(2021, 3, 13))


def test_without_an_exchange_every_weekday_closes_at_22_utc(tmp_path):
    hours = exchange_hours(Lake(tmp_path, 1), "data", at("2021-03-14T12:00"))
    assert hours.last_closed(at("2021-03-12T21:59")) == DAYS[0]
    assert hours.last_closed(at("2021-03-12T22:00")) == DAYS[1]
    assert not hours.is_session(dt.date(2021, 3, 13))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def library(monkeypatch):
    """The calendar library, which counts its questions."""
    asked = []

    def answer(code, today):
        asked.append(today)
        days = [today + dt.timedelta(days=k) for k in range(-3, 400)]
        closes = {day: dt.datetime.combine(day, dt.time(21), dt.UTC) for day in days}
        return ExchangeHours(code, "America/New_York", closes)

    monkeypatch.setattr(module, "_from_library", answer)
    return asked


def test_the_library_is_asked_again_when_two_weeks_are_left(tmp_path, library):
    lake = Lake(tmp_path, 1)
    first = exchange_hours(lake, "X", at("2021-03-12T12:00"))
    last = max(first.closes)
    again = exchange_hours(lake, "X", at("2021-03-20T12:00"))
    assert (again.zone, again.closes) == (first.zone, first.closes)
    assert len(library) == 1
    left = dt.datetime.combine(last - dt.timedelta(days=14), dt.time(12), dt.UTC)
    exchange_hours(lake, "X", left)
    assert len(library) == 1
    exchange_hours(lake, "X", left + dt.timedelta(days=1))
    assert len(library) == 2


@pytest.mark.parametrize(
    "record", [{}, {"zone": "UTC"}, {"zone": "UTC", "closes": {}}, {"zone": "UTC", "closes": {"x": "y"}}]
)
def test_a_record_that_cannot_be_read_is_made_again(tmp_path, library, record):
    lake = Lake(tmp_path, 1)
    path = tmp_path / "exchange_calendar" / "X.hours.json"
    replace_sealed_json(path, record)
    assert exchange_hours(lake, "X", at("2021-03-12T12:00")).is_session(dt.date(2021, 3, 12))
    assert len(library) == 1
    assert read_sealed_json(path)["zone"] == "America/New_York"
