"""Sessions of an exchange from the cache: read once, extended on both sides, read again after damage."""

import datetime as dt
from typing import ClassVar

import numpy as np
import pytest

from btassets.errors import CannotWriteError, SettingError
from btassets.sources.calendar import calendars
from btassets.sources.calendar.calendars import exchange_sessions, known_span
from btassets.storage.lake import Lake

FIRST, LAST = 18_687, 18_717  # March 2021


class Weekdays:
    """A calendar library of one exchange that trades on weekdays, from 2020 to 2022."""

    asked: ClassVar[list[tuple[str, str]]] = []
    bounds = (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2022, 12, 31, tzinfo=dt.UTC))

    @classmethod
    def bound_min(cls):
        return cls.bounds[0]

    @classmethod
    def bound_max(cls):
        return cls.bounds[1]

    def __init__(self, start, end):
        self.asked.append((str(start), str(end)))
        days = np.arange(np.datetime64(start), np.datetime64(end) + 1)
        self._days = days[(days.astype(int) + 3) % 7 < 5]

    @property
    def sessions(self):
        return self

    def to_numpy(self):
        return self._days


@pytest.fixture
def lake(tmp_path, monkeypatch):
    monkeypatch.setattr(calendars, "calendar_type", lambda code: Weekdays)
    Weekdays.asked.clear()
    calendars._from_library.cache_clear()
    yield Lake(tmp_path, 1)
    calendars._from_library.cache_clear()


def test_both_ends_are_included_and_the_library_is_asked_once(lake):
    days = exchange_sessions(lake, "TEST", FIRST, LAST)
    assert (days[0], days[-1], len(days), days.dtype) == (FIRST, LAST, 23, np.int32)
    assert exchange_sessions(lake, "TEST", FIRST, FIRST).tolist() == [FIRST]
    assert exchange_sessions(lake, "TEST", FIRST + 5, FIRST + 6).tolist() == []  # a weekend
    assert len(Weekdays.asked) == 1
    days[0] = 0  # the caller's own copy
    assert exchange_sessions(lake, "TEST", FIRST, LAST)[0] == FIRST


def test_a_wider_range_extends_what_is_kept_on_both_sides(lake):
    exchange_sessions(lake, "TEST", FIRST, LAST)
    late = exchange_sessions(lake, "TEST", LAST, LAST + 500)
    early = exchange_sessions(lake, "TEST", FIRST - 400, FIRST)
    assert (late[0], early[-1]) == (LAST, FIRST)
    assert len(Weekdays.asked) == 2  # the margin of 400 days covers the earlier one
    assert exchange_sessions(lake, "TEST", FIRST - 400, LAST + 500)[[0, -1]].tolist() == [FIRST - 399, LAST + 499]


def test_days_beyond_the_library_have_no_session_and_are_not_asked_for_again(lake):
    found = exchange_sessions(lake, "TEST", 20_000, 20_010)
    assert found.tolist() == []
    n = len(Weekdays.asked)
    assert exchange_sessions(lake, "TEST", 20_000, 20_010).tolist() == []
    assert len(Weekdays.asked) == n
    first, last = known_span(lake, "TEST", FIRST, LAST)
    assert (first, last) == (18_262, 19_357)


def test_an_unbounded_side_reaches_as_far_as_any_date(lake, monkeypatch):
    monkeypatch.setattr(Weekdays, "bounds", (None, None))
    first, last = known_span(lake, "TEST", FIRST, LAST)
    assert first < -60_000
    assert last > 80_000


def test_a_damaged_cache_is_read_from_the_library_again(lake):
    expected = exchange_sessions(lake, "TEST", FIRST, LAST).tolist()
    path = lake.path("exchange_calendar", "TEST")
    content = bytearray(path.read_bytes())
    content[60] ^= 8
    path.write_bytes(content)
    calendars._from_library.cache_clear()
    assert exchange_sessions(lake, "TEST", FIRST, LAST).tolist() == expected


def test_a_book_that_cannot_be_written_still_has_its_sessions(lake, monkeypatch):
    def refuse(*_args, **_more):
        raise CannotWriteError("x", "read-only")

    monkeypatch.setattr(Lake, "write", refuse)
    assert len(exchange_sessions(lake, "TEST", FIRST, LAST)) == 23


def test_an_unknown_exchange_is_a_wrong_setting(tmp_path):
    with pytest.raises(SettingError, match="calendar"):
        exchange_sessions(Lake(tmp_path, 1), "NOWHERE", FIRST, LAST)
