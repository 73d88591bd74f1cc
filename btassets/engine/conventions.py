"""Numbers and names shared by several parts: horizons, holds, exits, the length of a year.

Belongs here: constants shared by SQL, engine, report, settings and docs. Does not belong here: settings with their
defaults (`settings`), floors (`floors.py`), signals (`signals.py`) and constants of a single module; day numbers
(`days.py`).
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

SESSIONS_A_YEAR = 252
"""Sessions of a trading year: annualisation, the longest lookback, the bars required for eligibility."""

HORIZON_DAYS = 30
"""Default horizon of the replay: forward bars of the race of target against stop, and of its stated probability."""

HOLD_DAYS: tuple[int, ...] = (5, 10, 21, 30)
"""Default holds of the time-exit sweep, sessions; each has its columns in `candidates` and `graded_setups`."""

MAX_HOLD_DAYS = 120
"""Upper limit of a hold and of the horizon, sessions: `n_forward` is an int8 column."""

SIGNAL_HORIZON_DAYS = 30
"""Pre-registered horizon of the factor study, own bars; no setting, so that the study has one main test."""

FORWARD_RETURN_DAYS = (5, 10, 21, 30, 42, 63)
"""Horizons of the forward returns in `factor_signals`, own bars."""

Policy = Literal["target", "hold"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
"""Exit policies of a portfolio: the race of target against stop up to the horizon, or the stop alone up to the longest
hold."""


class ExitPolicy(NamedTuple):
    """How a position is left beside its planned levels; the defaults change nothing.

    Attributes
    ----------
    trail_atr
        The stop follows the best price since the as-of close at this distance, in ATR(14) of the as-of bar; 0: not.
    breakeven_r
        The stop moves to the entry once the best price is this many R beyond it; 0: not.
    part_frac
        Share sold at the target; the rest stays until the stop or the end of the race; 1: all.
    window_bars
        Bars before the as-of bar that its ATR reads, at most.
    """

    trail_atr: float = 0.0
    breakeven_r: float = 0.0
    part_frac: float = 1.0
    window_bars: int = SESSIONS_A_YEAR

    @property
    def moves_stop(self) -> bool:
        """Whether the stop leaves its planned level."""
        return self.trail_atr > 0.0 or self.breakeven_r > 0.0


AS_PLANNED = ExitPolicy()

MIN_CROSS_SECTION = 20
"""Minimum number of names for the correlation of a week."""

MIN_THINNED_WEEKS = 12
"""Thinned weeks required for a signal's numbers to count as reliable."""

CUTOFFS_PCT = (90.0, 80.0, 70.0, 60.0, 50.0, 0.0)
"""Momentum percentiles of the gate sweep, in row order; 0 means only the other floors."""


def replay_holds(wanted: Iterable[int]) -> tuple[int, ...]:
    """Holds that a replay grades, given the holds of a scenario: the default ones, unless they lack one of these.

    Scenarios that choose among the default holds share one replay; any other list is graded as it is.

    >>> replay_holds((10, 30)), replay_holds((7, 3, 45))
    ((5, 10, 21, 30), (3, 7, 45))
    """
    chosen = set(wanted)
    return HOLD_DAYS if chosen <= set(HOLD_DAYS) else tuple(sorted(chosen))


def label_days(horizon_days: int, holds: Iterable[int]) -> int:
    """Forward bars that the labels of a replay reach: the horizon, or its longest hold.

    >>> label_days(30, (5, 10)), label_days(30, (3, 90)), label_days(60, (5, 10, 21, 30))
    (30, 90, 60)
    """
    return max(horizon_days, *replay_holds(holds))
