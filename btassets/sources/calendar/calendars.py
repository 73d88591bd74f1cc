"""Sessions of an exchange, cached in the lake so that most runs need not load a calendar library.

Belongs here: the trading dates of an exchange. Does not belong here: weeks, as-of dates and T
(`engine.market.calendar`).
"""

import contextlib
import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.days import EPOCH
from btassets.errors import CannotWriteError, DamagedFileError
from btassets.sources.calendar.exchange_library import calendar_type
from btassets.sources.values.dates import MAX_DAY, MIN_DAY
from btassets.storage.lake import Lake
from btassets.storage.sealed import tell_damage

DATA = "data"
"""Setting `calendar = "data"`: the union of the bars' own dates is the calendar."""

_TABLE = "exchange_calendar"
_MARGIN_DAYS = 400

Days = npt.NDArray[np.int32]


def exchange_sessions(lake: Lake, code: str, first: int, last: int) -> Days:
    """Sessions of exchange `code` from `first` to `last`, both inclusive, days since 1970-01-01.

    Parameters
    ----------
    lake
        Cache; sessions are read from the calendar library once and then from here.
    code
        Exchange code such as XNYS.
    first, last
        Days since 1970-01-01.

    Raises
    ------
    SettingError
        If no exchange has this code.
    """
    kept = _kept(lake, code)
    if kept is None or kept.first > first or kept.last < last:
        begin, end = first - _MARGIN_DAYS, last + _MARGIN_DAYS
        if kept is not None:
            begin, end = min(begin, kept.first), max(end, kept.last)
        days, begin, end, bounds = _from_library(code, begin, end)
        table = pa.table({"date": pa.array(days, pa.date32())})
        first_asked, last_asked = min(begin, first), max(end, last)
        facts = {"first": first_asked, "last": last_asked, "bounds": bounds}
        with contextlib.suppress(CannotWriteError):  # a read-only book: computed again next time
            lake.write(_TABLE, table, f"{begin}..{end}", code, facts)
        kept = _Kept(days, first_asked, last_asked, bounds)
    return kept.days[np.searchsorted(kept.days, first) : np.searchsorted(kept.days, last, side="right")].copy()


def known_span(lake: Lake, code: str, first: int, last: int) -> tuple[int, int]:
    """First and last day, days since 1970-01-01, covered by the calendar library.

    Parameters
    ----------
    lake, code, first, last
        As for `exchange_sessions`; an unbounded side extends as far as any date may.
    """
    exchange_sessions(lake, code, first, last)
    kept = _kept(lake, code)
    low, high = (None, None) if kept is None else kept.bounds
    return MIN_DAY if low is None else low, MAX_DAY if high is None else high


@dataclass(frozen=True)
class _Kept:
    """Cached sessions of an exchange: all of them from `first` to `last`, within the library's bounds."""

    days: Days
    first: int
    last: int
    bounds: tuple[int | None, int | None]


def _kept(lake: Lake, code: str) -> _Kept | None:
    try:
        stat = lake.path(_TABLE, code).stat()
    except FileNotFoundError:
        return None
    return _read(lake, code, (stat.st_mtime_ns, stat.st_ino))


@lru_cache(maxsize=4)
def _read(lake: Lake, code: str, stamp: tuple[int, int]) -> _Kept | None:
    del stamp  # a rewritten file has another inode and is read anew
    try:
        footer = lake.footer(_TABLE, code)
    except DamagedFileError as error:  # the library is used again: no command needs to stop
        tell_damage(
            lake.path(_TABLE, code), (f"damaged ({error.problem}); sessions are read from the calendar library again")
        )
        return None
    if footer is None:
        return None
    days = lake.read(_TABLE, code)["date"].cast(pa.int32()).to_numpy()
    return _Kept(
        np.ascontiguousarray(days, dtype=np.int32), footer.facts["first"], footer.facts["last"], _pair(footer.facts)
    )


def _pair(facts: dict[str, Any]) -> tuple[int | None, int | None]:
    low, high = facts.get("bounds") or (None, None)
    return low, high


def _from_library(code: str, begin: int, end: int) -> tuple[Days, int, int, tuple[int | None, int | None]]:
    kind = calendar_type(code)
    low, high = (
        None if bound is None else (bound.date() - EPOCH).days for bound in (kind.bound_min(), kind.bound_max())
    )
    begin, end = begin if low is None else max(begin, low), end if high is None else min(end, high)
    if begin >= end:
        return np.empty(0, np.int32), begin, end, (low, high)
    calendar = kind(start=EPOCH + dt.timedelta(days=begin), end=EPOCH + dt.timedelta(days=end))
    return calendar.sessions.to_numpy().astype("datetime64[D]").astype(np.int32), begin, end, (low, high)
