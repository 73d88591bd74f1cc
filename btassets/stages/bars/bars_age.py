"""Age of the bars by the exchange's clock, for monitoring a book.

Belongs here: T against the sessions whose bars are due. Does not belong here: reactions to old bars.
"""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from btassets.engine.days import EPOCH
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.sources.calendar.exchange_hours import ExchangeHours

_RUN_TAKES = dt.timedelta(hours=1)


@dataclass(frozen=True)
class BarsAge:
    """Number of sessions missing from a book.

    Attributes
    ----------
    as_of
        T, ISO text.
    behind
        Sessions after T whose bars are due.
    text
        The same as a sentence.
    """

    as_of: str
    behind: int
    text: str


def due_time(hours: ExchangeHours, session: dt.date, daily: str) -> dt.datetime:
    """Due time of a session's bars: an hour after the first daily run that follows its close.

    Parameters
    ----------
    daily
        Time of the daily run in the exchange's time zone, HH:MM.
    """
    zone = ZoneInfo(hours.zone)
    close = hours.closes[session].astimezone(zone)
    run = dt.datetime.combine(close.date(), dt.time.fromisoformat(daily), zone)
    if run < close:
        run = dt.datetime.combine(close.date() + dt.timedelta(days=1), dt.time.fromisoformat(daily), zone)
    return run + _RUN_TAKES


def bars_age(tables: Tables, settings: Settings, now: dt.datetime | None = None) -> BarsAge | None:
    """Age of the book's bars; None before the first run.

    Weekends and holidays are no sessions. The demo market ends on a fixed session and is never old.

    Parameters
    ----------
    now
        Aware time; unset: the clock.
    """
    facts = tables["sessions"].facts
    if not facts:
        return None
    last = EPOCH + dt.timedelta(days=int(facts["last"]))
    if settings.source.kind == "demo":
        return BarsAge(str(last), 0, f"bars end on {last}, the fixed end of the demo market")
    now = now or dt.datetime.now(dt.UTC)
    hours = tables.outside("exchange_calendar").hours(settings.calendar, now)
    missing = [day for day in hours.closed_after(last, now) if due_time(hours, day, settings.schedule.time) <= now]
    text = f"bars end on {last}"
    if missing:
        # The stored hours reach back a year; older bars are behind by at least that many sessions.
        least = "" if hours.is_session(last) else "at least "
        text += f", {least}{len(missing)} sessions behind (first missing: {missing[0]})"
    return BarsAge(str(last), len(missing), text)
