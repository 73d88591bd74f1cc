"""Technical and momentum score, confidence, action: the directional state of one as-of bar.

Belongs here: compiled arithmetic on the indicators of one window. Does not belong here: levels and targets, and
qualification (the floors compute it from the columns).
"""

import math
from typing import NamedTuple

from btassets.engine.compiling import Flag, Reals, Whole, helper
from btassets.engine.features.indicators import WindowState


class Votes(NamedTuple):
    """The five votes behind the technical score; each in [-1, 1], positive for a rise."""

    trend: float
    position: float
    directional_movement: float
    rsi: float
    volume: float


VOTES = Votes._fields
VOTE_WEIGHTS = (0.30, 0.15, 0.20, 0.20, 0.15)

LONG_HIGH = 0
LONG_MODERATE = 1
NEUTRAL = 2
SHORT_MODERATE = 3
SHORT_HIGH = 4


class ActionRules(NamedTuple):
    """Thresholds of conflicts and actions (`ReplayRules`)."""

    max_disagreement: float
    max_stretch_atr: float
    min_sr_targets: float
    min_lead: float
    high: float
    moderate: float


@helper
def clip_unit(x: float) -> float:
    """`x` limited to [-1, 1]."""
    return min(1.0, max(-1.0, x))


@helper
def technical_votes(close: float, state: WindowState) -> Votes:
    """Votes at a close, given the state of its window.

    25 is Wilder's threshold of a trend in ADX, and the distance of RSI's classic 25 and 75 from 50.
    """
    return Votes(
        clip_unit((state.ema_fast - state.ema_slow) / (2.0 * state.atr)),
        clip_unit((close - state.ema_slow) / (3.0 * state.atr)),
        clip_unit(state.balance * state.adx / 25.0),
        clip_unit((state.rsi - 50.0) / 25.0),
        clip_unit(state.cmf / 0.25),
    )


@helper
def technical_score(votes: Votes) -> float:
    """Weighted votes on 0-100; 50 is neutral, mirrored prices give 100 minus it."""
    weighted = (
        VOTE_WEIGHTS[0] * votes.trend
        + VOTE_WEIGHTS[1] * votes.position
        + VOTE_WEIGHTS[2] * votes.directional_movement
        + VOTE_WEIGHTS[3] * votes.rsi
        + VOTE_WEIGHTS[4] * votes.volume
    )
    return 50.0 + 50.0 * weighted


@helper
def momentum_score(close: Reals, squares: Reals) -> float:
    """Mean share of driftless walks with the same daily moves that rose less; 0-100.

    Over 21, 63, 126 and 252 changes, leaving out those longer than the window: Phi of the self-normalised sum (Efron
    1969). `close` and `squares` (squared close changes) are the window's arrays, at least 60 long.
    """
    last = len(close) - 1
    # Four interleaved sums, each in time order; those longer than the window stay unused.
    month = 0.0
    quarter = 0.0
    half = 0.0
    year = 0.0
    for t in range(max(1, last - 251), last - 125):
        year += squares[t]
    for t in range(max(1, last - 125), last - 62):
        year += squares[t]
        half += squares[t]
    for t in range(max(1, last - 62), last - 20):
        year += squares[t]
        half += squares[t]
        quarter += squares[t]
    for t in range(last - 20, last + 1):
        year += squares[t]
        half += squares[t]
        quarter += squares[t]
        month += squares[t]
    shares = 0.0
    count = 0
    for n, total in ((21, month), (63, quarter), (126, half), (252, year)):
        if n > last:
            break
        z = (close[last] - close[last - n]) / math.sqrt(total) if total > 0.0 else 0.0
        shares += 0.5 * math.erfc(-z / math.sqrt(2.0))
        count += 1
    return 100.0 * shares / count


@helper
def count_conflicts(technical: float, momentum: float, close: float, state: WindowState, rules: ActionRules) -> Whole:
    """Number of common conflicts against a setup of either direction: 0, 1 or 2.

    Technical and momentum score apart; the close far from EMA(20).
    """
    n = 0
    if abs(technical - momentum) >= rules.max_disagreement:
        n += 1
    if abs(close - state.ema_fast) >= rules.max_stretch_atr * state.atr:
        n += 1
    return n


@helper
def confidence(score: float, n_conflicts: Whole) -> float:
    """Score of a direction (0-100; 100 - score for a short) less 10 per common conflict, 0-100."""
    return min(100.0, max(0.0, score - 10.0 * n_conflicts))


@helper
def choose_action(
    conf_long: float,
    conf_short: float,
    has_long: Flag,
    has_short: Flag,
    rules: ActionRules,
) -> Whole:
    """Code of the action: the direction that leads by `rules.min_lead`, exists, and is confident enough."""
    lead = conf_long - conf_short
    if lead >= rules.min_lead and has_long:
        if conf_long >= rules.high:
            return LONG_HIGH
        if conf_long >= rules.moderate:
            return LONG_MODERATE
    elif -lead >= rules.min_lead and has_short:
        if conf_short >= rules.high:
            return SHORT_HIGH
        if conf_short >= rules.moderate:
            return SHORT_MODERATE
    return NEUTRAL
