"""Time zone and closing times of an exchange, cached in the lake beside its sessions.

Belongs here: the time at which a session ends. Does not belong here: which bars exist.
"""

import contextlib
import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from btassets.errors import CannotWriteError
from btassets.sources.calendar.calendars import DATA
from btassets.sources.calendar.exchange_library import calendar_type
from btassets.storage.lake import Lake
from btassets.storage.sealed_json import read_sealed_json, replace_sealed_json

_MARGIN_DAYS = 400
_LEAST_LEFT_DAYS = 14
_DATA_CLOSE = dt.time(22, 0)


@dataclass(frozen=True)
class ExchangeHours:
    """Closing times of an exchange.

    Attributes
    ----------
    code
        Exchange code, or `data`.
    zone
        Time zone of the exchange (IANA name).
    closes
        Closing time of each session, aware, ascending.
    """

    code: str
    zone: str
    closes: dict[dt.date, dt.datetime]

    def is_session(self, day: dt.date) -> bool:
        """Whether the exchange trades on `day`."""
        return day in self.closes

    def last_closed(self, now: dt.datetime) -> dt.date | None:
        """Last session closed at `now`; None before the first known one."""
        days = list(self.closes)
        found = bisect_right(list(self.closes.values()), now)
        return days[found - 1] if found else None

    def closed_after(self, day: dt.date, now: dt.datetime) -> list[dt.date]:
        """Sessions after `day` closed at `now`."""
        return [session for session, close in self.closes.items() if session > day and close <= now]


def exchange_hours(lake: Lake, code: str, now: dt.datetime) -> ExchangeHours:
    """Hours of exchange `code` around `now`; the calendar library is loaded about once a year.

    With the calendar `data` every weekday counts as a session that closes at 22:00 UTC.

    Raises
    ------
    SettingError
        If no exchange has this code.
    """
    if code == DATA:
        return _weekdays(now)
    path = lake.root / "exchange_calendar" / f"{code}.hours.json"
    known = _read(path, code)
    if known is None or max(known.closes).toordinal() - now.date().toordinal() < _LEAST_LEFT_DAYS:
        known = _from_library(code, now.date())
        closes = {str(day): close.isoformat() for day, close in known.closes.items()}
        with contextlib.suppress(CannotWriteError):  # a read-only book: computed again next time
            replace_sealed_json(path, {"zone": known.zone, "closes": closes})
    return known


def _weekdays(now: dt.datetime) -> ExchangeHours:
    first = now.date() - dt.timedelta(days=_MARGIN_DAYS)
    days = (first + dt.timedelta(days=n) for n in range(2 * _MARGIN_DAYS))
    return ExchangeHours(
        DATA, "UTC", {day: dt.datetime.combine(day, _DATA_CLOSE, dt.UTC) for day in days if day.weekday() < 5}
    )


def _read(path: Path, code: str) -> ExchangeHours | None:
    try:
        raw = read_sealed_json(path) or {}
        closes = {dt.date.fromisoformat(day): dt.datetime.fromisoformat(close) for day, close in raw["closes"].items()}
        return ExchangeHours(code, raw["zone"], closes) if closes else None
    except (ValueError, KeyError):
        return None


def _from_library(code: str, today: dt.date) -> ExchangeHours:
    margin = dt.timedelta(days=_MARGIN_DAYS)
    kind = calendar_type(code)
    bound = kind.bound_max()
    end = today + margin if bound is None else min(today + margin, bound.date())
    calendar = kind(start=today - margin, end=end)
    closes = {day.date(): close.to_pydatetime() for day, close in calendar.closes.items()}
    zone = str(ZoneInfo(str(calendar.tz)))
    return ExchangeHours(code, zone, closes)
