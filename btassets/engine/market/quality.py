"""The quality rules for one ticker's bars, in sequence.

Belongs here: the order of the rules, the remaining bars, and the rules about a ticker's whole span (Q12, Q16, Q18,
Q22). Does not belong here: opening files (Q1, Q2: `sources`), the rules over all tickers (Q19-Q21:
`quality_sessions.py`), eligibility at a date (Q11, Q13-Q15, Q17: `eligibility.py`).

Nothing is repaired: a row is kept unchanged or dropped and counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.counted import counted
from btassets.engine.days import iso_day
from btassets.engine.market.quality_returns import judge_returns
from btassets.engine.market.quality_rows import (
    on_sessions,
    plausible_rows,
    sorted_by_date,
    within_span,
    without_padding,
)
from btassets.engine.market.quality_rules import DroppedRows, Findings, Override, QualityRules
from btassets.engine.market.raw_bars import Basis, Problem, RawBars

Days = npt.NDArray[np.int32]

_MIN_STEPS, _WEEKLY_STEP_DAYS = 10, 5.0


@dataclass(frozen=True, slots=True)
class ScreenedBars:
    """Result of screening one ticker's bars.

    Attributes
    ----------
    bars
        Ascending unique dates, finite prices > 0, low <= open, close <= high; None if blocked.
    problems
        Findings in the order of the rules, notes of the source first.
    n_rows
        Rows before any rule.
    n_dropped
        Rule and number of rows dropped by it, if > 0: "Q3" merged duplicates, "Q4", "Q5", "Q6", "Q24" and "Q16" for the
        padding after the last trade.
    is_ended
        Q16: the last bar is more than `ended_after_days` before the set's last session.
    quarantine
        The dropped rows with their values, except merged duplicates.
    """

    bars: RawBars | None
    problems: tuple[Problem, ...]
    n_rows: int
    n_dropped: tuple[tuple[str, int], ...]
    is_ended: bool
    quarantine: tuple[DroppedRows, ...] = ()

    @property
    def is_blocked(self) -> bool:
        """Whether the ticker is not used at all."""
        return self.bars is None


def screen_bars(
    ticker: str,
    raw: RawBars,
    rules: QualityRules | None = None,
    *,
    basis: Basis = "raw",
    sessions: Days | None = None,
    calendar_span: tuple[int, int] | None = None,
    last_session: int | None = None,
    overrides: Sequence[Override] = (),
) -> ScreenedBars:
    """Bars of one ticker that later stages may trust, and all findings.

    Parameters
    ----------
    ticker
        Canonical name.
    raw
        As returned by a source: any order, duplicates, NaN for non-numbers.
    rules
        Thresholds; the defaults of `QualityRules` if None.
    basis
        Basis of the prices; decides which actions explain a jump.
    sessions
        Ascending session days of the exchange (Q6), up to the last finished one or later. Bars before the first of them
        are not checked. None: every date is a session.
    calendar_span
        First and last day covered by the exchange's calendar (Q24); bars outside are dropped. None: all days.
    last_session
        Last session of the whole set (Q16); the ticker's own last bar if None.
    overrides
        Confirmed blocks; those for other tickers are ignored.
    """
    rules = rules or QualityRules()
    found = Findings(ticker, raw.notes, overrides)
    n_rows = len(raw)
    if n_rows == 0:
        text = "no rows; a ticker needs at least one bar."
        found.add("Q1", "block", None, 0, text, can_override=False)
        return _result(None, found, n_rows)
    bars = sorted_by_date(raw, found)
    bars = within_span(bars, calendar_span, found)
    bars = on_sessions(bars, sessions, rules, found)
    bars = plausible_rows(bars, rules, found)
    bars = without_padding(bars, found)
    if len(bars) == 0:
        text = "no rows left; a ticker needs at least one bar."
        found.add("Q1", "block", None, n_rows, text, can_override=False)
        return _result(None, found, n_rows)
    judge_returns(bars, basis, rules, found)
    _judge_span(bars, rules, found)
    ended = None if last_session is None else ended_problem(ticker, int(bars.dates[-1]), last_session, rules)
    if ended is not None:
        found.problems.append(ended)
    return _result(None if found.is_blocked else bars, found, n_rows, is_ended=ended is not None)


def _result(bars: RawBars | None, found: Findings, n_rows: int, *, is_ended: bool = False) -> ScreenedBars:
    dropped = tuple((rule, n) for rule, n in found.dropped.items() if n)
    return ScreenedBars(bars, tuple(found.problems), n_rows, dropped, is_ended, tuple(found.quarantine))


def ended_problem(ticker: str, last_bar: int, last_session: int, rules: QualityRules) -> Problem | None:
    """Report a ticker whose bars ended long before the set's last session (Q16); None if they did not."""
    if last_session - last_bar <= rules.ended_after_days:
        return None
    text = (
        f"{ticker} {iso_day(last_bar)}: last bar, while other tickers continue to {iso_day(last_session)}; treated as "
        "delisted, its history is kept."
    )
    return Problem(ticker, "Q16", "warn", last_bar, 1, text)


def _judge_span(bars: RawBars, rules: QualityRules, found: Findings) -> None:
    """Warn about gaps (Q12), implausible prices (Q18), weekly bars (Q24); note few bars (Q22)."""
    days = np.diff(bars.dates)
    if len(days) >= _MIN_STEPS and np.median(days) >= _WEEKLY_STEP_DAYS:
        text = (
            f"bars are {np.median(days):g} days apart; the engine reads daily bars, and these look "
            f"{'weekly' if np.median(days) <= 10 else 'monthly'}; fetch daily ones."
        )
        found.add("Q24", "warn", int(bars.dates[0]), len(bars), text)
    gaps = np.flatnonzero(days > rules.gap_days) if rules.gap_days else days[:0]
    if len(gaps):
        row = int(gaps[0])
        text = (
            f"no bar for {int(days[row])} calendar days after this one ({len(gaps)} gaps in all); no window "
            f"crosses a gap of more than {rules.gap_days} days."
        )
        found.add("Q12", "warn", int(bars.dates[row]), len(gaps), text)
    if found.ticker not in rules.high_close_tickers and bars.close.max() > rules.max_close:
        high = np.flatnonzero(bars.close > rules.max_close)
        text = (
            f"close {bars.close[high[0]]:g} ({counted(len(high), 'bar')} in all); closes above {rules.max_close:g} are "
            "rare; kept."
        )
        found.add("Q18", "warn", int(bars.dates[high[0]]), len(high), text)
    if len(bars) < rules.min_bars:
        text = f"{len(bars)} bars; fewer than {rules.min_bars} give few candidates and no rank."
        found.add("Q22", "info", None, len(bars), text)
