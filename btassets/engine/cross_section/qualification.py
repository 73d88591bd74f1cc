"""The gate: which setups qualify, and which floor stops the others.

Belongs here: one pure function over a setup's scores, its percentile and the gates, so that a
changed gate replays nothing. Does not belong here: the scores themselves, and what qualified setups earned.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

HIGH_CONVICTION_ACTIONS = ("LONG_HIGH", "SHORT_HIGH")
LOW_RISK = "Low"
FLOOR_NAMES = ("rr", "confidence", "probability", "ev", "neutral", "conviction", "conflicts")


@dataclass(frozen=True)
class Gates:
    """Minimum values of the gate; every comparison is inclusive.

    Attributes
    ----------
    min_rr
        Reward over risk.
    min_confidence, min_target_probability, min_momentum_percentile
        0-100. A percentile of 0 or below switches the momentum gate off and lets shorts qualify.
    min_ev
        R per trade; None = off.
    exclude_neutral
        The action's direction must be the setup's.
    require_high_conviction
        The action must be LONG_HIGH or SHORT_HIGH.
    exclude_conflicts
        The risk level must be Low.
    """

    min_rr: float = 1.5
    min_confidence: float = 55.0
    min_target_probability: float = 0.0
    min_ev: float | None = None
    exclude_neutral: bool = True
    require_high_conviction: bool = False
    exclude_conflicts: bool = False
    min_momentum_percentile: float = 80.0


@dataclass(frozen=True)
class Qualification:
    """What the gate says of each setup; every array has shape (n_rows,).

    Attributes
    ----------
    passes
        Per floor of `FLOOR_NAMES`: whether the setup passes it; all True when the floor is off or
        its column is absent.
    meets_core
        Passes every floor, the momentum percentile left aside.
    passes_momentum
        The momentum part alone: long and at or above the cutoff, or everything when it is off.
    is_qualified
        Both.
    """

    passes: dict[str, NDArray[np.bool_]]
    meets_core: NDArray[np.bool_]
    passes_momentum: NDArray[np.bool_]
    is_qualified: NDArray[np.bool_]

    def without(self, *floors: str) -> NDArray[np.bool_]:
        """Rows that pass the momentum gate and every floor but the named ones (gate ablation)."""
        passed = self.passes_momentum.copy()
        for name in FLOOR_NAMES:
            if name not in floors:
                passed &= self.passes[name]
        return passed


def _equals_any(labels: NDArray[Any], wanted: list[str]) -> NDArray[np.bool_]:
    found = np.zeros(len(labels), dtype=np.bool_)
    for label in wanted:
        found |= np.asarray(labels == label, dtype=np.bool_)
    return found


def action_matches_direction(action: NDArray[Any], is_long: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether LONG_* stands on a long row or SHORT_* on a short one; any other action is neutral."""
    labels = {label for label in action.tolist() if isinstance(label, str)}
    says_long = _equals_any(action, sorted(x for x in labels if x.startswith("LONG_")))
    says_short = _equals_any(action, sorted(x for x in labels if x.startswith("SHORT_")))
    return np.where(is_long, says_long, says_short)


def momentum_passes(
    percentile: NDArray[np.float64], is_long: NDArray[np.bool_], cutoff_pct: float
) -> NDArray[np.bool_]:
    """Long rows at or above `cutoff_pct`; a cutoff of 0 or below passes every row, shorts included."""
    if cutoff_pct <= 0:
        return np.ones(len(percentile), dtype=np.bool_)
    return is_long & (percentile >= cutoff_pct)  # NaN compares False: no percentile, no pass


def qualify(
    gates: Gates,
    *,
    is_long: NDArray[np.bool_],
    percentile: NDArray[np.float64],
    rr: NDArray[np.float64],
    confidence: NDArray[np.float64] | None = None,
    best_prob: NDArray[np.float64] | None = None,
    ev: NDArray[np.float64] | None = None,
    action: NDArray[Any] | None = None,
    risk_level: NDArray[Any] | None = None,
) -> Qualification:
    """Apply the gates to every row.

    A floor whose column is None passes every row (the caller warns and names it). A missing value
    inside a column counts as 0 for confidence and probability, fails R:R and expected value.

    Parameters
    ----------
    gates
        The minimums.
    is_long
        Shape (n_rows,), like every array here.
    percentile
        Activation percentile 0-100, NaN = none.
    rr, confidence, best_prob, ev
        Scores; NaN = missing.
    action, risk_level
        Arrays of str, None allowed (object dtype).
    """
    on = np.ones(len(rr), dtype=np.bool_)
    passes: dict[str, NDArray[np.bool_]] = {}
    passes.update(dict.fromkeys(FLOOR_NAMES, on))
    passes["rr"] = rr >= gates.min_rr
    if confidence is not None:
        passes["confidence"] = np.nan_to_num(confidence) >= gates.min_confidence
    if best_prob is not None:
        passes["probability"] = np.nan_to_num(best_prob) >= gates.min_target_probability
    if ev is not None and gates.min_ev is not None:
        passes["ev"] = ev >= gates.min_ev
    if action is not None and gates.exclude_neutral:
        passes["neutral"] = action_matches_direction(action, is_long)
    if action is not None and gates.require_high_conviction:
        passes["conviction"] = _equals_any(action, list(HIGH_CONVICTION_ACTIONS))
    if risk_level is not None and gates.exclude_conflicts:
        passes["conflicts"] = _equals_any(risk_level, [LOW_RISK])
    meets_core = on.copy()
    for name in FLOOR_NAMES:
        meets_core &= passes[name]
    passes_momentum = momentum_passes(percentile, is_long, gates.min_momentum_percentile)
    return Qualification(passes, meets_core, passes_momentum, meets_core & passes_momentum)
