"""Compares a second reading of the same bars with the first: grown, re-based, or corrected.

Belongs here: comparing stored bars with bars read again, and joining them. Does not belong here: the use of
`OVERLAP_SESSIONS`, reading, and storing the record (`stages`).
"""

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import numpy.typing as npt

from btassets.engine.days import iso_day
from btassets.engine.market.raw_bars import Problem, RawBars

Kind = Literal["same", "appended", "restated", "revised", "disjoint"]
Change = Literal["revised", "added", "removed", "restated"]
Flags = npt.NDArray[np.bool_]
Days = npt.NDArray[np.int32]

OVERLAP_SESSIONS = 10
"""Stored sessions read again by an incremental fetch."""

SAME_FRAC = 1e-9
"""Relative difference up to which two numbers are equal: the last digits of a decimal text."""

ROUNDING_USD = 0.005
"""Vendors round adjusted prices to cents, so a constant ratio is constant within half a cent."""

_RATIO_FRAC = 1e-4
_PRICES = ("open", "high", "low", "close")
_FIELDS = (*_PRICES, "volume", "dividend", "split")
_MIN_DATES = 2  # one moved bar is a correction; a new basis moves every bar before it
_MANY_DATES = 20  # with at least this many common dates, a change of most of them is a new basis too


MAX_LOST_BARS, MAX_LOST_FRAC, MAX_LOST_AT_END = 20, 0.1, 5
"""A reading that lost more than this many dates and this share, or this many at its end, replaces nothing."""


MAX_GAP_DAYS = 10
"""Bars that are added begin at most so many calendar days after those that are there, or have a date in common."""

MAX_CLOSE_DIFFERS_FRAC = 0.01


@dataclass(frozen=True, slots=True)
class Revision:
    """One number of a past bar that the source revised.

    Attributes
    ----------
    kind
        "revised": one number changed. "added", "removed": a whole bar in the past appeared or is gone. "restated": the
        prices before this date were put on another basis; recorded with one close.
    date
        Session of the bar, days since 1970-01-01.
    field
        "open", "high", "low", "close", "volume", "dividend" or "split".
    old, new
        Value before and now; None if there is no bar.
    """

    kind: Change
    date: int
    field: str
    old: float | None
    new: float | None


@dataclass(frozen=True, slots=True)
class Merged:
    """Stored bars joined with bars read again.

    Attributes
    ----------
    bars
        Ascending dates. For "restated" and "disjoint" only the new ones, because they do not fit behind the old.
    kind
        "same": nothing new. "appended": the overlap is equal and bars follow. "restated": the overlap moved by a
        constant ratio, so the whole history must be read again. "revised": the source corrected bars; the new values
        are used. "disjoint": no common date, so nothing can be compared.
    revisions
        Revisions of past bars, ascending by date; one entry for "restated".
    """

    bars: RawBars
    kind: Kind
    revisions: tuple[Revision, ...]


