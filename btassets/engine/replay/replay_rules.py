"""Every parameter of the replay, with its default.

Belongs here: numbers and switches of the setup engine and of eligibility; a change of any of them replays every ticker.
Does not belong here: gates, costs, exits and portfolio rules, which are applied to the replay's columns afterwards.
"""

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from btassets.engine.conventions import HOLD_DAYS, HORIZON_DAYS, MAX_HOLD_DAYS, SESSIONS_A_YEAR


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """Parameters of the setup engine (docs/method/engine) and of eligibility (docs/method/quality.md).

    Attributes
    ----------
    atr_stop_multiple
        Distance of the stop from the entry, in ATR.
    window_bars
        Bars before the as-of bar that may be read: 252 daily changes.
    min_lookback_bars
        Minimum number of bars in a window for a setup.
    horizon_days
        Forward bars in which a setup resolves.
    gap_days
        Calendar days without a bar that end a window and a row's forward bars; 0 is off (the legacy profile).
    pivot_arm
        Bars on either side that a pivot must exceed.
    level_tolerance_atr, level_half_life_bars
        Distance within which pivots join a level; age at which the weight of a touch halves.
    zone_spacing_atr
        Levels within this distance are one zone.
    target_min_atr, target_max_atr, max_targets
        Band of distances, both ends included, and the maximum number of nearest targets.
    projection, projected_atr
        Whether targets are projected if no level is in range, and at which multiples.
    tilt_const, tilt_score, tilt_level
        Calibration of the hitting probability, all 0 by default.
    conflict_disagreement, conflict_stretch_atr
        Technical and momentum score this far apart; the close this far from EMA(20).
    min_sr_targets
        Fewer targets from levels are a conflict of the setup.
    action_lead, action_high, action_moderate
        Lead of one direction's confidence required for an action; confidence of its two grades.
    min_bars, max_missing_frac, max_zero_volume_frac, max_flat_frac, max_constant_bars,
    min_median_close_usd, min_median_dollar_volume_usd
        Eligibility: bars in the window, Q11, Q13, Q14, Q15, Q17 twice.
    trail_atr, breakeven_r, part_frac
        As in `ExitPolicy`.
    hold_days
        Bars of the fixed holds, ascending; the last field, because its length varies.
    """

    atr_stop_multiple: float = 1.5
    window_bars: int = SESSIONS_A_YEAR
    min_lookback_bars: int = 60
    horizon_days: int = HORIZON_DAYS
    gap_days: int = 30
    pivot_arm: int = 5
    level_tolerance_atr: float = 0.5
    level_half_life_bars: float = 126.0
    zone_spacing_atr: float = 1.0
    target_min_atr: float = 1.0
    target_max_atr: float = 9.0
    max_targets: int = 5
    projection: bool = True
    projected_atr: tuple[float, float, float] = (2.0, 3.0, 4.0)
    tilt_const: float = 0.0
    tilt_score: float = 0.0
    tilt_level: float = 0.0
    conflict_disagreement: float = 20.0
    conflict_stretch_atr: float = 2.5
    min_sr_targets: int = 3
    action_lead: float = 20.0
    action_high: float = 70.0
    action_moderate: float = 50.0
    min_bars: int = 253
    max_missing_frac: float = 0.10
    max_zero_volume_frac: float = 0.05
    max_flat_frac: float = 0.10
    max_constant_bars: int = 30
    min_median_close_usd: float = 1.0
    min_median_dollar_volume_usd: float = 1_000_000.0
    trail_atr: float = 0.0
    breakeven_r: float = 0.0
    part_frac: float = 1.0
    hold_days: tuple[int, ...] = HOLD_DAYS

    def __post_init__(self) -> None:
        """Refuse parameters that the compiled pass cannot handle.

        Raises
        ------
        ValueError
            For a window too short for the longest seed of a recursion, a horizon or hold that does not fit its
            column, or no target.
        """
        if self.min_lookback_bars < 51 or self.window_bars < self.min_lookback_bars:
            message = (
                f"min_lookback_bars {self.min_lookback_bars}, window_bars {self.window_bars}; EMA(50) needs 51 bars "
                "and the window at least min_lookback_bars; raise them"
            )
            raise ValueError(message)
        if not 1 <= self.horizon_days <= MAX_HOLD_DAYS:
            message = f"horizon_days {self.horizon_days}; must be 1 to {MAX_HOLD_DAYS}; choose one of these"
            raise ValueError(message)
        holds = self.hold_days
        if not holds or list(holds) != sorted(set(holds)) or not 1 <= holds[0] <= holds[-1] <= MAX_HOLD_DAYS:
            message = f"hold_days {holds}; each must be 1 to {MAX_HOLD_DAYS}, ascending; correct the list"
            raise ValueError(message)
        if not (self.trail_atr >= 0.0 and self.breakeven_r >= 0.0 and 0.0 < self.part_frac <= 1.0):
            message = (
                f"trail_atr {self.trail_atr}, breakeven_r {self.breakeven_r}, part_frac {self.part_frac}; the first "
                "two must be at least 0, the last above 0 and at most 1; correct them"
            )
            raise ValueError(message)
        if self.max_targets < 1 or self.pivot_arm < 1 or self.atr_stop_multiple <= 0.0:
            message = (
                f"max_targets {self.max_targets}, pivot_arm {self.pivot_arm}, atr_stop_multiple "
                f"{self.atr_stop_multiple}; each must be positive; raise it"
            )
            raise ValueError(message)


@lru_cache
def rule_parameters(rules: ReplayRules) -> npt.NDArray[np.float64]:
    """Parameters as the compiled pass reads them: read-only float64, at the positions of `PARAMETER`."""
    values: list[float] = []
    for field in fields(rules):
        value = getattr(rules, field.name)
        values.extend(value if isinstance(value, tuple) else (float(value),))
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


@lru_cache
def pivot_decay(rules: ReplayRules) -> npt.NDArray[np.float64]:
    """Weight of a pivot by its age in bars, shape (window_bars + 1,): 0.5^(age / half-life).

    Computed here, not in the compiled pass, so that its bits come from one power function.
    """
    array = np.array([0.5 ** (age / rules.level_half_life_bars) for age in range(rules.window_bars + 1)])
    array.setflags(write=False)
    return array


def _positions() -> dict[str, int]:
    positions: dict[str, int] = {}
    place = 0
    for field in fields(ReplayRules):
        positions[field.name] = place
        place += len(field.default) if isinstance(field.default, tuple) else 1
    return positions


PARAMETER = _positions()
"""Name of a field -> its position in `rule_parameters` (a tuple takes one per entry)."""
