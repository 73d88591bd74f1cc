"""Common factors of all returns: the market and its sectors; and the volatility recursions.

Belongs here: the parameters of a market (`MarketSpec`), its factor returns. Does not belong here: a ticker's own shocks
and its bars (`synthetic_market.py`, `synthetic_bars.py`).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.engine.conventions import SESSIONS_A_YEAR
from btassets.sources.synthetic import counter_random as cr

DEFAULT_EPOCH = 17_533
"""2018-01-02: serves up to 6 years before the fixed last session, 2025-12-31."""

N_SECTORS = 10

MARKET, FIRST_SECTOR, FIRST_TICKER = 0, 1, 1_000
"""Names in the random streams; ticker number k is `FIRST_TICKER` + k."""

SHOCK, MIXING, EXTREMES, VOLUME, EARNINGS, SPLITS, FIRST_TRAIT = 1, 2, 3, 4, 5, 6, 100
"""Random streams; one stream per trait from `FIRST_TRAIT` on."""

NIGHT = 0.30
"""Share of a factor's variance, and of a drift, between close and open."""

MAX_HALF_RETURN = 0.40
"""Clip of a night's and of a day's return, symmetric so that means are preserved."""

MAX_MIXING = 40.0
"""Clip of a drawn path variance, in units of its mean."""

MARKET_VOL = 0.158 / math.sqrt(SESSIONS_A_YEAR)
_SECTOR_VOL = 0.095 / math.sqrt(SESSIONS_A_YEAR)
_ALPHA, _GAMMA, _BETA = 0.02, 0.11, 0.90  # of the market's GJR-GARCH
_MAX_STATE = 6.0  # conditional variance, in units of its mean
_SECTOR_LINK = 0.5  # share of the sectors' variance that moves with the market's
_MAX_MARKET_RADIUS = 4.5  # standard deviations of a t4 shock


@dataclass(frozen=True, slots=True)
class MarketSpec:
    """Parameters of one synthetic market; equal specs give equal bars.

    Attributes
    ----------
    seed
        Any integer.
    edge
        Planted drift per session, in usual own shocks per unit of signal; 0 is the null market.
    drift_annual
        Expected yearly return of the market factor, a fraction; 0 makes all prices martingales.
    has_lifecycle
        Whether some tickers list late and some end; without it every ticker covers every session.
    epoch
        Days since 1970-01-01 of the start of the simulated state.
    """

    seed: int = 7
    edge: float = 0.0
    drift_annual: float = 0.0
    has_lifecycle: bool = True
    epoch: int = DEFAULT_EPOCH


@dataclass(frozen=True, slots=True)
class Returns:
    """Return series, arrays (n_days,) or (n_days, n_series).

    Attributes
    ----------
    night, day
        Arithmetic returns from close to open and from open to close.
    variance
        Of the Brownian path between open and close on that day.
    """

    night: cr.Floats
    day: cr.Floats
    variance: cr.Floats


def garch_states(growth: cr.Floats, floor: float) -> cr.Floats:
    """Conditional variances h(t+1) = floor + growth(t) h(t), h(0) = 1, at most `_MAX_STATE`."""
    state = np.empty_like(growth)
    current = np.ones(growth.shape[1])
    for t in range(len(growth)):
        state[t] = current
        np.multiply(current, growth[t], out=current)
        np.add(current, floor, out=current)
        np.minimum(current, _MAX_STATE, out=current)
    return state


def market_factor(spec: MarketSpec, sessions: npt.NDArray[np.int32]) -> tuple[Returns, cr.Floats]:
    """Market returns (n_days,), and the conditional variance in units of its mean (n_days,)."""
    entity = np.array([MARKET])
    bits = cr.random_bits(cr.stream_keys(spec.seed, entity, SHOCK), sessions)
    x, y, tail = cr.student4_pair(bits, _MAX_MARKET_RADIUS)
    bits = cr.random_bits(cr.stream_keys(spec.seed, entity, MIXING), sessions)
    mixing = cr.mixing_variance(bits, tail, MAX_MIXING)[:, 0]
    night = x[:, 0] * math.sqrt(NIGHT)
    day = y[:, 0] * math.sqrt(1.0 - NIGHT)
    floor = 1.0 - _ALPHA - 0.5 * _GAMMA - _BETA
    stress = np.empty(len(sessions))
    current = 1.0
    for t, shock in enumerate((night + day).tolist()):
        stress[t] = current
        reaction = _ALPHA + _GAMMA if shock < 0.0 else _ALPHA
        current = min(floor + (reaction * shock * shock + _BETA) * current, _MAX_STATE)
    vol = np.sqrt(stress) * MARKET_VOL
    drift = spec.drift_annual / SESSIONS_A_YEAR
    night = np.clip(night * vol, -MAX_HALF_RETURN, MAX_HALF_RETURN) + NIGHT * drift
    day = np.clip(day * vol, -MAX_HALF_RETURN, MAX_HALF_RETURN) + (1.0 - NIGHT) * drift
    return Returns(night, day, mixing * vol * vol * (1.0 - NIGHT)), stress


def sector_factors(spec: MarketSpec, sessions: npt.NDArray[np.int32], stress: cr.Floats) -> Returns:
    """Sector returns beyond the market's, (n_days, N_SECTORS)."""
    entities = np.arange(FIRST_SECTOR, FIRST_SECTOR + N_SECTORS)
    bits = cr.random_bits(cr.stream_keys(spec.seed, entities, SHOCK), sessions)
    x, y, tail = cr.student4_pair(bits, _MAX_MARKET_RADIUS)
    bits = cr.random_bits(cr.stream_keys(spec.seed, entities, MIXING), sessions)
    mixing = cr.mixing_variance(bits, tail, MAX_MIXING)
    vol = (np.sqrt((1.0 - _SECTOR_LINK) + _SECTOR_LINK * stress) * _SECTOR_VOL)[:, None]
    variance = mixing * (vol * vol * (1.0 - NIGHT))
    return Returns(x * (vol * math.sqrt(NIGHT)), y * (vol * math.sqrt(1.0 - NIGHT)), variance)
