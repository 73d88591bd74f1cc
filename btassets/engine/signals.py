"""The price signals: names, labels, expected signs and lookbacks; importable without the compiler.

Belongs here: the one list, in the write order of the compiled functions. Does not belong here: the computation of a
signal (`features/factors.py`) and its quality (statistics).
"""

from dataclasses import dataclass
from typing import Literal

from btassets.engine.conventions import SESSIONS_A_YEAR


@dataclass(frozen=True)
class Signal:
    """One price signal.

    Attributes
    ----------
    name
        Column of `factor_signals`.
    label
        Label on the report's page.
    description
        Meaning of a value, with its unit.
    sign
        Sign of the rank correlation with the next returns expected from the literature.
    lookback
        Bars before the as-of bar required for a value.
    is_optional
        Unknown to the legacy profile: its reports do not show it.
    """

    name: str
    label: str
    description: str
    sign: Literal[1, -1]
    lookback: int
    is_optional: bool = False


SIGNALS: tuple[Signal, ...] = (
    Signal("mom_12_1", "Momentum 12-1", "return from 252 to 21 bars ago, fraction", 1, SESSIONS_A_YEAR),
    Signal(
        "mom_12_1_resid",
        "Residual momentum 12-1",
        "12-1 momentum less beta times the benchmark's return, fraction",
        1,
        SESSIONS_A_YEAR,
    ),
    Signal("mom_6_1", "Momentum 6-1", "return from 126 to 21 bars ago, fraction", 1, 126),
    Signal("mom_3_1", "Momentum 3-1", "return from 63 to 21 bars ago, fraction", 1, 63),
    Signal("reversal_1m", "One-month return", "return of the last 21 bars, fraction", -1, 21),
    Signal("trend_200", "200-day trend", "close over the mean of 200 closes, minus 1", 1, 199),
    Signal("high_52w", "52-week high", "close over the highest high of 252 bars", 1, SESSIONS_A_YEAR - 1),
    Signal("vol_6m", "Six-month volatility", "standard deviation of 126 daily returns, not annualised", -1, 126),
)

SIGNAL_NAMES: tuple[str, ...] = tuple(signal.name for signal in SIGNALS)
"""Signal columns of `factor_signals`, in order."""

PRIMARY_SIGNAL = "mom_12_1_resid"
"""The signal whose percentile the momentum floor uses, if at least half of the members have it."""
