"""The book's calendar for other stages.

Belongs here: reading table `sessions` back. Does not belong here: computing it (`sessions.py`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.run.tables import Tables

Days = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Sessions:
    """The book's calendar as arrays.

    Attributes
    ----------
    days
        Sessions up to T, ascending, days since 1970-01-01, shape (n_sessions,).
    is_week
        True if the session is the as-of date of a completed week.
    last
        T, days since 1970-01-01.
    """

    days: Days
    is_week: npt.NDArray[np.bool_]
    last: int


def read_sessions(tables: Tables) -> Sessions:
    """Read the calendar."""
    table = tables["sessions"].read()
    days = np.ascontiguousarray(table["date"].cast(pa.int32()).to_numpy(), dtype=np.int32)
    is_week = np.ascontiguousarray(table["is_week"].to_numpy())
    return Sessions(days, is_week, int(days[-1]))


def blocked_days(tables: Tables) -> Days:
    """Days whose bars are not used (Q19), ascending, days since 1970-01-01; none before the first run."""
    stamp = tables["sessions"].stamp
    if stamp is None:
        return np.empty(0, np.int32)
    known = _blocked_days.get(stamp)
    if known is None:
        known = np.array(tables["sessions"].facts.get("blocked_days", []), np.int32)
        _blocked_days.clear()
        _blocked_days[stamp] = known
    return known


def first_used(tables: Tables) -> int | None:
    """First day whose bars are used (`source.history_days`), days since 1970-01-01; None: every bar."""
    stamp = tables["sessions"].stamp
    if stamp is None:
        return None
    if stamp not in _first_used:
        _first_used.clear()
        _first_used[stamp] = tables["sessions"].facts.get("first_used")
    return _first_used[stamp]


_first_used: dict[tuple[str, int, int], int | None] = {}
_blocked_days: dict[tuple[str, int, int], Days] = {}
"""Cached per version of the file: every bucket of bars needs it, the footer is read once."""