def merge_overlap(old: RawBars, new: RawBars) -> Merged:
    """Join stored bars with a second reading that overlaps them.

    On common dates the new values count. Stored bars before the first new one and after the last new one stay, so that
    a short response loses nothing.

    Parameters
    ----------
    old
        Ascending, unique dates.
    new
        Any order. Of rows with the same date the first is compared; all are kept for the quality rules.

    Examples
    --------
    >>> import numpy as np
    >>> def bars(first, closes):
    ...     p = np.array(closes, float)
    ...     zero, one = np.zeros(len(p)), np.ones(len(p))
    ...     return RawBars(np.arange(first, first + len(p), dtype=np.int32), p, p, p, p, one, zero, one)
    >>> old = bars(100, [10.0, 11.0, 12.0])
    >>> merge_overlap(old, bars(101, [11.0, 12.0, 13.0])).kind
    'appended'
    >>> merge_overlap(old, bars(101, [5.5, 6.0, 6.5])).kind
    'restated'
    >>> merge_overlap(old, bars(101, [11.0, 12.5, 13.0])).revisions[0]
    Revision(kind='revised', date=102, field='open', old=12.0, new=12.5)
    """
    if not len(new):
        return Merged(old, "same", ())
    new = _sorted(new)
    if not len(old):
        return Merged(new, "appended", ())
    at_old, at_new = _common(old.dates, new.dates)
    if not len(at_old):
        return Merged(new, "disjoint", ())
    changed = {name: _differs(getattr(old, name)[at_old], getattr(new, name)[at_new]) for name in _FIELDS}
    if _is_restated(_prices(old, at_old), _prices(new, at_new), np.stack([changed[name] for name in _PRICES])):
        moved = int(np.flatnonzero(changed["close"] | changed["open"])[-1])
        before, after = float(old.close[at_old[moved]]), float(new.close[at_new[moved]])
        return Merged(new, "restated", (Revision("restated", int(old.dates[at_old[moved]]), "close", before, after),))
    revisions = [
        Revision(
            "revised",
            int(old.dates[at_old[i]]),
            name,
            float(getattr(old, name)[at_old[i]]),
            float(getattr(new, name)[at_new[i]]),
        )
        for name, flags in changed.items()
        for i in np.flatnonzero(flags)
    ]
    first, last = int(new.dates[0]), int(new.dates[-1])
    past = new.dates <= old.dates[-1]
    for day in _missing(new.dates[past & (new.dates > old.dates[0])], old.dates):
        close = float(new.close[np.searchsorted(new.dates, day)])
        revisions.append(Revision("added", int(day), "close", None, close))
    for day in _missing(old.dates[(old.dates >= first) & (old.dates <= last)], new.dates):
        close = float(old.close[np.searchsorted(old.dates, day)])
        revisions.append(Revision("removed", int(day), "close", close, None))
    bars = joined(old, new)
    if revisions:
        return Merged(bars, "revised", tuple(sorted(revisions, key=lambda r: (r.date, _FIELDS.index(r.field)))))
    return Merged(bars, "appended" if len(bars) > len(old) else "same", ())


def shrunk_history(ticker: str, old: RawBars, new: RawBars) -> Problem | None:
    """Report that a new reading lost much of the stored history (Q27); None if it did not.

    A source may keep a moving window: dates lost at its start and gained at its end are no loss.

    Parameters
    ----------
    old, new
        Screened bars of one ticker and one origin, ascending.
    """
    if not len(old) or not len(new):
        return None
    n_lost = len(_missing(old.dates, new.dates))
    n_end = int((old.dates > new.dates[-1]).sum())
    is_shorter = n_lost > MAX_LOST_BARS and len(new) < (1.0 - MAX_LOST_FRAC) * len(old)
    if not is_shorter and n_end <= MAX_LOST_AT_END and n_lost < len(old):
        return None
    text = (
        f"{ticker} {iso_day(int(new.dates[0]))}: {len(new)} bars up to {iso_day(int(new.dates[-1]))} would replace "
        f"{len(old)} from {iso_day(int(old.dates[0]))} to {iso_day(int(old.dates[-1]))} ({n_lost} dates lost); the "
        "longer history stays in use; correct the source, or confirm it by an override of Q27."
    )
    return Problem(ticker, "Q27", "block", int(new.dates[0]), n_lost, text)


def loose_end(ticker: str, old: RawBars, new: RawBars) -> Problem | None:
    """Say that bars do not join what was stored (Q27): a gap between them, or other closes on common dates.

    Parameters
    ----------
    old, new
        Screened bars of one ticker from two places, ascending; `new` adds to `old`.
    """
    if not len(old) or not len(new):
        return None
    _, at_old, at_new = np.intersect1d(old.dates, new.dates, return_indices=True)
    before, after = old.close[at_old], new.close[at_new]
    is_other = np.abs(after / before - 1.0) > MAX_CLOSE_DIFFERS_FRAC
    if len(before) >= _MIN_DATES and 2 * is_other.sum() > len(before):
        row = int(np.argmax(is_other))
        day = int(old.dates[at_old[row]])
        text = (
            f"{ticker} {iso_day(day)}: close {after[row]:g}, in the book {before[row]:g} ({int(is_other.sum())} of "
            f"{len(before)} common dates differ); bars that are added are of the same ticker and on the same basis."
        )
        return Problem(ticker, "Q27", "block", day, int(is_other.sum()), text)
    is_later = new.dates[0] > old.dates[-1]
    end, begin = (old.dates[-1], new.dates[0]) if is_later else (new.dates[-1], old.dates[0])
    if len(before) or int(begin - end) <= MAX_GAP_DAYS:
        return None
    text = (
        f"{ticker} {iso_day(int(begin))}: no bar for {int(begin - end)} calendar days after {iso_day(int(end))}; "
        "bars that are added join those of the book; give the bars between, or a date that both have."
    )
    return Problem(ticker, "Q27", "block", int(begin), int(begin - end), text)


