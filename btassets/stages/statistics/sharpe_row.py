"""The Sharpe ratio of one equity curve with its interval, as a row of `stat_portfolio`.

Belongs here: the row of any curve, of a book or of graded setups. Does not belong here: its error
(`engine.statistics.sharpe`), the other measures of a portfolio (`stat_portfolio.py`).
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.market.calendar import sessions_a_year
from btassets.engine.statistics.distributions import normal_quantile
from btassets.engine.statistics.return_series import daily_returns
from btassets.engine.statistics.sharpe import ReturnMoments, return_moments, sharpe_error


def moments_of(equity: npt.NDArray[np.float64]) -> ReturnMoments:
    """Moments of the daily returns of a curve."""
    returns = daily_returns(equity)
    return return_moments(returns[~np.isnan(returns)])


def sharpe_row(policy: str, equity: npt.NDArray[np.float64], dates: npt.NDArray[np.int32]) -> dict[str, Any]:
    """Sharpe ratio a year of a curve, with error and 95% interval."""
    moments = moments_of(equity)
    year = math.sqrt(sessions_a_year(dates))
    error, annual = sharpe_error(moments) * year, moments.sharpe * year
    half = normal_quantile(0.975) * error
    return {
        "policy": policy,
        "measure": "sharpe",
        "estimate": annual,
        "unit": "a_year",
        "n_setups": moments.n,
        "n_weeks": moments.n,
        "se": error,
        "ci_lo": annual - half,
        "ci_hi": annual + half,
    }
