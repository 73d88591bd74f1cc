"""Exits of held positions: which have happened on bars that exist, and which are due at the next close.

Belongs here: positions as entries of the simulation's own exits. Does not belong here: the exits themselves
(`engine.portfolio.exits`), orders (`order_plan.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from btassets.engine.conventions import AS_PLANNED
from btassets.engine.days import EPOCH
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import (
    BY_DELISTING,
    BY_TARGET,
    BY_TIME,
    OPEN_AT_END,
    REASON_NAMES,
    chosen_exits,
    precompute_exits,
)
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookRules
from btassets.studies.account.positions import Position

DELISTED = REASON_NAMES[BY_DELISTING]
"""Reason of an exit without a market: nothing can be ordered."""

_NO_STOP = -1.0
"""A level that no price touches; a missing one would make the entry untradable."""


@dataclass(frozen=True)
class HeldExit:
    """One exit that is due.

    Attributes
    ----------
    reason
        stop, target, time or delisted.
    since
        Session on which it happened: sell at the next open; None: due at the close of the next session.
    price
        Price at which the simulation sold; None when it is still due.
    """

    reason: str
    since: date | None
    price: float | None


@dataclass(frozen=True)
class HeldState:
    """A position at T.

    Attributes
    ----------
    sessions
        Held so far; None: its opening is unknown.
    exit
        None: none is due.
    stop
        Level of the next session under a stop that moves; None: without a stop or a known opening.
    part
        The part to sell because its target was reached at T; None: none.
    part_frac
        Share of that part.
    """

    sessions: int | None
    exit: HeldExit | None
    stop: float | None = None
    part: HeldExit | None = None
    part_frac: float = 0.0


def held_states(
    panel: BarPanel, tickers: Sequence[str], positions: Sequence[Position], rules: BookRules
) -> list[HeldState | None]:
    """State of each position; None for a short one and for one without bars, of which nothing is known.

    Parameters
    ----------
    panel
        Bars of `tickers` up to T.
    tickers
        In the order of the panel.
    positions
        Levels in current prices.
    rules
        The portfolio's; policies, hold, gaps and ended tickers are used. A stop moves only if the opening is known.
    """
    places = {ticker: k for k, ticker in enumerate(tickers)}
    known = [k for k, one in enumerate(positions) if one.ticker in places and one.shares > 0]
    states: list[HeldState | None] = [None] * len(positions)
    if not known or len(panel.calendar) < 2:
        return states
    own = [positions[k] for k in known]
    day_before = np.array([_session_before(panel, one.opened) for one in own], np.int32)
    entries = Entries.from_rows(
        panel,
        ticker_no=np.array([places[one.ticker] for one in own], np.int32),
        asof_date=day_before,
        is_long=np.ones(len(own), np.bool_),
        entry=_signal_closes(panel, [places[one.ticker] for one in own], day_before),
        stop=np.array([_NO_STOP if one.stop is None else one.stop for one in own], np.float64),
        target=np.array([np.nan if one.target is None else one.target for one in own], np.float64),
    )
    # With a fill at the close of the day before, every bar from the day of opening on is checked, after any gap.
    is_known = np.array([own[row].opened is not None for row in entries.row_no])
    planned, moved = (
        precompute_exits(panel, entries, replace(rules, fill="close", exit_policy=policy))
        for policy in (AS_PLANNED, rules.exit_policy)
    )
    exits = chosen_exits([planned, moved], is_known.astype(np.int64))
    for place, row in enumerate(entries.row_no):
        one, ticker_no = own[row], entries.ticker_no[place]
        last = int(panel.offsets[ticker_no + 1])
        n_held = last - int(exits.first_bar[place])
        reason = int(exits.reason[place])
        is_timed = one.opened is not None
        found: HeldExit | None = None
        if reason != OPEN_AT_END and (is_timed or reason != BY_TIME):
            since = _day(panel, int(exits.exit_bar[place]))
            found = HeldExit(REASON_NAMES[reason], since, float(exits.exit_price[place]))
        elif is_timed and n_held + 1 >= rules.max_days:
            found = HeldExit(REASON_NAMES[BY_TIME], None, None)
        stop = float(exits.next_stop[place])
        part, part_bar = None, int(exits.part_bar[place])
        if is_timed and part_bar == last - 1 and panel.session_no[part_bar] == len(panel.calendar) - 1:
            part = HeldExit(REASON_NAMES[BY_TARGET], _day(panel, part_bar), float(exits.part_price[place]))
        states[known[row]] = HeldState(
            n_held if is_timed else None,
            found,
            stop if is_timed and one.stop is not None and np.isfinite(stop) else None,
            part,
            float(exits.part_frac[place]) if part is not None else 0.0,
        )
    return states


def _day(panel: BarPanel, bar: int) -> date:
    return EPOCH + timedelta(days=int(panel.calendar[panel.session_no[bar]]))


def _signal_closes(panel: BarPanel, ticker_no: Sequence[int], days: NDArray[np.int32]) -> NDArray[np.float64]:
    """Close of each ticker on its day, from which a stop moves; 1 without a bar, since a fill has happened."""
    closes = np.ones(len(days))
    for k, (t, day) in enumerate(zip(ticker_no, days, strict=True)):
        own = slice(int(panel.offsets[t]), int(panel.offsets[t + 1]))
        at = int(np.searchsorted(panel.calendar[panel.session_no[own]], day, side="right"))
        if at:
            closes[k] = panel.close[own][at - 1]
    return closes


def _session_before(panel: BarPanel, opened: date | None) -> int:
    """Session before a position was opened; of an unknown opening, the one before T: only its bar is checked."""
    calendar = panel.calendar
    if opened is None:
        return int(calendar[-2])
    at = int(np.searchsorted(calendar, (opened - EPOCH).days))
    return int(calendar[max(at - 1, 0)])
