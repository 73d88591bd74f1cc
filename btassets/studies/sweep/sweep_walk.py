"""A sweep out of sample: in each window the cell that was best before it, and what it earned in it.

Belongs here: the choice by past daily returns, the stitched returns, their comparison with the book's own settings.
Does not belong here: the portfolios (`sweep_portfolios.py`), the windows (`engine.statistics.walk_forward`), words.

Each window takes the daily returns of the chosen cell's own portfolio. The trades of a change from one cell to another
are not simulated: that would need one portfolio per sequence of choices.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.conventions import SESSIONS_A_YEAR
from btassets.engine.days import iso_day
from btassets.engine.portfolio.simulation import BookResult
from btassets.engine.statistics.ewc import DAILY, Estimates, estimate
from btassets.engine.statistics.influence import difference
from btassets.engine.statistics.return_series import MEAN, SHARPE, daily_returns, return_influence
from btassets.engine.statistics.walk_forward import LOOKBACK_SESSIONS, Window, windows

Floats = npt.NDArray[np.float64]

LEAST_DAYS = SESSIONS_A_YEAR
"""Daily returns that a cell needs before a window to be chosen in it."""

_DIGITS = 4


def walk_forward(
    books: Sequence[BookResult | None], calendar: npt.NDArray[np.int32], *, by: str, label_days: int
) -> dict[str, Any] | None:
    """Part `walk_forward` of a sweep's document; None if the history gives no window.

    Parameters
    ----------
    books
        Of each cell, the book's own settings last.
    calendar
        Sessions up to T, int32 days.
    by
        Measure of the sweep; a measure of setups is replaced by the Sharpe ratio of the portfolio.
    label_days
        Longest label of the cells, sessions: the windows begin after it.
    """
    found = windows(LOOKBACK_SESSIONS, len(calendar) - label_days - 1, horizon=label_days)
    returns = _returns_on(books, calendar)
    measure = by if by in _SCORES else "sharpe"
    picks = [_choice(returns[: window.test_first, :-1], measure) for window in found]
    chosen = [(window, pick) for window, pick in zip(found, picks, strict=True) if pick is not None]
    if not chosen:
        return None
    days = np.concatenate([_days(window) for window, _ in chosen])
    mine = np.concatenate([returns[_days(window), pick] for window, pick in chosen])
    own = returns[days, -1]
    # A portfolio that has not begun, or is lost, earns nothing.
    mine, own = np.nan_to_num(mine), np.nan_to_num(own)
    gap = difference(return_influence(mine), return_influence(own))
    verdict = estimate(gap, DAILY)
    return {
        "by": measure,
        "windows": [
            {
                "test_first": iso_day(int(calendar[window.test_first])),
                "test_last": iso_day(int(calendar[window.test_last])),
                "cell": pick,
                "return_pct": _number(_growth_pct(returns[_days(window), pick])),
                "own_return_pct": _number(_growth_pct(returns[_days(window), -1])),
            }
            for window, pick in chosen
        ],
        "n_days": len(days),
        "n_cells_chosen": len({pick for _, pick in chosen}),
        "chosen": _numbers_of(mine),
        "own": _numbers_of(own),
        "difference_pct": _of(verdict, MEAN, 100.0),
        "difference_sharpe": _of(verdict, SHARPE, 1.0),
    }


def _days(window: Window) -> npt.NDArray[np.int64]:
    return np.arange(window.test_first, window.test_last + 1)


def _returns_on(books: Sequence[BookResult | None], calendar: npt.NDArray[np.int32]) -> Floats:
    """Return of each session against the one before, shape (n_sessions, n_books); NaN where a portfolio is not."""
    returns = np.full((len(calendar), len(books)), np.nan)
    for k, book in enumerate(books):
        if book is not None and len(book.dates) > 1:
            returns[np.searchsorted(calendar, book.dates[1:]), k] = daily_returns(book.equity)
    return returns


def _sharpe(returns: Floats) -> float:
    deviation = returns.std(ddof=1)
    return float(returns.mean() / deviation) if deviation > 0.0 else math.nan


def _growth_pct(returns: Floats) -> float:
    return float((np.prod(1.0 + np.nan_to_num(returns)) - 1.0) * 100.0)


def _drawdown(returns: Floats) -> float:
    """Negative maximum drawdown, so that more is better."""
    curve = np.cumprod(np.concatenate((np.ones(1), 1.0 + returns)))
    return float((curve / np.maximum.accumulate(curve)).min() - 1.0)


_SCORES: dict[str, Callable[[Floats], float]] = {
    "sharpe": _sharpe,
    "cagr_pct": _growth_pct,
    "total_return_pct": _growth_pct,
    "max_drawdown_pct": _drawdown,
}


def _choice(past: Floats, measure: str) -> int | None:
    """First cell with the best value of the measure over its past, among those with a year of returns that moved."""
    scores = np.full(past.shape[1], np.nan)
    for k in range(past.shape[1]):
        known = past[~np.isnan(past[:, k]), k]
        if len(known) >= LEAST_DAYS and known.any():
            scores[k] = _SCORES[measure](known)
    return None if np.isnan(scores).all() else int(np.nanargmax(scores))


def _numbers_of(returns: Floats) -> dict[str, float | None]:
    years = len(returns) / SESSIONS_A_YEAR
    growth = 1.0 + _growth_pct(returns) / 100.0
    return {
        "cagr_pct": _number((growth ** (1.0 / years) - 1.0) * 100.0 if growth > 0.0 else None),
        "sharpe": _number(_sharpe(returns) * math.sqrt(SESSIONS_A_YEAR) if len(returns) > 2 else None),
        "max_drawdown_pct": _number(-100.0 * _drawdown(returns)),
    }


def _of(found: Estimates, place: int, scale: float) -> dict[str, float | None]:
    return {
        "value": _number(found.estimate[place] * scale),
        "ci_lo": _number(found.ci_lo[place] * scale),
        "ci_hi": _number(found.ci_hi[place] * scale),
        "p": _number(found.p[place]),
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), _DIGITS)
