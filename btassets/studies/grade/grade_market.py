"""The market for given setups: bars, benchmark, and the calendar derived from the bars.

Belongs here: sessions, week ends and T of a folder of bars without an exchange calendar. Does not belong
here: a book's own calendar (`sessions.py`) and grading (`grade.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from btassets.engine.days import values_on
from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import (
    bars_per_session,
    completed_week_sessions,
    has_ended,
    last_common_session,
)
from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.errors import NoBarsError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Market:
    """Bars, benchmark and their calendar: the union of the tickers' dates.

    Attributes
    ----------
    bars
        By ticker, in byte order.
    benchmark
        None: there is none.
    calendar
        Sessions up to T, days since 1970-01-01.
    week_ends
        As-of sessions of completed weeks.
    """

    bars: Mapping[str, Bars]
    benchmark: Bars | None
    calendar: npt.NDArray[np.int32]
    week_ends: npt.NDArray[np.int32]

    @cached_property
    def last_session(self) -> int:
        """T."""
        return int(self.calendar[-1])

    def session_no(self, bars: Bars) -> npt.NDArray[np.int32]:
        """Return the number of each bar's session; bars after T are beyond the calendar."""
        return np.searchsorted(self.calendar, bars.dates).astype(np.int32)

    def benchmark_on(self, dates: npt.NDArray[np.int32]) -> tuple[Floats, Floats]:
        """Open and close of the benchmark on these dates, NaN if missing."""
        if self.benchmark is None:
            missing = np.full(len(dates), np.nan)
            return missing, missing
        opens, closes = values_on(dates, self.benchmark.dates, self.benchmark.open, self.benchmark.close)
        return opens, closes

    def is_ended(self, bars: Bars) -> bool:
        """Whether a ticker's last bar is more than ten days before T."""
        return bars.n_bars > 0 and has_ended(int(bars.dates[-1]), self.last_session)

    def benchmark_closes(self) -> BenchmarkCloses | None:
        """Take the benchmark's closes up to T."""
        if self.benchmark is None:
            return None
        known = self.benchmark.dates <= self.last_session
        return BenchmarkCloses(self.benchmark.dates[known], self.benchmark.close[known])


def market_of(bars: Mapping[str, Bars], benchmark: Bars | None, *, is_cut: bool) -> Market:
    """Order the tickers and build the calendar from their own dates.

    Parameters
    ----------
    bars
        By ticker.
    benchmark
        None: there is none. Its dates do not create sessions.
    is_cut
        Cut everything at T, the last session shared by most current tickers; the legacy profile does not.

    Raises
    ------
    NoBarsError
        No ticker has a bar.
    """
    ordered = {ticker: bars[ticker] for ticker in sorted(bars, key=str.encode)}
    dated = [b.dates for b in ordered.values() if b.n_bars]
    if not dated:
        folder, problem = "bars", "no ticker has a bar"
        raise NoBarsError(folder, problem, "give the folder of the tickers' bars.")
    days, n_with_bar = bars_per_session(dated)
    last = int(days[-1])
    if is_cut:
        last = last_common_session(days, n_with_bar, [int(d[0]) for d in dated], [int(d[-1]) for d in dated])
        days = days[days <= last]
    return Market(ordered, benchmark, days, completed_week_sessions(days, last, "data"))
