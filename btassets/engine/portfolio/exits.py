"""Fill and exit of each setup: determined by its own bars and the policy, never by the portfolio.

Belongs here: one pass per policy and hold over all entries, so that a portfolio only tracks slots, sizes, cash and
marks. Does not belong here: grading for the tables of setups (replay), and capital.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from btassets.engine.compiling import Whole, helper, kernel
from btassets.engine.conventions import ExitPolicy
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookRules, Fill
from btassets.engine.portfolio.simulation_arrays import EntryArrays, PanelArrays, entry_arrays, panel_arrays
from btassets.engine.replay.race import atr_of_window, moves_stop, next_stop, typed_policy

# Why an entry may trade or not.
TRADABLE, SHORT, NO_LEVELS, OFF_CALENDAR, NO_NEXT_BAR, GAPPED_STOP, GAPPED_TARGET, PENDING = range(8)
STATUS_NAMES = (
    "tradable",
    "short",
    "no_levels",
    "off_calendar",
    "no_next_bar",
    "gapped_stop",
    "gapped_target",
    "pending",
)

# Why a position was closed.
BY_STOP, BY_TARGET, BY_TIME, BY_DELISTING, OPEN_AT_END = range(5)
REASON_NAMES = ("stop", "target", "time", "delisted", "open_at_end")


@dataclass(frozen=True)
class Exits:
    """Fill and exit of every entry under one policy, aligned with `Entries`, shape (n_entries,).

    Attributes
    ----------
    fill
        Rules behind the prices below.
    status
        Position in `STATUS_NAMES`; the other fields are meaningless unless tradable.
    fill_price
        Price paid before costs.
    first_bar
        First bar of the ticker checked for an exit: the entry bar of an open fill, the bar after it of a close fill. A
        position in the panel's bars.
    exit_bar
        Bar of the exit, -1 if the position outlives the panel.
    exit_price
        Price received before costs, NaN without exit.
    reason
        Position in `REASON_NAMES`; `open_at_end` without exit.
    part_bar, part_price, part_frac
        Bar and price at which a part was sold at the target before the exit, and its share of the position; -1, NaN and
        0 without one.
    next_stop
        Stop of the session after the last bar of a position without exit; else the one at which it was left or, without
        a stop, its last level.
    """

    fill: Fill
    status: NDArray[np.int8]
    fill_price: NDArray[np.float64]
    first_bar: NDArray[np.int64]
    exit_bar: NDArray[np.int64]
    exit_price: NDArray[np.float64]
    reason: NDArray[np.int8]
    part_bar: NDArray[np.int64]
    part_price: NDArray[np.float64]
    part_frac: NDArray[np.float64]
    next_stop: NDArray[np.float64]

    def take(self, chosen: NDArray[np.int64]) -> "Exits":
        """Exits of the entries at the positions `chosen`, the result of `Entries.take`."""
        return Exits(self.fill, *(getattr(self, field.name)[chosen] for field in fields(self)[1:]))


class ExitRules(NamedTuple):
    """Parameters of an exit: `BookRules`, and the number of sessions of the calendar."""

    n_sessions: int
    fills_at_open: bool
    takes_target: bool
    takes_gap: bool
    sells_ended: bool
    hold_days: int
    delisting_return: float
    policy: ExitPolicy
    gap_days: int


@helper
def _atr_before(b: Whole, first: Whole, panel: PanelArrays, rules: ExitRules) -> float:
    """ATR(14) of the bar before `b`; `first` is the ticker's first bar."""
    i = b - 1
    if i < first:
        return np.nan
    start = i
    least = max(first, i - rules.policy.window_bars)
    while start > least:
        days = panel.calendar[panel.session_no[start]] - panel.calendar[panel.session_no[start - 1]]
        if rules.gap_days > 0 and days > rules.gap_days:
            break
        start -= 1
    return atr_of_window(start, i, panel.high, panel.low, panel.close)


