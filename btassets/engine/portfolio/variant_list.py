"""List of the portfolios of a report: two exit policies, and variants of rank, cutoff and capacity.

Belongs here: their names and settings, without loading a compiler. Does not belong here: simulating them (variants).
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class StrategyVariant:
    """A research portfolio: same floors and exits, another rank, cutoff or capacity."""

    variant: str
    ranking: Literal["residual", "raw"]
    cutoff_pct: float
    max_positions: int
    risk_frac: float = 0.01


STRATEGY_VARIANTS = (
    StrategyVariant("production_residual_80_fixed10", "residual", 80.0, 10),
    StrategyVariant("legacy_raw_80_fixed10", "raw", 80.0, 10),
    StrategyVariant("raw_90_fixed10", "raw", 90.0, 10),
    StrategyVariant("residual_80_fixed15", "residual", 80.0, 15),
)
