"""Output of a source: one ticker's bars as printed, and the problems found.

Belongs here: the two value types shared by sources, quality rules and adjustment. Does not belong here: the adjusted
view used by all later stages (`bars.py`), reading files.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Severity = Literal["block", "quarantine", "warn", "info"]
Basis = Literal["raw", "split", "total"]

BASES: tuple[Basis, ...] = ("raw", "split", "total")


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about one ticker, one row or one day.

    Attributes
    ----------
    ticker
        Canonical ticker; "" for a finding about a day or about the source as a whole.
    rule
        Number of the quality rule, "Q1" to "Q29".
    severity
        "block": the ticker (Q19: the day, Q21: the benchmark) is not used. "quarantine": rows were
        dropped. "warn", "info": nothing was changed.
    date
        Days since 1970-01-01 of the first case; None if the finding has no date.
    n
        Number of rows (days, sessions) concerned.
    text
        A sentence: observed values; the rule; what to do.
    """

    ticker: str
    rule: str
    severity: Severity
    date: int | None
    n: int
    text: str


@dataclass(frozen=True, slots=True)
class RawBars:
    """One ticker's bars and corporate actions as returned by the source, arrays of shape (n_bars,).

    Attributes
    ----------
    dates
        int32, days since 1970-01-01 (exchange dates). In any order from a source; ascending and unique after the
        quality rules.
    open, high, low, close
        float64, price units of the source's basis; NaN if the source had no number.
    volume
        float64, shares; NaN if the source had no number.
    dividend
        float64, cash per share (after the same day's split) on its ex-date; else 0.0.
    split
        float64, new shares per old share on its ex-date, spin-off codes included; else 1.0.
    adjusted_close
        float64, the vendor's own adjusted close, used only by rule Q9; None if the source has none.
    notes
        Findings of the reading that changed nothing, e.g. text in a price cell (now NaN).
    """

    dates: npt.NDArray[np.int32]
    open: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    close: npt.NDArray[np.float64]
    volume: npt.NDArray[np.float64]
    dividend: npt.NDArray[np.float64]
    split: npt.NDArray[np.float64]
    adjusted_close: npt.NDArray[np.float64] | None = None
    notes: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.dates)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "RawBars":
        """Bars of these rows: numbers, in their order, or a mask."""
        adjusted = None if self.adjusted_close is None else self.adjusted_close[rows]
        columns = (self.open, self.high, self.low, self.close, self.volume, self.dividend, self.split)
        return RawBars(
            self.dates[rows], *(column[rows] for column in columns), adjusted_close=adjusted, notes=self.notes
        )