@kernel
def _exits(
    panel: PanelArrays, entries: EntryArrays, rules: ExitRules
) -> tuple[
    NDArray[np.int8],
    NDArray[np.float64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.int8],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
]:
    """The arrays of `Exits`, in the order of its fields."""
    offsets, session_no = panel.offsets, panel.session_no
    entry, stop, target = entries.entry, entries.stop, entries.target
    n = entries.ticker_no.shape[0]
    status = np.full(n, TRADABLE, dtype=np.int8)
    fill_price = np.full(n, np.nan)
    first_bar = np.zeros(n, dtype=np.int64)
    exit_bar = np.full(n, -1, dtype=np.int64)
    exit_price = np.full(n, np.nan)
    reason = np.full(n, OPEN_AT_END, dtype=np.int8)
    part_bar = np.full(n, -1, dtype=np.int64)
    part_price = np.full(n, np.nan)
    part_frac = np.zeros(n)
    last_stop = np.full(n, np.nan)
    is_moving = moves_stop(rules.policy)
    for e in range(n):
        if not entries.is_long[e]:
            status[e] = SHORT
            continue
        # 0 means missing in a price table, like NaN; a negative stop is a valid level.
        if np.isnan(entry[e]) or np.isnan(stop[e]) or entry[e] == 0.0 or stop[e] == 0.0:
            status[e] = NO_LEVELS
            continue
        if not entries.is_session[e]:
            status[e] = OFF_CALENDAR
            continue
        t = entries.ticker_no[e]
        end = offsets[t + 1]
        day = entries.asof_session[e]
        lo = offsets[t]
        hi = end
        while lo < hi:  # first own bar after the as-of session
            mid = (lo + hi) // 2
            if session_no[mid] <= day:
                lo = mid + 1
            else:
                hi = mid
        has_target = not np.isnan(target[e]) and target[e] != 0.0
        if rules.fills_at_open:
            if day == rules.n_sessions - 1:
                status[e] = PENDING
                continue
            if lo == end or session_no[lo] != day + 1:
                status[e] = NO_NEXT_BAR
                continue
            if panel.open[lo] <= stop[e]:
                status[e] = GAPPED_STOP
                continue
            if has_target and panel.open[lo] >= target[e]:
                status[e] = GAPPED_TARGET
                continue
            fill_price[e] = panel.open[lo]
        else:
            if rules.sells_ended and panel.is_ended[t] and lo == end:
                status[e] = NO_NEXT_BAR  # no bar remains to sell it on
                continue
            fill_price[e] = entry[e]
        first_bar[e] = lo
        atr = np.nan
        if rules.policy.trail_atr > 0.0:
            atr = _atr_before(np.int64(lo), np.int64(offsets[t]), panel, rules)
        level = stop[e]
        best = entry[e]
        for b in range(lo, end):
            if panel.low[b] <= level:
                # Stop before target within a bar; an open beyond the stop is the fill.
                exit_price[e] = min(level, panel.open[b])
                reason[e] = BY_STOP
                exit_bar[e] = b
                break
            if rules.takes_target and has_target and part_bar[e] < 0 and panel.high[b] >= target[e]:
                # A limit order is filled at the open of a bar that starts beyond it.
                price = max(target[e], panel.open[b]) if rules.takes_gap else target[e]
                if rules.policy.part_frac >= 1.0:
                    exit_price[e] = price
                    reason[e] = BY_TARGET
                    exit_bar[e] = b
                    break
                part_bar[e] = b
                part_price[e] = price
                part_frac[e] = rules.policy.part_frac
            if b - lo + 1 >= rules.hold_days:
                exit_price[e] = panel.close[b]
                reason[e] = BY_TIME
                exit_bar[e] = b
                break
            if rules.sells_ended and panel.is_ended[t] and b == end - 1:
                exit_price[e] = panel.close[b] * (1.0 + rules.delisting_return)
                reason[e] = BY_DELISTING
                exit_bar[e] = b
                break
            if is_moving:
                best = max(best, panel.high[b])
                level = next_stop(level, best, entry[e], stop[e], atr, 1.0, rules.policy)
        last_stop[e] = level
    return (
        status,
        fill_price,
        first_bar,
        exit_bar,
        exit_price,
        reason,
        part_bar,
        part_price,
        part_frac,
        last_stop,
    )


def precompute_exits(panel: BarPanel, entries: Entries, rules: BookRules) -> Exits:
    """Fill and exit of every entry under the rules' policy, hold, fill and treatment of ended tickers.

    A long gap inside a ticker's bars freezes a position at its last close, and exits resume with the first bar after
    it: nobody could have sold just before an unannounced halt.

    Parameters
    ----------
    panel
        Bars up to T; reads bars after the as-of session, as an exit must.
    entries
        Sorted setups; shorts get the status "short" and are never filled.
    rules
        Capital, slots, sizing and cost are not used.
    """
    arrays = _exits(
        panel_arrays(panel),
        entry_arrays(entries),
        ExitRules(
            len(panel.calendar),
            rules.fill == "open",
            rules.policy == "target",
            rules.gapped_target == "open",
            bool(rules.sells_ended),
            int(rules.max_days),
            float(rules.delisting_return),
            typed_policy(rules.exit_policy),
            int(rules.gap_days),
        ),
    )
    return Exits(rules.fill, *arrays)


def chosen_exits(exits: Sequence[Exits], choice: NDArray[np.int64]) -> Exits:
    """Combine exits: entry e uses `exits[choice[e]]`, so each position has its own policy.

    Parameters
    ----------
    exits
        At least one, all of one fill and for the same entries.
    choice
        Shape (n_entries,), positions in `exits`.
    """
    every, names = np.arange(len(choice)), [field.name for field in fields(Exits)[1:]]
    return Exits(exits[0].fill, *(np.stack([getattr(x, name) for x in exits])[choice, every] for name in names))
