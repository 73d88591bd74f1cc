"""Parameters of the quality rules, and the collection of their findings.

Belongs here: thresholds, overrides, the list of findings of one ticker. Does not belong here: the rules
(`quality_rows.py`, `quality_returns.py`, `quality_sessions.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from btassets.engine.days import iso_day
from btassets.engine.market.raw_bars import Problem, RawBars, Severity


@dataclass(frozen=True, slots=True)
class QualityRules:
    """Thresholds of the quality rules; shares are fractions (`_frac`).

    Attributes
    ----------
    max_bad_rows, max_bad_frac
        Q4, Q5: more rows than this, or a larger share of the rows, block the ticker.
    max_off_calendar_frac
        Q6: a larger share of rows on days without a session blocks the ticker.
    ohlc_tolerance_frac
        Q5: high and low may miss open and close by this, relative to the price.
    jump_block_ratio, jump_warn_ratio
        Q7: a close more than this multiple of the close before it, or less than its inverse.
    jump_undo_bars, jump_undo_frac
        Q7: a fall is undone if one of the next closes is within this share of the close before it.
    split_ratios, split_tolerance_frac, split_dividend_frac
        Q8: ratios of open to previous close that look like a split, and their tolerance; a larger dividend explains
        them.
    split_in_price_frac
        Q8: a recorded split whose bar opens within this share (of the log ratio) of the wrong level means that the
        prices are not on the source's declared basis.
    adjusted_warn_frac, adjusted_block_frac
        Q9: difference between the vendor's adjusted return and that of close and actions.
    spike_frac, spike_revert_frac
        Q10: size of a one-bar spike, and how closely the next close reverts to the close before it.
    warn_missing_frac, warn_zero_volume_frac, warn_flat_frac, warn_constant_bars
        Q11, Q13, Q14, Q15: thresholds of warnings about the last 126 sessions of a ticker.
    gap_days
        Q12: calendar days between two bars that make a gap; 0: never.
    ended_after_days
        Q16: calendar days before the set's last session from which a ticker has ended.
    max_close, high_close_tickers
        Q18: closes above are warned about, except for these tickers.
    min_day_tickers, day_missing_warn_frac, day_missing_block_frac, day_quiet_warn_frac
        Q19, Q20: shares of the current tickers; a day with fewer current tickers is only warned about.
    max_benchmark_missing_frac
        Q21: maximum share of the tickers' sessions missing from the benchmark.
    min_bars
        Q22: fewer give no candidates.
    """

    max_bad_rows: int = 5
    max_bad_frac: float = 0.005
    max_off_calendar_frac: float = 0.05
    ohlc_tolerance_frac: float = 1e-6
    jump_block_ratio: float = 3.0
    jump_warn_ratio: float = 1.6
    jump_undo_bars: int = 5
    jump_undo_frac: float = 0.2
    split_ratios: tuple[float, ...] = (2.0, 3.0, 4.0, 5.0, 7.0, 10.0)
    split_tolerance_frac: float = 0.02
    split_dividend_frac: float = 0.2
    split_in_price_frac: float = 0.25
    adjusted_warn_frac: float = 0.005
    adjusted_block_frac: float = 0.2
    spike_frac: float = 0.4
    spike_revert_frac: float = 0.05
    warn_missing_frac: float = 0.01
    warn_zero_volume_frac: float = 0.01
    warn_flat_frac: float = 0.05
    warn_constant_bars: int = 10
    gap_days: int = 30
    ended_after_days: int = 10
    max_close: float = 1e5
    high_close_tickers: frozenset[str] = frozenset({"BRK.A"})
    min_day_tickers: int = 20
    day_missing_warn_frac: float = 0.05
    day_missing_block_frac: float = 0.2
    day_quiet_warn_frac: float = 0.05
    max_benchmark_missing_frac: float = 0.01
    min_bars: int = 90


NOT_OF_A_FILE = frozenset(
    {
        "warn_missing_frac",
        "warn_zero_volume_frac",
        "warn_flat_frac",
        "warn_constant_bars",
        "ended_after_days",
        "min_day_tickers",
        "day_missing_warn_frac",
        "day_missing_block_frac",
        "day_quiet_warn_frac",
        "max_benchmark_missing_frac",
    }
)
"""Thresholds of rules on stored bars: changing them reads no ticker again."""


@dataclass(frozen=True, slots=True)
class Override:
    """A user's confirmation that a blocking finding of one rule about one ticker is correct data.

    The finding then becomes a warning that quotes the reason. Rows dropped by the rule stay dropped.
    """

    ticker: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class DroppedRows:
    """Rows dropped by a rule, unchanged."""

    rule: str
    rows: RawBars


class Findings:
    """Findings on one ticker while it is screened, with the overrides applied."""

    def __init__(self, ticker: str, notes: Sequence[Problem], overrides: Sequence[Override]) -> None:
        self.ticker = ticker
        self.problems: list[Problem] = list(notes)
        self.dropped: dict[str, int] = {}
        self.quarantine: list[DroppedRows] = []
        self.is_blocked = False
        self._reason = {given.rule: given.reason for given in overrides if given.ticker == ticker}

    def add(
        self,
        rule: str,
        severity: Severity,
        date: int | None,
        n: int,
        text: str,
        *,
        can_override: bool = True,
    ) -> None:
        """Record a finding; `text` follows the ticker and the date."""
        if severity == "block" and can_override and rule in self._reason:
            severity = "warn"
            text = f"{text} Overridden: {self._reason[rule]}"
        self.is_blocked = self.is_blocked or severity == "block"
        when = "" if date is None else f" {iso_day(date)}"
        self.problems.append(Problem(self.ticker, rule, severity, date, n, f"{self.ticker}{when}: {text}"))

    def drop(self, rule: str, n: int, rows: RawBars | None = None) -> None:
        """Count rows dropped by a rule, and keep them unless they repeat another row."""
        self.dropped[rule] = self.dropped.get(rule, 0) + n
        if rows is not None and len(rows):
            self.quarantine.append(DroppedRows(rule, rows))
