"""The bars of many tickers on one calendar, for the simulation.

Belongs here: the layout of prices by ticker and session. Does not belong here: the source and adjustment of bars, and
trading.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from btassets.counted import counted
from btassets.errors import EXIT_CHECK_FAILED, BtassetsError

ENDED_AFTER_DAYS = 10  # calendar days without a bar before T after which a ticker counts as ended


@dataclass(eq=False)
class BarOffCalendarError(BtassetsError):
    """A bar whose date is not a session of the simulation's calendar."""

    exit_code = EXIT_CHECK_FAILED

    ticker_no: int
    day: int
    n_bars: int

    def __str__(self) -> str:
        return (
            f"ticker number {self.ticker_no}: bar on {np.datetime64(self.day, 'D')} is not on a session "
            f"({counted(self.n_bars, 'bar')} in all); every bar of a book must be on its calendar; build the calendar "
            "from the same bars or drop these rows by a quality rule."
        )


def _sessions_of(calendar: NDArray[np.int32], dates: NDArray[np.int32]) -> NDArray[np.int32]:
    """Position of each date in `calendar`, -1 if it is no session; a lookup by day, for many dates."""
    if not len(dates):
        return np.empty(0, np.int32)
    first = min(dates.min(), calendar[0])
    by_day = np.full(calendar[-1] - first + 1, -1, np.int32)
    by_day[calendar - first] = np.arange(len(calendar))
    return by_day[dates - first]


@dataclass(frozen=True)
class BarPanel:
    """Adjusted bars of `n_tickers`, concatenated, each with the number of its session.

    Attributes
    ----------
    calendar
        Sessions ascending, int32 days since 1970-01-01, shape (n_sessions,); the last one is T.
    offsets
        Bars of ticker k are `offsets[k]:offsets[k + 1]`, int64, shape (n_tickers + 1,). Ticker
        numbers ascend in the tie order (ticker bytes).
    session_no
        Position of each bar's date in `calendar`, int32, shape (n_bars,), ascending per ticker.
    open, high, low, close
        Prices on one basis, float64, shape (n_bars,).
    is_ended
        The ticker's last bar is more than ten calendar days before T, shape (n_tickers,).
    """

    calendar: NDArray[np.int32]
    offsets: NDArray[np.int64]
    session_no: NDArray[np.int32]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    is_ended: NDArray[np.bool_]

    @classmethod
    def from_dates(
        cls,
        calendar: NDArray[np.int32],
        offsets: NDArray[np.int64],
        dates: NDArray[np.int32],
        open: NDArray[np.float64],  # noqa: A002  (the bar's own word)
        high: NDArray[np.float64],
        low: NDArray[np.float64],
        close: NDArray[np.float64],
    ) -> "BarPanel":
        """Arrange dated bars by session; bars after the calendar's last session are cut off.

        Parameters
        ----------
        calendar
            Sessions up to T, ascending, shape (n_sessions,).
        offsets, dates, open, high, low, close
            Bars of the tickers one after another; dates ascending within a ticker.

        Raises
        ------
        BarOffCalendarError
            A bar before T is not on a session.
        """
        calendar = np.ascontiguousarray(calendar, dtype=np.int32)
        offsets = np.ascontiguousarray(offsets, dtype=np.int64)
        dates = np.asarray(dates, dtype=np.int32)
        keep = dates <= calendar[-1] if len(calendar) else np.zeros(len(dates), dtype=np.bool_)
        if not keep.all():
            kept_before = np.zeros(len(keep) + 1, dtype=np.int64)
            np.cumsum(keep, out=kept_before[1:])
            offsets = kept_before[offsets]
            dates, open, high = dates[keep], open[keep], high[keep]  # noqa: A001
            low, close = low[keep], close[keep]
        session_no = _sessions_of(calendar, dates)
        strays = np.flatnonzero(session_no < 0)
        if len(strays):
            ticker_no = int(np.searchsorted(offsets, strays[0], side="right")) - 1
            raise BarOffCalendarError(ticker_no, int(dates[strays[0]]), len(strays))
        has_bars = offsets[1:] > offsets[:-1]
        is_ended = np.zeros(len(offsets) - 1, dtype=np.bool_)
        if len(dates):
            last_day = dates[np.maximum(offsets[1:] - 1, 0)]
            is_ended = has_bars & (last_day < calendar[-1] - ENDED_AFTER_DAYS)
        return cls(
            calendar=calendar,
            offsets=offsets,
            session_no=session_no,
            open=np.ascontiguousarray(open, dtype=np.float64),
            high=np.ascontiguousarray(high, dtype=np.float64),
            low=np.ascontiguousarray(low, dtype=np.float64),
            close=np.ascontiguousarray(close, dtype=np.float64),
            is_ended=is_ended,
        )

    def of_closes(self) -> "BarPanel":
        """Return the panel without opens, highs and lows: simulations with known exits read only closes."""
        nothing = np.empty(0)
        return replace(self, open=nothing, high=nothing, low=nothing)

    @property
    def n_tickers(self) -> int:
        """Number of tickers, including those without a bar."""
        return len(self.offsets) - 1

    def ticker_of_bar(self) -> NDArray[np.int64]:
        """Ticker number of every bar, shape (n_bars,)."""
        return np.repeat(np.arange(self.n_tickers), np.diff(self.offsets))

    def sessions_of(self, is_in: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Sessions on which at least one of the flagged tickers has a bar, ascending.

        Parameters
        ----------
        is_in
            Shape (n_tickers,).
        """
        traded = np.zeros(len(self.calendar), dtype=np.bool_)
        traded[self.session_no[is_in[self.ticker_of_bar()]]] = True
        return np.flatnonzero(traded).astype(np.int32)
