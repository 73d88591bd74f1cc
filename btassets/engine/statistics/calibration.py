"""Calibration of stated probabilities, with standard errors.

Belongs here: the gap of each bin as a family, Brier score and skill, expected calibration error. Does not belong here:
the probabilities themselves (setups).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from btassets.engine.statistics.ewc import Estimates, estimate
from btassets.engine.statistics.families import step_down
from btassets.engine.statistics.influence import group_influence, setup_influence

BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Calibration of n stated probabilities; fractions throughout.

    Attributes
    ----------
    bin
        Bin of each setup, 0 = the lowest stated tenth, shape (n,).
    n
        Setups per bin, shape (n_bins,).
    stated, hit
        Mean stated probability and share hit of each bin, NaN when empty, shape (n_bins,).
    gap
        Share hit minus mean stated per bin, with its standard error.
    p_adj
        Step-down p-values of the gaps over the bins, shape (n_bins,).
    brier
        Mean squared difference of stated probability and result (0-1, less is better).
    brier_skill
        1 - brier / brier of always stating the share hit; NaN if all or none hit.
    skill_gain
        Mean gain in squared error over always stating the share hit, with its standard error (k = 1): its sign is the
        skill's.
    ece
        Expected calibration error: mean absolute gap, weighted by setups.
    """

    bin: NDArray[np.int64]
    n: NDArray[np.int64]
    stated: NDArray[np.float64]
    hit: NDArray[np.float64]
    gap: Estimates
    p_adj: NDArray[np.float64]
    brier: float
    brier_skill: float
    skill_gain: Estimates
    ece: float


def equal_count_bins(stated: NDArray[np.float64], n_bins: int = BINS) -> NDArray[np.int64]:
    """Bin of each value, 0-based, with counts as equal as possible; the first bins take the remainder.

    Equal values are split by row order, like SQL's ntile.

    >>> equal_count_bins(np.array([0.3, 0.1, 0.2]), 2).tolist()
    [1, 0, 0]
    """
    n = len(stated)
    size = np.full(n_bins, n // n_bins, dtype=np.int64)
    size[: n % n_bins] += 1
    place = np.empty(n, dtype=np.int64)
    place[np.argsort(stated, kind="stable")] = np.repeat(np.arange(n_bins), size)
    return place


def calibration(
    stated: NDArray[np.float64],
    is_hit: NDArray[np.bool_],
    week_no: NDArray[np.int64],
    n_weeks: int,
    overlap: int,
    n_bins: int = BINS,
) -> Calibration:
    """Calibration of stated probabilities in bins of equal count.

    Do not pool directions that may drift apart; call it once for each.

    Parameters
    ----------
    stated
        Probabilities as fractions 0-1, shape (n,), without NaN, in the tie order.
    is_hit
        Whether the event occurred within the horizon, shape (n,); known only afterwards.
    week_no, n_weeks
        Position of each row's week, and the number of weeks.
    overlap
        Weeks over which labels overlap.

    Notes
    -----
    Brier (1950), Monthly Weather Review 78. The bin edges are treated as given.
    """
    place = equal_count_bins(stated, n_bins)
    truth = is_hit.astype(np.float64)
    gaps = group_influence(week_no, truth - stated, n_weeks, place, n_bins)
    n = np.bincount(place, minlength=n_bins)
    some = np.maximum(n, 1)
    mean_stated, mean_hit = (
        np.where(n > 0, np.bincount(place, weights=values, minlength=n_bins) / some, np.nan)
        for values in (stated, truth)
    )
    brier = climate = share = ece = math.nan
    if len(stated):
        share = float(truth.mean())
        brier = float(np.mean((stated - truth) ** 2))
        climate = share * (1.0 - share)
        ece = float(np.nansum(n * np.abs(mean_hit - mean_stated)) / len(stated))
    # The share hit is estimated too, but the squared error is flat there: no first-order effect.
    gain = setup_influence(week_no, (share - truth) ** 2 - (stated - truth) ** 2, n_weeks)
    gap = estimate(gaps, overlap)
    family = step_down(gaps, overlap, is_member=~gap.is_too_short)
    return Calibration(
        bin=place,
        n=n,
        stated=mean_stated,
        hit=mean_hit,
        gap=gap,
        p_adj=family.p_adj,
        brier=brier,
        brier_skill=1.0 - brier / climate if climate and climate > 0 else math.nan,
        skill_gain=estimate(gain, overlap),
        ece=ece,
    )
