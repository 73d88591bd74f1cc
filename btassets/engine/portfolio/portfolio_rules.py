"""The rules of a portfolio, and one configuration of it.

Belongs here: capital, slots, sizing, costs, exit policy and fill as frozen values. Does not belong here: qualification
(cross_section) and the simulation.
"""

from dataclasses import dataclass, field
from typing import Literal

from btassets.engine.conventions import AS_PLANNED, HORIZON_DAYS, ExitPolicy, Policy

Fill = Literal["open", "close"]
GappedTarget = Literal["open", "target"]

MIN_POSITION_FRAC = 0.01  # open fill: minimum position as a share of equity
MIN_POSITION_USD = 1.0  # close fill: minimum position in dollars


@dataclass(frozen=True)
class BookRules:
    """Trading rules of one portfolio; the defaults are those of the standard profile.

    Attributes
    ----------
    starting_capital
        US dollars.
    max_positions
        Maximum number of positions, one per ticker.
    risk_frac
        Share of equity lost between entry and stop.
    notional_cap_frac
        Maximum share of equity in one position: no margin.
    cost_per_side_frac
        Charged on the notional of each entry and each exit.
    policy
        "target" races target against stop; "hold" has only the stop.
    hold_days
        Sessions of the ticker after which a position is sold at the close.
    horizon_days
        The same for the race of policy "target"; None: as `hold_days`.
    fill
        "open": the next session's open, sized on yesterday's equity. "close": the signal's close.
    gapped_target
        Payout of a bar that opens beyond the target: "open" like a limit order, "target" never more.
    sells_ended
        A position in an ended ticker is sold on its last session; otherwise it keeps its slot.
    delisting_return
        Return from that last close to the holder's proceeds, a fraction.
    exit_policy
        A stop that moves, under both policies; a part sold at the target, under "target".
    gap_days
        Calendar days without a bar after which the window of a trailing stop's ATR starts anew; 0: never.
    """

    starting_capital: float = 10_000.0
    max_positions: int = 10
    risk_frac: float = 0.01
    notional_cap_frac: float = 0.20
    cost_per_side_frac: float = 0.001
    policy: Policy = "hold"
    hold_days: int = HORIZON_DAYS
    horizon_days: int | None = None
    fill: Fill = "open"
    gapped_target: GappedTarget = "open"
    sells_ended: bool = True
    delisting_return: float = 0.0
    exit_policy: ExitPolicy = AS_PLANNED
    gap_days: int = 0

    @property
    def max_days(self) -> int:
        """Sessions after which a position is sold at the close under the rules' own policy."""
        return self.hold_days if self.policy == "hold" or self.horizon_days is None else self.horizon_days


@dataclass(frozen=True)
class BookConfig:
    """One portfolio of a batch: its rules, and the mask, rank column and exits it uses.

    Attributes
    ----------
    rules
        Policy, hold, fill and ended tickers are already in the exits; the other rules are read here.
    mask_no, rank_no, exits_no
        Positions in the inputs of the batch.
    cutoff_pct
        Rows need a rank at or above it and must be long; 0 or below: only the mask decides.
    """

    rules: BookRules = field(default_factory=BookRules)
    mask_no: int = 0
    rank_no: int = 0
    exits_no: int = 0
    cutoff_pct: float = 0.0
