"""Age of the bars, in sessions.

Belongs here: T against the calendar's last finished session. Does not belong here: reactions to old bars.
"""

import datetime as dt

from btassets.book.book import Book
from btassets.engine.days import EPOCH
from btassets.sources.calendar.calendars import DATA, exchange_sessions


def sessions_behind(book: Book, today: dt.date | None = None) -> tuple[str, int] | None:
    """T as ISO text and the number of sessions ended since, before today; None without bars.

    Parameters
    ----------
    today
        The exchange's date; unset: today in UTC. With the calendar `data` weekdays count as sessions.
    """
    footer = book.lake.footer("sessions")
    if footer is None:
        return None
    last = int(footer.facts["last"])
    now = ((today or dt.datetime.now(dt.UTC).date()) - EPOCH).days
    shown = str(EPOCH + dt.timedelta(days=last))
    if now <= last + 1:
        return shown, 0
    if book.base.calendar == DATA:
        passed = sum((EPOCH + dt.timedelta(days=day)).weekday() < 5 for day in range(last + 1, now))
    else:
        passed = len(exchange_sessions(book.lake, book.base.calendar, last + 1, now - 1))
    return shown, passed
