"""Purged, expanding walk-forward windows, and the choice made in each.

Belongs here: train and test rows, and the rule that picks a configuration. Does not belong here: the results of a
configuration (graded setups) and the stitched portfolio (portfolio).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from btassets.engine.conventions import HORIZON_DAYS, SESSIONS_A_YEAR

LOOKBACK_SESSIONS = SESSIONS_A_YEAR
"""First as-of session: the ranking needs a year of bars."""

TRAIN_WEEKS = 78
TEST_WEEKS = 13
LEAST_TEST_WEEKS = 4
LEAST_WINDOWS = 4
"""Minimum number of windows for an out-of-sample result."""

LEAST_SETUPS = 100
_SESSIONS_PER_WEEK = 5


@dataclass(frozen=True)
class Window:
    """One window; sessions are positions in the book's calendar, all inclusive.

    Attributes
    ----------
    number
        From 1.
    train_first, train_last
        As-of sessions used for training; a full horizon after `train_last` ends before the test.
    test_first, test_last
        As-of sessions used for the test.
    """

    number: int
    train_first: int
    train_last: int
    test_first: int
    test_last: int

    def train_rows(self, asof_session: NDArray[np.int64], label_end: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Rows whose whole label ends before the test, shape (n_rows,).

        Parameters
        ----------
        asof_session
            Shape (n_rows,).
        label_end
            Session of the last bar used by each row's grading; negative = not graded.
        """
        return (asof_session >= self.train_first) & (label_end >= 0) & (label_end < self.test_first)

    def test_rows(self, asof_session: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Rows whose as-of session is in the test, shape (n_rows,)."""
        return (asof_session >= self.test_first) & (asof_session <= self.test_last)


def windows(first: int, last: int, *, horizon: int = HORIZON_DAYS) -> list[Window]:
    """Windows over the as-of sessions `first` to `last`: train expands, test steps by 13 weeks.

    The first test starts after 78 weeks of as-of sessions with complete labels. The last window may be short, but not
    under four weeks. A history that is too short gives none.

    Parameters
    ----------
    first
        First as-of session with a rank: 252.
    last
        Last as-of session with a full label: sessions - horizon - 1.
    horizon
        Sessions covered by a label after its as-of session.

    Examples
    --------
    >>> len(windows(252, 1229)), len(windows(252, 977)), len(windows(252, 725)), windows(252, 473)
    (9, 5, 1, [])
    """
    step = TEST_WEEKS * _SESSIONS_PER_WEEK
    found: list[Window] = []
    start = first + TRAIN_WEEKS * _SESSIONS_PER_WEEK + horizon
    while last - start + 1 >= LEAST_TEST_WEEKS * _SESSIONS_PER_WEEK:
        end = min(start + step - 1, last)
        found.append(Window(len(found) + 1, first, start - horizon - 1, start, end))
        start += step
    return found


def window_of(asof_session: NDArray[np.int64], found: list[Window]) -> NDArray[np.int64]:
    """Position of the window whose test contains each row, -1 = none, shape (n_rows,)."""
    place = np.full(len(asof_session), -1, dtype=np.int64)
    for w, window in enumerate(found):
        place[window.test_rows(asof_session)] = w
    return place


def selected(mean_r: NDArray[np.float64], n_setups: NDArray[np.int64], least: int = LEAST_SETUPS) -> int | None:
    """Position of the configuration with the highest mean net R among those with enough setups.

    The first on ties; None if none has enough.

    Parameters
    ----------
    mean_r
        Mean net R in train, shape (k,).
    n_setups
        Number of setups, shape (k,).
    """
    usable = (n_setups >= least) & ~np.isnan(mean_r)
    return int(np.argmax(np.where(usable, mean_r, -np.inf))) if usable.any() else None


def train_means(
    found: list[Window],
    asof_session: NDArray[np.int64],
    label_end: NDArray[np.int64],
    masks: NDArray[np.bool_],
    net_r: NDArray[np.float64],
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Mean net R and number of setups of every gate under every exit, in the train of each window.

    Each train includes the previous one, so only new rows are added.

    Parameters
    ----------
    found
        From `windows`.
    As in `Window.train_rows`, shape (n_setups,).
        As `Window.train_rows` takes them, shape (n_setups,).
    masks
        Which setups each gate admits, shape (n_setups, n_masks).
    net_r
        Net R under each exit, shape (n_setups, n_exits); NaN = not known.

    Yields
    ------
    tuple
        Mean, NaN = no setup, and number, shape (n_masks, n_exits) each.
    """
    total = np.zeros((masks.shape[1], net_r.shape[1]))
    n = np.zeros(total.shape)
    before = np.zeros(len(net_r), dtype=np.bool_)
    for window in found:
        rows = window.train_rows(asof_session, label_end)
        new = np.flatnonzero(rows & ~before)
        gates, r = masks[new].astype(np.float64), net_r[new]
        known = ~np.isnan(r)
        n += gates.T @ known.astype(np.float64)
        total += gates.T @ np.where(known, r, 0.0)
        yield np.where(n > 0, total / np.maximum(n, 1.0), np.nan), n.astype(np.int64)
        before = rows
