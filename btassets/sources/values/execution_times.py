"""Exchange dates of executions: a date, or a time in any zone, as a broker writes it.

Belongs here: splitting text into date, time and zone, and the date at the exchange. Does not belong here: the forms of
a date (`dates.py` reads every one of them), columns of bars.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import SupportsInt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from btassets.sources.values.dates import read_days
from btassets.sources.values.unreadable import UnreadableValueError

_TIME = re.compile(
    r"(?P<date>.+?)(?:\s*[T;,]\s*|\s+(?:at\s+)?)"
    r"(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|[A-Za-z]{2,5}|[A-Z][A-Za-z]+/[A-Za-z_]+)?"
)
_NUMERIC = re.compile(r"\d{1,2}[-/.]")
_COMPACT = re.compile(r"\d{8}")
_ZONES = {
    **dict.fromkeys(("Z", "UTC", "GMT"), "UTC"),
    **dict.fromkeys(("ET", "EST", "EDT"), "America/New_York"),
    **dict.fromkeys(("CT", "CST", "CDT"), "America/Chicago"),
    **dict.fromkeys(("PT", "PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("CET", "CEST", "MEZ", "MESZ"), "Europe/Paris"),
    "BST": "Europe/London",
    "JST": "Asia/Tokyo",
}


@dataclass(frozen=True)
class Execution:
    """Exchange date of an execution and the time there (None: the text has no time)."""

    day: dt.date
    time: dt.time | None


def read_executions(
    texts: Sequence[str], name: str, *, own_zone: str, exchange_zone: str
) -> list[Execution | UnreadableValueError]:
    """Date and time at the exchange of each text, or the reason why there is none.

    Parameters
    ----------
    name
        Name of the column, for messages. Whether the day or the month comes first follows from the whole column.
    own_zone
        Zone of times without one.
    exchange_zone
        Zone of the exchange.
    """
    parts = [_parts(text) for text in texts]
    days = _days([date for date, _ in parts], name)
    found: list[Execution | UnreadableValueError] = []
    for text, (_, time), day in zip(texts, parts, days, strict=True):
        if isinstance(day, UnreadableValueError):
            found.append(day)
        elif time is None:
            found.append(Execution(day, None))
        else:
            try:
                found.append(_at_exchange(day, time, own_zone, exchange_zone))
            except (ValueError, ZoneInfoNotFoundError):
                problem = f"{name} is {text.strip()[:40]!r}: there is no such time or zone"
                found.append(UnreadableValueError(f"{problem}; write YYYY-MM-DD HH:MM and a zone; correct it"))
    return found


def _parts(text: str) -> tuple[str, re.Match[str] | None]:
    plain = " ".join(text.split())
    match = _TIME.fullmatch(plain)
    if match is None or (match["hour"] and ":" not in plain and not _COMPACT.fullmatch(match["date"])):
        return plain, None
    return match["date"], match


def _at_exchange(day: dt.date, time: re.Match[str], own_zone: str, exchange_zone: str) -> Execution:
    hour = int(time["hour"])
    if time["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if time["half"][0] in "pP" else 0)
    moment = dt.datetime.combine(day, dt.time(hour, int(time["minute"]), int(time["second"] or 0)))
    local = moment.replace(tzinfo=_zone(time["zone"] or own_zone)).astimezone(ZoneInfo(exchange_zone))
    return Execution(local.date(), local.time())


def _zone(text: str) -> dt.tzinfo:
    if text[0] in "+-":
        digits = text[1:].replace(":", "")
        offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return dt.timezone(offset if text[0] == "+" else -offset)
    return ZoneInfo(_ZONES.get(text.upper(), text))


def _days(texts: Sequence[str], name: str) -> list[dt.date | UnreadableValueError]:
    """Each date: the column as a whole, else cell by cell, where day and month follow from all cells of that form."""
    try:
        return [_date(day) for day in read_days(pa.array(texts, pa.string()), name)] if texts else []
    except UnreadableValueError:
        pass
    found = [_one_day(text, name) for text in texts]
    numeric = [row for row, text in enumerate(texts) if _NUMERIC.match(text) and not _is_bad(found[row])]
    try:
        days = read_days(pa.array([texts[row] for row in numeric], pa.string()), name) if numeric else ()
    except UnreadableValueError:
        return found  # the ambiguous ones stay unread
    for row, day in zip(numeric, days, strict=True):
        found[row] = _date(day)
    return found


def _one_day(text: str, name: str) -> dt.date | UnreadableValueError:
    try:
        return _date(read_days(pa.array([text], pa.string()), name)[0])
    except UnreadableValueError as error:
        return error


def _is_bad(found: dt.date | UnreadableValueError) -> bool:
    return isinstance(found, UnreadableValueError) and "ambiguous" not in found.reason


def _date(day: SupportsInt) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))
