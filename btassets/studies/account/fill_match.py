"""Trades of the account beside the setups that were shown: taken, late, missed, slipped, in R.

Belongs here: which trade belongs to which setup, and the differences. Does not belong here: trades (`fill_trades.py`),
results of setups (`btassets.stages.journal`).

A trade belongs to the latest setup shown before it was opened, if it was opened within the allowed sessions after the
setup's own entry session. R is the distance of entry and stop as shown.
"""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from btassets.studies.account.fill_trades import Trade
from btassets.studies.account.shown_setups import ShownSetup

TAKEN, LATE, MISSED, HELD = "taken", "late", "missed", "held"

Results = Mapping[tuple[date, str, str], Mapping[str, Any]]
"""Rows of `journal_results` by as-of date, ticker and direction."""


@dataclass(frozen=True)
class Match:
    """One shown setup, with the trade that took it.

    Attributes
    ----------
    status
        taken, late, missed, or held (shown again while it was held).
    sessions_late
        Sessions between its entry session and the fill; None without one.
    slip_r
        How much worse the fill was than the graded fill, or than the shown entry where none is known; R.
    own_r
        Result of the closed trade after fees; R.
    net_r
        Graded result of the setup; None while it is open.
    """

    setup: ShownSetup
    status: str
    trade: Trade | None = None
    sessions_late: int | None = None
    slip_r: float | None = None
    own_r: float | None = None
    net_r: float | None = None

    @property
    def gap_r(self) -> float | None:
        """Own result minus the graded one; None unless both are known."""
        return None if self.own_r is None or self.net_r is None else self.own_r - self.net_r


@dataclass(frozen=True)
class Comparison:
    """Every shown setup of the span of the fills, and the trades that no setup explains with the reason."""

    matches: tuple[Match, ...]
    others: tuple[tuple[Trade, str], ...]


def compare_fills(
    trades: Sequence[Trade],
    shown: Mapping[str, Sequence[ShownSetup]],
    results: Results,
    sessions: Sequence[date],
    *,
    max_late: int,
    span: tuple[date, date] | None,
) -> Comparison:
    """Match trades with setups.

    Parameters
    ----------
    trades
        In the order of their opening.
    shown
        Setups by ticker, oldest first.
    sessions
        Sessions up to T, ascending.
    max_late
        Sessions after the entry session within which a fill belongs to a setup.
    span
        First and last day of the imported fills: setups to be entered outside of it are not judged; None: no fill.
    """
    taken: dict[tuple[date, str, str], Match] = {}
    others: list[tuple[Trade, str]] = []
    for trade in trades:
        setup, late = _setup_of(trade, shown.get(trade.ticker, ()), sessions)
        if setup is None:
            others.append((trade, "no long setup of this ticker was shown before it was opened"))
        elif late > max_late:
            reason = f"opened {late} sessions after the entry session of the setup shown on {setup.as_of}"
            others.append((trade, f"{reason}, more than fills.max_late_sessions = {max_late}"))
        elif key_of(setup) in taken:
            others.append((trade, f"the setup shown on {setup.as_of} was taken by an earlier trade"))
        else:
            taken[key_of(setup)] = _match(setup, trade, late, results.get(key_of(setup), {}))
    matches = [
        taken.get(key_of(setup)) or _not_taken(setup, trades, sessions, results.get(key_of(setup), {}))
        for own in shown.values()
        for setup in own
        if key_of(setup) in taken or _is_judged(setup, sessions, span)
    ]
    matches.sort(key=lambda match: (match.setup.as_of, match.setup.rank))
    return Comparison(tuple(matches), tuple(others))


def key_of(setup: ShownSetup) -> tuple[date, str, str]:
    """As-of date, ticker, direction."""
    return setup.as_of, setup.ticker, setup.direction


def entry_session(as_of: date, sessions: Sequence[date]) -> date | None:
    """Session after the as-of date; None when it has not come yet."""
    at = bisect.bisect_right(sessions, as_of)
    return sessions[at] if at < len(sessions) else None


def _setup_of(trade: Trade, setups: Sequence[ShownSetup], sessions: Sequence[date]) -> tuple[ShownSetup | None, int]:
    """The latest long setup before the trade, and the sessions that it was late."""
    own = [one for one in setups if one.direction == "long" and one.as_of < trade.opened]
    if not own:
        return None, 0
    at = bisect.bisect_right(sessions, own[-1].as_of)
    return own[-1], max(bisect.bisect_left(sessions, trade.opened) - at, 0)


def _match(setup: ShownSetup, trade: Trade, late: int, result: Mapping[str, Any]) -> Match:
    risk = abs(setup.entry - setup.stop)
    slip = own = None
    if risk > 0.0:
        gap = result.get("fill_gap_r")
        slip = (float(trade.first.price) - setup.entry) / risk - (gap or 0.0)
        if trade.closed is not None and trade.bought:
            own = float(trade.realized) / (float(trade.bought) * risk)
    return Match(setup, LATE if late else TAKEN, trade, late, slip, own, result.get("net_r"))


def _is_judged(setup: ShownSetup, sessions: Sequence[date], span: tuple[date, date] | None) -> bool:
    entry = entry_session(setup.as_of, sessions)
    return (
        setup.is_signal_day and setup.direction == "long" and entry is not None and span is not None
        and span[0] <= entry <= span[1]
    )  # fmt: skip


def _not_taken(
    setup: ShownSetup, trades: Sequence[Trade], sessions: Sequence[date], result: Mapping[str, Any]
) -> Match:
    entry = entry_session(setup.as_of, sessions) or setup.as_of
    is_held = any(
        trade.ticker == setup.ticker and trade.opened < entry and (trade.closed is None or trade.closed >= entry)
        for trade in trades
    )
    return Match(setup, HELD if is_held else MISSED, net_r=result.get("net_r"))
