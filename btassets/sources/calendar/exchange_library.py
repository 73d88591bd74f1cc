"""Exchange calendars of the library `exchange_calendars`, by exchange code.

Belongs here: loading the library and refusing a code that it does not know. Does not belong here: sessions
(`calendars.py`) and closing times (`exchange_hours.py`), which a book keeps after the first look.
"""

from typing import Any

from btassets.errors import SettingError


def calendar_type(code: str) -> Any:
    """Class of the calendar of exchange `code`; called with `start` and `end` it makes the calendar.

    Raises
    ------
    SettingError
        When the library knows no such exchange.
    """
    import exchange_calendars  # late: 0.36 CPU seconds with pandas, which a book with kept sessions does not need

    try:
        return type(exchange_calendars.get_calendar(code))
    except exchange_calendars.errors.InvalidCalendarName as error:
        rule = "must be an exchange code that exchange_calendars knows, such as XNYS, or data"
        raise SettingError("calendar", code, rule, "settings") from error