def joined(old: RawBars, new: RawBars) -> RawBars:
    """Stored bars outside the span of the new ones, and the new ones; both ascending."""
    before = old.dates < new.dates[0]
    after = old.dates > new.dates[-1]
    parts = {
        name: np.concatenate([getattr(old, name)[before], getattr(new, name), getattr(old, name)[after]])
        for name in ("dates", *_FIELDS)
    }
    # The vendor's adjusted closes exist only for the new rows, and are compared as a whole or not at all.
    is_all_new = not before.any() and not after.any()
    return RawBars(**parts, adjusted_close=new.adjusted_close if is_all_new else None, notes=new.notes)


def overlap_start(old_dates: npt.NDArray[np.int32], n_sessions: int = OVERLAP_SESSIONS) -> int:
    """First date to read again, so that the last `n_sessions` stored sessions are included.

    >>> import numpy as np
    >>> overlap_start(np.arange(100, 120, dtype=np.int32))
    110
    """
    return int(old_dates[max(0, len(old_dates) - n_sessions)])


def _common(old: Days, new: Days) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows of the common dates in `old` (ascending, unique) and in `new` (ascending; the first of equal dates)."""
    # numpy's set functions sort or hash what is in order: a fifth of the reading of a market.
    at = np.searchsorted(new, old)
    at_old = np.flatnonzero(new[np.minimum(at, len(new) - 1)] == old) if len(new) else at[:0]
    return at_old, at[at_old]


def _missing(dates: Days, of: Days) -> Days:
    """Those of some ascending dates that are not in `of` (ascending), each once."""
    at = np.searchsorted(of, dates)
    is_new = np.append(True, dates[1:] != dates[:-1])[: len(dates)]
    return dates[is_new & (of[np.minimum(at, len(of) - 1)] != dates)] if len(of) else dates[is_new]


def _sorted(bars: RawBars) -> RawBars:
    if (np.diff(bars.dates) >= 0).all():
        return bars
    order = np.argsort(bars.dates, kind="stable")
    rows = {
        field.name: value[order] for field in fields(bars) if isinstance(value := getattr(bars, field.name), np.ndarray)
    }
    return RawBars(**{**rows, "adjusted_close": rows.get("adjusted_close"), "notes": bars.notes})


def _differs(old: npt.NDArray[np.float64], new: npt.NDArray[np.float64]) -> Flags:
    same = np.abs(new - old) <= SAME_FRAC * np.maximum(np.abs(old), np.abs(new))
    return ~(same | (np.isnan(old) & np.isnan(new)))


def _prices(bars: RawBars, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    return np.stack([getattr(bars, name)[rows] for name in _PRICES])


def _is_restated(old: npt.NDArray[np.float64], new: npt.NDArray[np.float64], changed: Flags) -> bool:
    """Whether prices, both (4, n_dates), moved by one ratio up to some date and not at all after it."""
    n_dates = old.shape[1]
    moved: Flags = np.any(changed, axis=0)
    n_moved = int(moved.sum())
    if n_moved < _MIN_DATES:
        return False
    if n_dates >= _MANY_DATES and n_moved > n_dates // 2:
        return True
    if not bool(moved[:n_moved].all()):
        return False
    before, after = old[:, :n_moved], new[:, :n_moved]
    if not (np.isfinite(after).all() and (after > 0.0).all() and (before > 0.0).all()):
        return False
    ratio = float(np.median(after / before))
    room = _RATIO_FRAC * after + ROUNDING_USD * (1.0 + ratio)
    # Rounding alone is not a new basis: prices must have moved by more than the rounding tolerance.
    return bool((np.abs(after - ratio * before) <= room).all()) and _is_beyond_rounding(before, after, ratio)


def _is_beyond_rounding(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64], ratio: float) -> bool:
    return abs(ratio - 1.0) > SAME_FRAC and float(np.median(np.abs(after - before))) > ROUNDING_USD * 0.5
