"""Bars from returns: open, high, low, close and volume.

Belongs here: the path within a session and the shares traded in it. Does not belong here: the returns
themselves (`synthetic_market.py`), splits and dividends (`synthetic_companies.py`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.engine.market.raw_bars import RawBars
from btassets.sources.synthetic import counter_random as cr
from btassets.sources.synthetic.synthetic_factors import EXTREMES, VOLUME, Returns

_MAX_FALL_IN_DAY = 0.90  # of the low below the open
_MEMORY, _NOISE, _PER_MOVE = 0.75, 0.22, 0.30
_DOUBLINGS = 6  # truncation of the AR(1): 0.75^64 = 1e-8
_MAX_MOVE = 8.0  # usual moves


@dataclass(frozen=True, slots=True)
class Traded:
    """Inputs of the bars of some tickers.

    Attributes
    ----------
    entities
        Names in the random streams, int64 (n_tickers,).
    returns
        All sessions, (n_days, n_tickers).
    close
        Raw closes of all sessions, US dollars, (n_days, n_tickers).
    usual_move
        Standard deviation of a session's return, the scale of its size, (n_tickers,).
    dollar_volume
        Usual value traded in a session, US dollars, (n_tickers,).
    """

    entities: npt.NDArray[np.int64]
    returns: Returns
    close: cr.Floats
    usual_move: cr.Floats
    dollar_volume: cr.Floats


@dataclass(frozen=True, slots=True)
class ShownBars:
    """Bars of some tickers on the sessions shown, arrays (n_bars, n_tickers)."""

    open: cr.Floats
    high: cr.Floats
    low: cr.Floats
    close: cr.Floats
    volume: cr.Floats

    def raw_bars(
        self,
        column: int,
        rows: slice,
        dates: npt.NDArray[np.int32],
        dividend: cr.Floats,
        split: cr.Floats,
    ) -> RawBars:
        """Bars of one ticker in separate arrays; `dates`, `dividend` and `split` are those of `rows`."""
        return RawBars(
            dates.copy(),
            self.open[rows, column].copy(),
            self.high[rows, column].copy(),
            self.low[rows, column].copy(),
            self.close[rows, column].copy(),
            self.volume[rows, column].copy(),
            dividend.copy(),
            split.copy(),
        )


def shown_bars(traded: Traded, seed: int, sessions: npt.NDArray[np.int32], first_shown: int) -> ShownBars:
    """Bars from session `first_shown` on.

    High and low follow the laws of the maximum and the minimum of a Brownian path between open and close,
    given both: (r + sqrt(r^2 - 2 v ln u)) / 2 above the open, with r the day's return, v the variance of
    its path and u uniform. They are drawn independently of each other.
    """
    day = traded.returns.day[first_shown:]
    variance = traded.returns.variance[first_shown:]
    close = traded.close[first_shown:]
    open_ = close / (1.0 + day)
    keys = cr.stream_keys(seed, traded.entities, EXTREMES)
    up, down = cr.uniform_pair(cr.random_bits(keys, sessions[first_shown:]))
    square = day * day
    high = _bridge_reach(square, variance, up)
    high += day
    high *= 0.5
    high += 1.0
    high *= open_
    low = _bridge_reach(square, variance, down)
    np.subtract(day, low, out=low)
    low *= 0.5
    np.maximum(low, -_MAX_FALL_IN_DAY, out=low)
    low += 1.0
    low *= open_
    # In exact arithmetic a no-op; rounding may have left high or low slightly inside.
    np.maximum(high, np.maximum(open_, close), out=high)
    np.minimum(low, np.minimum(open_, close), out=low)
    volume = _traded_values(traded, seed, sessions, first_shown)
    volume /= close
    np.floor(volume, out=volume)
    volume += 1.0
    return ShownBars(open_, high, low, close, volume)


def _bridge_reach(square: cr.Floats, variance: cr.Floats, u: cr.Floats) -> cr.Floats:
    """Return sqrt(r^2 - 2 v ln u)."""
    reach = cr.minus_log(u)
    reach *= 2.0
    reach *= variance
    reach += square
    return np.sqrt(reach, out=reach)


def _traded_values(traded: Traded, seed: int, sessions: npt.NDArray[np.int32], first_shown: int) -> cr.Floats:
    """Give US dollars traded: the usual value times exp(AR(1) + the size of the session's move)."""
    before = min(first_shown, 2**_DOUBLINGS)
    keys = cr.stream_keys(seed, traded.entities, VOLUME)
    level = cr.bell(cr.random_bits(keys, sessions[first_shown - before :]))
    level *= _NOISE
    # Sum of phi^k noise(t-k) over k < 64 by doubling: an AR(1) without a loop or an initial value.
    weight = _MEMORY
    for doubling in range(_DOUBLINGS):
        lag = 2**doubling
        level[lag:] += weight * level[:-lag]
        weight *= weight
    level = level[before:]
    move = traded.returns.night[first_shown:] + traded.returns.day[first_shown:]
    np.abs(move, out=move)
    move /= traded.usual_move
    np.minimum(move, _MAX_MOVE, out=move)
    move *= _PER_MOVE
    level += move
    value = cr.exponential_function(level)
    value *= traded.dollar_volume
    return value
