"""Parts of the factor study, week by week: correlations, fifths and turnover.

A week depends on its own rows and on those of the weeks over which a ranking is held, at most `MEMORY_WEEKS` before
it. So a week whose rows and those before are unchanged keeps its part from the last run, and only the others are
computed; the arrays are the same either way.

Belongs here: the part of a week, its key, and putting the parts together. Does not belong here: means over weeks and
verdicts (`stat_signals.py`), ranks and correlations (`engine.cross_section`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from btassets.engine.conventions import FORWARD_RETURN_DAYS
from btassets.engine.cross_section.lagged_ranks import lagged_mean, rank_fractions
from btassets.engine.cross_section.neutral import group_neutral
from btassets.engine.cross_section.ordering import group_starts
from btassets.engine.cross_section.quantiles import WeeklyQuantiles, weekly_quantiles
from btassets.engine.cross_section.rank_ic import WeeklyIc, weekly_rank_ic
from btassets.engine.statistics.ewc import weeks_of_overlap

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

FIFTHS = 5
MEMORY_WEEKS = max(weeks_of_overlap(horizon) for horizon in FORWARD_RETURN_DAYS)
"""Calendar weeks, its own included, whose rows decide the part of a week; the week before counts in any case."""

_HORIZONS = len(FORWARD_RETURN_DAYS)


class SignalRows(NamedTuple):
    """The rows of the weekly cross-sections, weeks ascending.

    Attributes
    ----------
    monday
        Of the row's week, int32 days, shape (n_rows,).
    ticker
        Number of the row's ticker, shape (n_rows,).
    tickers
        Names by number.
    values
        Shape (n_signals, n_rows); NaN = none.
    forward
        Returns over each horizon, a fraction, shape (n_horizons, n_rows); NaN = none.
    following
        Next week's return without what the benchmark explains, shape (n_rows,).
    group
        Number of the row's group, shape (n_rows,); None: no groups.
    """

    monday: npt.NDArray[np.int32]
    ticker: npt.NDArray[np.int32]
    tickers: Sequence[str]
    values: Floats
    forward: Floats
    following: Floats
    group: Places | None

    def take(self, rows: Places) -> "SignalRows":
        """Some of the rows, in the given order."""
        return SignalRows(
            self.monday[rows],
            self.ticker[rows],
            self.tickers,
            self.values[:, rows],
            self.forward[:, rows],
            self.following[rows],
            None if self.group is None else self.group[rows],
        )


@dataclass(frozen=True)
class SignalParts:
    """Results of every week, by signal and horizon.

    Attributes
    ----------
    plain
        Correlation of a signal with the return over each whole horizon.
    fifths
        Portfolios of its fifths.
    weekly
        Correlation of its mean rank over each horizon with the next week's return.
    neutral
        The same with returns minus the mean of their group; None without groups.
    """

    plain: WeeklyIc
    fifths: WeeklyQuantiles
    weekly: WeeklyIc
    neutral: WeeklyIc | None


def signal_parts(
    rows: SignalRows, kept: Mapping[str, bytes] | None = None, code: str = ""
) -> tuple[SignalParts, dict[str, bytes]]:
    """Results of every week, and the parts to keep for the next run, by key.

    Parameters
    ----------
    kept
        Parts of an earlier run; None: compute every week.
    code
        Version of the code that computes a part.
    """
    starts = group_starts(rows.monday)
    week = rows.monday[starts[:-1]]
    keys = _keys(rows, starts, week, code) if kept is not None else [""] * len(week)
    known = kept or {}
    has_groups = rows.group is not None
    layout = _Layout(len(rows.values), has_groups=has_groups)
    parts = np.empty((len(week), layout.width))
    is_stale = np.array([len(known.get(key, b"")) != 8 * layout.width for key in keys], dtype=np.bool_)
    for w in np.flatnonzero(~is_stale):
        parts[w] = np.frombuffer(known[keys[w]])
    if is_stale.any():
        needed = _with_memory(is_stale, week)
        chosen = np.flatnonzero(np.repeat(needed, np.diff(starts)))
        computed = layout.packed(computed_parts(rows.take(chosen)))
        parts[is_stale] = computed[is_stale[needed]]
    found = layout.unpacked(parts, week)
    return found, {} if kept is None else {key: part.tobytes() for key, part in zip(keys, parts, strict=True)}


def computed_parts(rows: SignalRows) -> SignalParts:
    """Results of every week of the rows; the first weeks lack those before them."""
    week_no = rows.monday.astype(np.int64) // 7
    fractions = rank_fractions(rows.monday, rows.values)
    means = [
        lagged_mean(week_no, rows.ticker.astype(np.int64), fractions, weeks_of_overlap(horizon))
        for horizon in FORWARD_RETURN_DAYS
    ]
    neutral = None
    if rows.group is not None:
        place = np.cumsum(np.diff(rows.monday, prepend=rows.monday[:1]) != 0)
        within = group_neutral(place, rows.group, rows.following[np.newaxis])[0]
        neutral = in_calendar_time(rows.monday, means, within)
    return SignalParts(
        weekly_rank_ic(rows.monday, rows.values, rows.forward),
        weekly_quantiles(rows.monday, rows.ticker, rows.values, rows.forward, FIFTHS),
        in_calendar_time(rows.monday, means, rows.following),
        neutral,
    )


def in_calendar_time(monday: npt.NDArray[np.int32], means: Sequence[Floats], following: Floats) -> WeeklyIc:
    """Correlation of the mean ranks of every horizon with the next week's returns; shapes as of `WeeklyIc`."""
    found = [weekly_rank_ic(monday, mean, following[np.newaxis]) for mean in means]
    ic, spread, size = (
        np.concatenate([getattr(one, name) for one in found], axis=1) for name in ("ic", "spread", "size")
    )
    return WeeklyIc(found[0].week, ic, spread, size)


