"""Sessions of an exchange, kept in the lake so that most runs need not load a calendar library.

Belongs here: which dates an exchange trades on. Does not belong here: weeks, as-of dates and T
(`engine.market.calendar`).
"""

import datetime as dt

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.errors import SettingError
from btassets.storage.lake import Lake

DATA = "data"
"""Setting `calendar = "data"`: the union of the bars' own dates stands for a calendar."""

_TABLE = "exchange_calendar"
_MARGIN_DAYS = 400

Days = npt.NDArray[np.int32]


def exchange_sessions(lake: Lake, code: str, first: int, last: int) -> Days:
    """Sessions of exchange `code` from `first` to `last`, both inclusive, days since 1970-01-01.

    Parameters
    ----------
    lake
        Where the answer is kept; it is asked of the calendar library once and then read back.
    code
        Exchange code such as XNYS.
    first, last
        Days since 1970-01-01.

    Raises
    ------
    SettingError
        When no exchange has this code.
    """
    footer = lake.footer(_TABLE, code)
    if footer is None or footer.facts["first"] > first or footer.facts["last"] < last:
        begin, end = first - _MARGIN_DAYS, last + _MARGIN_DAYS
        if footer is not None:
            begin, end = min(begin, footer.facts["first"]), max(end, footer.facts["last"])
        days, begin, end = _from_library(code, begin, end)
        table = pa.table({"date": pa.array(days, pa.date32())})
        lake.write(_TABLE, table, f"{begin}..{end}", code, {"first": min(begin, first), "last": max(end, last)})
    days = lake.read(_TABLE, code)["date"].cast(pa.int32()).to_numpy()
    return np.ascontiguousarray(days[(days >= first) & (days <= last)], dtype=np.int32)


def _from_library(code: str, begin: int, end: int) -> tuple[Days, int, int]:
    import exchange_calendars
    from exchange_calendars import errors

    epoch = dt.date(1970, 1, 1)
    try:
        calendar_type = type(exchange_calendars.get_calendar(code))
    except errors.InvalidCalendarName as error:
        rule = "must be an exchange code that exchange_calendars knows, such as XNYS, or data"
        raise SettingError("calendar", code, rule, "settings") from error
    low, high = calendar_type.bound_min(), calendar_type.bound_max()
    if low is not None:
        begin = max(begin, (low.date() - epoch).days)
    if high is not None:
        end = min(end, (high.date() - epoch).days)
    calendar = calendar_type(start=epoch + dt.timedelta(days=begin), end=epoch + dt.timedelta(days=end))
    return calendar.sessions.to_numpy().astype("datetime64[D]").astype(np.int32), begin, end
