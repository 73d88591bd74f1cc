"""Setups grouped by session, in trading order.

Belongs here: the grouping of candidate rows by session. Does not belong here: qualification, fills and exits.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from btassets.engine.portfolio.panel import BarPanel


@dataclass(frozen=True)
class Entries:
    """Candidate rows sorted by as-of session, rows of one session in the given order.

    Arrays have shape (n_entries,) unless stated.

    Attributes
    ----------
    row_no
        Position of each entry in the given rows.
    ticker_no
        Ticker of the panel.
    asof_date
        Int32 days since 1970-01-01.
    asof_session
        First session at or after the as-of date; the number of sessions if there is none.
    is_session
        The as-of date is a session itself.
    is_long
        Direction.
    entry, stop, target
        Levels at the signal's close in the panel's prices, NaN = missing.
    price_factor
        The panel's price over the printed one on the as-of day.
    session_starts
        Entries of session d are `session_starts[d]:session_starts[d + 1]`, shape (n_sessions + 2,).
    """

    row_no: NDArray[np.int64]
    ticker_no: NDArray[np.int32]
    asof_date: NDArray[np.int32]
    asof_session: NDArray[np.int32]
    is_session: NDArray[np.bool_]
    is_long: NDArray[np.bool_]
    entry: NDArray[np.float64]
    stop: NDArray[np.float64]
    target: NDArray[np.float64]
    price_factor: NDArray[np.float64]
    session_starts: NDArray[np.int64]

    @classmethod
    def from_rows(
        cls,
        panel: BarPanel,
        ticker_no: NDArray[np.int32],
        asof_date: NDArray[np.int32],
        is_long: NDArray[np.bool_],
        entry: NDArray[np.float64],
        stop: NDArray[np.float64],
        target: NDArray[np.float64],
        *,
        price_factor: NDArray[np.float64] | None = None,
    ) -> "Entries":
        """Sort candidate rows by session.

        Parameters
        ----------
        panel
            Prices and calendar.
        ticker_no, asof_date, is_long, entry, stop, target
            Shape (n_rows,), in the tie order (ticker, date, long before short): equal ranks trade
            in this order.
        price_factor
            The panel's price over that of the levels, shape (n_rows,); None: 1.
        """
        asof_date = np.asarray(asof_date, dtype=np.int32)
        factor = np.ones(len(asof_date)) if price_factor is None else np.asarray(price_factor, dtype=np.float64)
        session = np.searchsorted(panel.calendar, asof_date)
        n_sessions = len(panel.calendar)
        order = np.argsort(session, kind="stable")
        session, asof_date = session[order], asof_date[order]
        on_calendar = session < n_sessions
        is_session = np.zeros(len(order), dtype=np.bool_)
        is_session[on_calendar] = panel.calendar[session[on_calendar]] == asof_date[on_calendar]
        return cls(
            row_no=order,
            ticker_no=np.ascontiguousarray(np.asarray(ticker_no)[order], dtype=np.int32),
            asof_date=asof_date,
            asof_session=session.astype(np.int32),
            is_session=is_session,
            is_long=np.ascontiguousarray(np.asarray(is_long, dtype=np.bool_)[order]),
            **{
                name: np.ascontiguousarray((np.asarray(values, dtype=np.float64) * factor)[order])
                for name, values in (("entry", entry), ("stop", stop), ("target", target))
            },
            price_factor=factor[order],
            session_starts=np.searchsorted(session, np.arange(n_sessions + 2)).astype(np.int64),
        )

    def take(self, chosen: NDArray[np.int64]) -> "Entries":
        """Entries at the positions `chosen`, ascending, and no others."""
        columns = {field.name: getattr(self, field.name)[chosen] for field in fields(self)[:-1]}
        sessions = np.arange(len(self.session_starts))
        starts = np.searchsorted(columns["asof_session"], sessions).astype(np.int64)
        return Entries(**columns, session_starts=starts)

    def __len__(self) -> int:
        return len(self.row_no)
