"""What a source hands over: one ticker's bars as they were printed, and what was wrong with them.

Belongs here: the two value types that sources, quality rules and adjustment share.
Does not belong here: the adjusted view that every later stage reads (`bars.py`), reading files.
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
        Days since 1970-01-01 of the first case; None when the finding has no date.
    n
        How many rows (days, sessions) are concerned.
    text
        A sentence for people: what was observed; the rule; what to do.
    """

    ticker: str
    rule: str
    severity: Severity
    date: int | None
    n: int
    text: str


@dataclass(frozen=True, slots=True)
class RawBars:
    """One ticker's bars and corporate actions as the source gave them, arrays of shape (n_bars,).

    Attributes
    ----------
    dates
        int32, days since 1970-01-01 (exchange dates). A source may hand them over in any order;
        ascending and unique after the quality rules.
    open, high, low, close
        float64, price units of the source's basis; NaN where the source had no number.
    volume
        float64, shares; NaN where the source had no number.
    dividend
        float64, cash per share (after the same day's split) on its ex-date; 0.0 where none.
    split
        float64, new shares per old share on its ex-date, spin-off codes included; 1.0 where none.
    adjusted_close
        float64, the vendor's own adjusted close, used by rule Q9 only; None when the source has none.
    notes
        What reading found and changed nothing about, e.g. text in a price cell (now NaN).
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
