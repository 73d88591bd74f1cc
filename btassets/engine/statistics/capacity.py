"""Cost and capital that a rule can bear.

Belongs here: the cost that consumes the whole gain, and the capital at which orders become large. Does not belong here:
the costs charged (graded setups, portfolio).
"""

import math

import numpy as np
from numpy.typing import NDArray

PARTICIPATION = 0.01
VOLUME_QUANTILE = 0.05


def break_even_cost_frac(gross_r: NDArray[np.float64], risk_pct: NDArray[np.float64]) -> float:
    """Cost per side, a fraction of the notional, that consumes the whole mean gross R; NaN without setups.

    mean(gross R) / (2 mean(1 / risk_pct)); negative if mean gross R is.

    Parameters
    ----------
    gross_r
        R before costs, shape (n,); NaN = not graded.
    risk_pct
        1R as a fraction of the fill price (0.05 = 5%), shape (n,).

    >>> break_even_cost_frac(np.array([0.1, 0.3]), np.array([0.05, 0.05])).__round__(6)
    0.005
    """
    usable = ~np.isnan(gross_r) & (risk_pct > 0)
    if not usable.any():
        return math.nan
    return float(np.mean(gross_r[usable])) / (2.0 * float(np.mean(1.0 / risk_pct[usable])))


def capacity_usd(adv20_usd: NDArray[np.float64], largest_weight: float) -> float:
    """Capital at which the largest position takes 1% of the day's volume in a thin name; NaN if unknown.

    1% of the 5% quantile of 20-day mean dollar volume over the largest weight.

    Parameters
    ----------
    adv20_usd
        Mean dollar volume of the last 20 bars at each setup, shape (n,); NaN = not known.
    largest_weight
        Share of equity in the largest position, 0-1.
    """
    known = adv20_usd[~np.isnan(adv20_usd)]
    if len(known) == 0 or not largest_weight > 0:
        return math.nan
    return PARTICIPATION * float(np.quantile(known, VOLUME_QUANTILE)) / largest_weight
