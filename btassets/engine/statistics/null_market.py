"""The user's own market with the edge destroyed: beta residuals, sign-flipped by day.

Belongs here: the bars of such a market, and the rank of a real result among many of them. Does not belong here: the
stages run over its bars, and their storage (`btassets.studies.null_market`).

A ticker's return is beta x benchmark + residual. A version draws one sign for each session, the same for all tickers,
and multiplies every residual of that session with it. Preserved: the benchmark's path, betas, volatilities and their
clusters, the co-movement of the residuals (two of one session keep their product), volumes, listings and ends.
Destroyed: every dependence of later residuals on earlier ones, such as momentum and reversal, and every mean of a
residual.
"""

import numpy as np
from numpy.typing import NDArray

from btassets.engine.market.bars import Bars
from btassets.engine.statistics.beta import MIN_BETA_PAIRS

MAX_RESIDUAL = 0.5
"""Residuals are clipped at this size on both sides before they are flipped: a mirrored +150% would be a negative price.
"""

_SEED = 20_231_119


def session_signs(version: int, n_sessions: int) -> NDArray[np.int8]:
    """Sign of each session in one version of the market, +1 or -1, shape (n_sessions,); the first is +1.

    Version 0 is the real market: all +1. A sign depends only on the version and the session's position, so a session
    appended later changes none.
    """
    if version == 0:
        return np.ones(n_sessions, dtype=np.int8)
    generator = np.random.Generator(np.random.PCG64([_SEED, version]))
    signs = generator.integers(0, 2, n_sessions, dtype=np.int8) * np.int8(2) - np.int8(1)
    signs[:1] = 1
    return signs


def market_beta(close: NDArray[np.float64], bench_close: NDArray[np.float64]) -> float:
    """Slope of the ticker's returns on the benchmark's over all its bars; 1.0 if unknown.

    Parameters
    ----------
    close, bench_close
        Shape (n_bars,), on the ticker's own dates; NaN in the benchmark = no bar.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        own, bench = close[1:] / close[:-1] - 1.0, bench_close[1:] / bench_close[:-1] - 1.0
    known = np.isfinite(own) & np.isfinite(bench)
    own, bench = own[known], bench[known]
    spread = float(np.sum((bench - bench.mean()) ** 2)) if len(own) >= MIN_BETA_PAIRS else 0.0
    if spread <= 0.0:
        return 1.0
    return float(np.sum((bench - bench.mean()) * (own - own.mean()))) / spread


def flipped_bars(
    bars: Bars, bench_open: NDArray[np.float64], bench_close: NDArray[np.float64], sign: NDArray[np.int8]
) -> Bars:
    """Bars of one ticker in a version of the market; `sign` all +1 gives equal prices up to rounding and the clip.

    Each bar is expressed in fractions of the close before it. Open and close are mirrored around beta x benchmark; for
    a sign of -1 the upper wick becomes the lower one, so a bar stays a bar.

    Parameters
    ----------
    bars
        Adjusted bars of one ticker.
    bench_open, bench_close
        Shape (n_bars,), the benchmark on the ticker's own dates; its move counts as 0 if it has no bar.
    sign
        Shape (n_bars,), the sign of each bar's session.
    """
    n = bars.n_bars
    if n < 2:
        return bars
    beta = market_beta(bars.close, bench_close)
    before, bench_before = bars.close[:-1], bench_close[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        opened, high, low, closed = (part[1:] / before - 1.0 for part in (bars.open, bars.high, bars.low, bars.close))
        market_night, market_day = (
            beta * (bench_open[1:] / bench_before - 1.0),
            beta * (bench_close[1:] / bench_before - 1.0),
        )
    market_night, market_day = (np.where(np.isfinite(part), part, 0.0) for part in (market_night, market_day))
    above, below = high - np.maximum(opened, closed), np.minimum(opened, closed) - low
    flip = sign[1:].astype(np.float64)
    opened = market_night + flip * np.clip(opened - market_night, -MAX_RESIDUAL, MAX_RESIDUAL)
    closed = market_day + flip * np.clip(closed - market_day, -MAX_RESIDUAL, MAX_RESIDUAL)
    above, below = np.where(flip > 0, above, below), np.where(flip > 0, below, above)
    body = np.stack((1.0 + opened, 1.0 + closed))
    body = np.maximum(body, 0.05)
    top, bottom = body.max(axis=0) + above, np.maximum(body.min(axis=0) - below, 0.5 * body.min(axis=0))
    level = bars.close[0] * np.concatenate((np.ones(1), np.cumprod(body[1])))

    def priced(first: float, factor: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate((np.full(1, first), level[:-1] * factor))

    return Bars(
        bars.dates,
        priced(bars.open[0], body[0]),
        priced(bars.high[0], top),
        priced(bars.low[0], bottom),
        level,
        bars.volume,
    )


def share_at_least(real: float, versions: NDArray[np.float64]) -> float:
    """(1 + versions that reach the real value) / (1 + versions): the p-value of "more than this"; NaN without.

    >>> share_at_least(2.0, np.array([1.0, 3.0, 0.0]))
    0.5
    """
    known = versions[~np.isnan(versions)]
    if np.isnan(real) or not len(known):
        return float("nan")
    return (1 + int(np.count_nonzero(known >= real))) / (1 + len(known))
