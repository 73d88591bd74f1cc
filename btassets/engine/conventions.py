"""Numbers and names shared by several parts: horizons, holds, exits, the length of a year.

Belongs here: constants shared by SQL, engine, report, settings and docs. Does not belong here: settings with their
defaults (`settings`), floors (`floors.py`), signals (`signals.py`) and constants of a single module; day numbers
(`days.py`).
"""

from typing import Literal, get_args

SESSIONS_A_YEAR = 252
"""Sessions of a trading year: annualisation, the longest lookback, the bars required for eligibility."""

HORIZON_DAYS = 30
"""Forward bars of a complete grading; the horizon of the stated probability and of the IC."""

HoldDays = Literal[5, 10, 21, 30]
HOLD_DAYS: tuple[int, ...] = get_args(HoldDays)
"""Holds of the time-exit sweep, sessions; each has its columns in `candidates` and `graded_setups`."""

FORWARD_RETURN_DAYS = (5, 10, 21, 30, 42, 63)
"""Horizons of the forward returns in `factor_signals`, own bars."""

Policy = Literal["target", "hold"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
"""Exit policies of a portfolio: the race of target against stop, or the stop alone up to the longest hold."""

MIN_CROSS_SECTION = 20
"""Minimum number of names for the correlation of a week."""

MIN_THINNED_WEEKS = 12
"""Thinned weeks required for a signal's numbers to count as reliable."""

CUTOFFS_PCT = (90.0, 80.0, 70.0, 60.0, 50.0, 0.0)
"""Momentum percentiles of the gate sweep, in row order; 0 means only the other floors."""
