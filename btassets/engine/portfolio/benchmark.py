"""Benchmark return between two dates.

Belongs here: its one definition. Does not belong here: equal-weight holds (equal_weight) and alpha or beta
(statistics).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BenchmarkCloses:
    """Closes of the benchmark, dates ascending int32 days since 1970-01-01, shape (n,) each."""

    dates: NDArray[np.int32]
    closes: NDArray[np.float64]

    def on(self, days: NDArray[np.int32]) -> NDArray[np.float64]:
        """Closes on exactly these days, NaN without one, shape (n_days,)."""
        found = np.full(len(days), np.nan)
        if len(self.dates):
            at = np.minimum(np.searchsorted(self.dates, days), len(self.dates) - 1)
            known = self.dates[at] == days
            found[known] = self.closes[at[known]]
        return found

    def return_pct(self, start: int, end: int) -> float | None:
        """Return in percent from the first close on or after `start` to the last on or before `end`.

        None if either is missing or not positive.

        Examples
        --------
        >>> spy = BenchmarkCloses(np.array([1, 5], dtype=np.int32), np.array([100.0, 110.0]))
        >>> round(spy.return_pct(0, 9), 6)
        10.0
        >>> spy.return_pct(6, 9) is None
        True
        """
        first = int(np.searchsorted(self.dates, start, side="left"))
        last = int(np.searchsorted(self.dates, end, side="right")) - 1
        if first >= len(self.dates) or last < 0:
            return None
        before, after = float(self.closes[first]), float(self.closes[last])
        if not (before > 0.0 and after > 0.0):
            return None
        return (after / before - 1.0) * 100.0
