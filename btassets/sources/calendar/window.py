"""Date range requested from a network source: its start, and the last finished session.

Belongs here: when a session counts as finished, and the default window. Does not belong here: closing times
(`exchange_hours.py`).
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from btassets.engine.days import EPOCH, iso_day
from btassets.errors import SettingError
from btassets.sources.calendar.calendars import DATA
from btassets.sources.calendar.exchange_hours import exchange_hours
from btassets.storage.lake import Lake

WINDOW_YEARS = 5
"""Years before the last session that are fetched if `source.start` is not set."""

SPARE_DAYS = 14
"""Days fetched before a moving window: its end is the newest bar, which may be older than the last session."""

_SETTLED = dt.timedelta(minutes=30)  # vendors print the day's bar some time after the close


@dataclass(frozen=True, slots=True)
class Window:
    """Dates to fetch, both inclusive, days since 1970-01-01."""

    first: int
    last: int

    @property
    def first_iso(self) -> str:
        """First date as YYYY-MM-DD."""
        return iso_day(self.first)

    @property
    def last_iso(self) -> str:
        """Last date as YYYY-MM-DD."""
        return iso_day(self.last)

    def since(self, first_date: int | None) -> "Window":
        """The part from `first_date`; None: the whole window."""
        return self if first_date is None else Window(first_date, self.last)


def window_of(
    start: str,
    end: str,
    calendar: str,
    lake: Lake | None,
    now: dt.datetime | None = None,
    *,
    history_days: int = 0,
) -> Window:
    """Window of a book.

    Parameters
    ----------
    start, end
        `source.start` and `source.end` as YYYY-MM-DD; "": five years, up to the last finished session.
    calendar
        Exchange code, or "data".
    lake
        Cache of the calendar; without one weekdays count as sessions.
    now
        The time, with its zone; unset: now.
    history_days
        `source.history_days`: fetch so many days, and `SPARE_DAYS` more; 0: see `start`.

    Raises
    ------
    SettingError
        For text that is not a date, or a start not before the end.
    """
    last = _day(end, "source.end") if end else last_finished_session(calendar, lake, now)
    if start:
        first = _day(start, "source.start")
    elif history_days:
        first = last - history_days - SPARE_DAYS
    else:
        day = EPOCH + dt.timedelta(days=last)
        # 29 February five years earlier is 1 March.
        leap = day.month == 2 and day.day == 29
        earlier = day.replace(year=day.year - WINDOW_YEARS, **({"month": 3, "day": 1} if leap else {}))
        first = (earlier - EPOCH).days
    if first > last:
        rule = f"must not be after the last session wanted ({iso_day(last)})"
        raise SettingError("source.start", start or iso_day(first), rule, "settings")
    return Window(first, last)


def last_finished_session(calendar: str, lake: Lake | None, now: dt.datetime | None = None) -> int:
    """Last session whose close is at least half an hour ago, days since 1970-01-01.

    With the calendar "data", or without a lake, weekdays count as sessions.
    """
    settled = (now or dt.datetime.now(dt.UTC)) - _SETTLED
    # Without a lake there is no cache, and weekdays need none.
    hours = exchange_hours(lake or Lake(Path(), 1), DATA if lake is None else calendar, settled)
    closed = hours.last_closed(settled)
    if closed is None:
        raise SettingError("calendar", calendar, f"has no session before {settled:%Y-%m-%d}", "settings")
    return (closed - EPOCH).days


def _day(text: str, key: str) -> int:
    try:
        return (dt.date.fromisoformat(text) - EPOCH).days
    except ValueError as error:
        raise SettingError(key, text, "must be a date as YYYY-MM-DD", "settings") from error