def _with_memory(is_stale: npt.NDArray[np.bool_], week: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """The stale weeks and those that decide them."""
    needed = is_stale.copy()
    for w in np.flatnonzero(is_stale):
        needed[_first_of_memory(week, int(w)) : w] = True
    return needed


def _first_of_memory(week: npt.NDArray[np.int32], w: int) -> int:
    """First week that decides week `w`: the one before it, and all within `MEMORY_WEEKS` calendar weeks."""
    return min(int(np.searchsorted(week, week[w] - 7 * (MEMORY_WEEKS - 1))), max(w - 1, 0))


def _keys(rows: SignalRows, starts: Places, week: npt.NDArray[np.int32], code: str) -> list[str]:
    """Key of every week: the hash of its rows and of those of its memory, of the layout and the code."""
    names = np.array([_hash(name.encode()) for name in rows.tickers], dtype="S8")[rows.ticker]
    head = f"{code}|{len(rows.values)}|{FORWARD_RETURN_DAYS}|{FIFTHS}|{rows.group is not None}".encode()
    own: list[bytes] = []
    for a, b in pairwise(starts.tolist()):
        state = hashlib.blake2b(head, digest_size=8)
        parts = [rows.monday[a:b], names[a:b], *rows.values[:, a:b], *rows.forward[:, a:b], rows.following[a:b]]
        if rows.group is not None:
            parts.append(rows.group[a:b])
        for part in parts:
            state.update(np.ascontiguousarray(part).data)
        own.append(state.digest())
    return [_hash(b"".join(own[_first_of_memory(week, w) : w + 1])).hex() for w in range(len(week))]


def _hash(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=8).digest()


class _Layout:
    """Place of every number in the part of a week, `width` numbers."""

    def __init__(self, n_signals: int, *, has_groups: bool) -> None:
        grid = (n_signals, _HORIZONS)
        shapes = [*[grid] * 3, (*grid, FIFTHS), (n_signals, 2), (n_signals,), *[grid] * (6 if has_groups else 3)]
        sizes = [int(np.prod(shape)) for shape in shapes]
        self._shapes = shapes
        self._cuts = np.cumsum(sizes)[:-1]
        self._has_groups = has_groups
        self.width = sum(sizes)

    def packed(self, found: SignalParts) -> Floats:
        """Parts of all weeks, shape (n_weeks, width)."""
        tables = [found.plain, found.weekly, *([found.neutral] if found.neutral is not None else [])]
        first, *others = [[table.ic, table.spread, table.size] for table in tables]
        fifths = [found.fifths.mean_return, found.fifths.turnover, found.fifths.autocorrelation]
        arrays = [*first, *fifths, *(array for other in others for array in other)]
        n_weeks = len(found.plain.week)
        return np.concatenate([np.moveaxis(array, -1, 0).reshape(n_weeks, -1) for array in arrays], axis=1)

    def unpacked(self, parts: Floats, week: npt.NDArray[np.int32]) -> SignalParts:
        """The arrays of `packed` again."""
        arrays = [
            np.ascontiguousarray(np.moveaxis(part.reshape(len(week), *shape), 0, -1))
            for part, shape in zip(np.split(parts, self._cuts, axis=1), self._shapes, strict=True)
        ]

        def table(first: int) -> WeeklyIc:
            ic, spread, size = arrays[first : first + 3]
            return WeeklyIc(week, ic, spread, size.astype(np.int32))

        return SignalParts(table(0), WeeklyQuantiles(*arrays[3:6]), table(6), table(9) if self._has_groups else None)
