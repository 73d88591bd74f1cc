"""Technical and momentum score, confidence, action: what one as-of bar says about direction.

Belongs here: compiled arithmetic on the indicators of one window. Does not belong here: levels and
targets, and whether a setup qualifies (evaluation does that from the columns).
"""

import math

from btassets.engine.features.entry import inner

VOTES = ("trend", "position", "directional_movement", "rsi", "volume")
"""The five votes in the order of `technical_votes`; each in [-1, 1], positive for a rise."""

VOTE_WEIGHTS = (0.30, 0.15, 0.20, 0.20, 0.15)

LONG_HIGH = 0
LONG_MODERATE = 1
NEUTRAL = 2
SHORT_MODERATE = 3
SHORT_HIGH = 4


@inner
def clip_unit(x):
    """`x` limited to [-1, 1]."""
    return min(1.0, max(-1.0, x))


@inner
def technical_votes(close, atr, rsi, balance, adx, ema_fast, ema_slow, cmf):
    """Five votes: trend, position, directional movement, RSI, volume; each in [-1, 1].

    25 is Wilder's threshold of a trend in ADX, and the distance of RSI's classic 25 and 75 from 50.
    """
    return (
        clip_unit((ema_fast - ema_slow) / (2.0 * atr)),
        clip_unit((close - ema_slow) / (3.0 * atr)),
        clip_unit(balance * adx / 25.0),
        clip_unit((rsi - 50.0) / 25.0),
        clip_unit(cmf / 0.25),
    )


@inner
def technical_score(trend, position, movement, rsi, volume):
    """Weighted votes on 0-100; 50 is neutral, mirrored prices give 100 minus it."""
    return 50.0 + 50.0 * (0.30 * trend + 0.15 * position + 0.20 * movement + 0.20 * rsi + 0.15 * volume)


@inner
def momentum_score(close, squares):
    """Mean share of driftless walks, with the same daily moves, that rose less; 0-100.

    Over 21, 63, 126 and 252 changes, those longer than the window left out: Phi of the
    self-normalised sum (Efron 1969). `close` and `squares` (squared close changes) are the window's
    arrays, at least 60 long.
    """
    last = len(close) - 1
    # Four sums side by side, each in time order; those longer than the window stay unused.
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


@inner
def count_conflicts(technical, momentum, close, ema_fast, atr, max_disagreement, max_stretch_atr):
    """How many common conflicts speak against a setup of either direction: 0, 1 or 2.

    Technical and momentum score apart; the close stretched away from EMA(20).
    """
    n = 0
    if abs(technical - momentum) >= max_disagreement:
        n += 1
    if abs(close - ema_fast) >= max_stretch_atr * atr:
        n += 1
    return n


@inner
def confidence(score, n_conflicts):
    """Score of a direction (0-100; 100 - score for a short) less 10 per common conflict, 0-100."""
    return min(100.0, max(0.0, score - 10.0 * n_conflicts))


@inner
def choose_action(conf_long, conf_short, has_long, has_short, min_lead, high, moderate):
    """Code of the action: the direction that leads by `min_lead`, exists, and is confident enough."""
    lead = conf_long - conf_short
    if lead >= min_lead and has_long:
        if conf_long >= high:
            return LONG_HIGH
        if conf_long >= moderate:
            return LONG_MODERATE
    elif -lead >= min_lead and has_short:
        if conf_short >= high:
            return SHORT_HIGH
        if conf_short >= moderate:
            return SHORT_MODERATE
    return NEUTRAL
