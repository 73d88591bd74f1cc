"""The setup engine in plain Python: one as-of bar at a time, from the bars up to it.

Belongs here: an independent second telling of docs/method/engine, standard library only, lists and loops,
every window recomputed from scratch. Does not belong here: anything from btassets.
The order of float operations is the documented one, so the compiled engine must agree bit for bit
(probabilities: 4e-15). Built-in sum() is not used: newer Pythons compensate it.
"""

import math
from itertools import pairwise
from typing import NamedTuple


class Bar(NamedTuple):
    """One daily bar; `date` in days since 1970-01-01."""

    date: int
    open: float
    high: float
    low: float
    close: float
    volume: float


def total(values):
    result = 0.0
    for value in values:
        result += value
    return result


def window_of(bars, gap_days=30, window_bars=252):
    """The last bars that the engine may see: at most 253, none before the last long gap."""
    window = bars[-(window_bars + 1) :]
    if gap_days > 0:
        for t in range(len(window) - 1, 0, -1):
            if window[t].date - window[t - 1].date > gap_days:
                return window[t:]
    return window


def wilder(seed_values, later_values):
    average = total(seed_values) * (1.0 / 14.0)
    for value in later_values:
        average = average * (13.0 / 14.0) + value * (1.0 / 14.0)
    return average


def true_ranges(w):
    return [max(b.high - b.low, abs(b.high - a.close), abs(b.low - a.close)) for a, b in pairwise(w)]


def atr14(w):
    ranges = true_ranges(w)
    return wilder(ranges[:14], ranges[14:])


def rsi14(w):
    changes = [b.close - a.close for a, b in pairwise(w)]
    gains = [max(x, 0.0) for x in changes]
    losses = [max(-x, 0.0) for x in changes]
    gain = wilder(gains[:14], gains[14:])
    loss = wilder(losses[:14], losses[14:])
    return 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 50.0


def directional_movement(w):
    """(balance of the two sums, ADX)."""
    plus_dm, minus_dm = [], []
    for a, b in pairwise(w):
        up, down = b.high - a.high, a.low - b.low
        plus_dm.append(up if up > 0.0 and up > down else 0.0)
        minus_dm.append(down if down > 0.0 and down > up else 0.0)
    plus, minus = total(plus_dm[:13]), total(minus_dm[:13])
    dx = []
    for p, m in zip(plus_dm[13:], minus_dm[13:], strict=True):
        plus = plus * (13.0 / 14.0) + p
        minus = minus * (13.0 / 14.0) + m
        dx.append(100.0 * abs(plus - minus) / (plus + minus) if plus + minus > 0.0 else None)
    adx = total(x for x in dx[:14] if x is not None) * (1.0 / 14.0)
    for x in dx[14:]:
        if x is not None:
            adx = adx * (13.0 / 14.0) + x * (1.0 / 14.0)
    balance = (plus - minus) / (plus + minus) if plus + minus > 0.0 else 0.0
    return balance, adx


def ema(w, n):
    k = 2.0 / (n + 1.0)
    average = total(bar.close for bar in w[:n]) / n
    for bar in w[n:]:
        average = average * (1.0 - k) + bar.close * k
    return average


def cmf20(w):
    flows, volumes = [], []
    for bar in w[-20:]:
        spread = bar.high - bar.low
        location = ((bar.close - bar.low) - (bar.high - bar.close)) / spread if spread > 0.0 else 0.0
        flows.append(location * bar.volume)
        volumes.append(bar.volume)
    return total(flows) / total(volumes) if total(volumes) > 0.0 else 0.0


def clip(x):
    return min(1.0, max(-1.0, x))


def votes_of(w):
    """Five votes in [-1, 1]: trend, position, directional movement, rsi, volume."""
    atr = atr14(w)
    close = w[-1].close
    balance, adx = directional_movement(w)
    return (
        clip((ema(w, 20) - ema(w, 50)) / (2.0 * atr)),
        clip((close - ema(w, 50)) / (3.0 * atr)),
        clip(balance * adx / 25.0),
        clip((rsi14(w) - 50.0) / 25.0),
        clip(cmf20(w) / 0.25),
    )


def technical_of(votes):
    weighted = 0.0
    for weight, vote in zip((0.30, 0.15, 0.20, 0.20, 0.15), votes, strict=True):
        weighted += weight * vote
    return 50.0 + 50.0 * weighted


def momentum_score_of(w):
    shares = []
    for n in (21, 63, 126, 252):
        if n > len(w) - 1:
            break
        recent = w[-(n + 1) :]
        squares = total((b.close - a.close) * (b.close - a.close) for a, b in pairwise(recent))
        z = (recent[-1].close - recent[0].close) / math.sqrt(squares) if squares > 0.0 else 0.0
        shares.append(0.5 * math.erfc(-z / math.sqrt(2.0)))
    return 100.0 * total(shares) / len(shares)


def pivots_of(w, arm=5):
    """(window index, price) of every confirmed pivot, time order, high before low."""
    found = []
    for t in range(arm, len(w) - arm):
        left = w[t - arm : t]
        right = w[t + 1 : t + arm + 1]
        if all(w[t].high > b.high for b in left) and all(w[t].high >= b.high for b in right):
            found.append((t, w[t].high))
        if all(w[t].low < b.low for b in left) and all(w[t].low <= b.low for b in right):
            found.append((t, w[t].low))
    return found


def levels_of(w, atr, arm=5, tolerance_atr=0.5, half_life=126.0):
    """(price, strength) of every level."""
    mean_volume = total(bar.volume for bar in w) / len(w)
    pivots = []
    for t, price in pivots_of(w, arm):
        factor = min(2.0, max(0.5, w[t].volume / mean_volume)) if mean_volume > 0.0 else 1.0
        pivots.append((price, 0.5 ** ((len(w) - 1 - t) / half_life) * factor))
    tolerance = tolerance_atr * atr
    scores = [total(w2 for p2, w2 in pivots if abs(p2 - p1) <= tolerance) for p1, _ in pivots]
    free = list(range(len(pivots)))
    levels = []
    while free:
        leader = max(free, key=lambda q: (scores[q], q))
        members = [q for q in free if abs(pivots[q][0] - pivots[leader][0]) <= tolerance]
        weight = total(pivots[q][1] for q in members)
        price = total(pivots[q][1] * pivots[q][0] for q in members) / weight
        levels.append((price, 100.0 * weight / (weight + 2.0)))
        free = [q for q in free if q not in members]
    return levels


def zones_of(levels, entry, sign, atr, spacing_atr=1.0):
    """Representatives of one side, strongest first."""
    side = [level for level in levels if sign * (level[0] - entry) > 0.0]
    kept = []
    for price, strength in sorted(side, key=lambda level: (-level[1], abs(level[0] - entry))):
        if all(abs(price - other) > spacing_atr * atr for other, _ in kept):
            kept.append((price, strength))
    return kept


def direct_hit_probability(a, b, days):
    """Driftless probability of +a before -b within `days`, the series summed term by term."""
    width = a + b
    variance = days / (8.0 / math.pi)
    series = 0.0
    for n in range(1, 17):
        series += (
            (-1) ** n
            / n
            * math.sin(n * math.pi * b / width)
            * math.exp(-((n * math.pi) ** 2) * variance / (2.0 * width * width))
        )
    return min(1.0 - 1e-6, max(1e-6, b / width + 2.0 / math.pi * series))


def tilt(p, sign, score, strength, tilts):
    if tilts == (0.0, 0.0, 0.0):
        return p
    const, by_score, by_level = tilts
    logit = (
        math.log(p / (1.0 - p)) + const + by_score * sign * (score - 50.0) / 50.0 + by_level * (strength - 50.0) / 50.0
    )
    return 1.0 / (1.0 + math.exp(-logit))


def targets_of(levels, entry, sign, atr, projection):
    """([(price, distance, strength)] nearest first, number of them that are levels)."""
    in_reach = []
    for price, strength in zones_of(levels, entry, sign, atr):
        distance = abs(price - entry)
        if 1.0 <= distance / atr <= 9.0:
            in_reach.append((price, distance, strength))
    in_reach.sort(key=lambda target: target[1])
    in_reach = in_reach[:5]
    if in_reach or not projection:
        return in_reach, len(in_reach)
    projected = [(entry + sign * (k * atr), k * atr, 0.0) for k in (2.0, 3.0, 4.0)]
    return [target for target in projected if target[0] > 0.0], 0


def action_of(conf_long, conf_short, directions, lead=20.0, high=70.0, moderate=50.0):
    for direction, own, other in (("long", conf_long, conf_short), ("short", conf_short, conf_long)):
        if direction in directions and own - other >= lead:
            if own >= high:
                return f"{direction.upper()}_HIGH"
            if own >= moderate:
                return f"{direction.upper()}_MODERATE"
    return "NEUTRAL"


def setups_at(bars, *, gap_days=30, projection=True, stop_multiple=1.5, tilts=(0.0, 0.0, 0.0), horizon=30):
    """Setups at the last of the given bars: direction -> columns. `bars` end at the as-of bar."""
    w = window_of(bars, gap_days)
    if len(w) < 60:
        return {}
    atr = atr14(w)
    if atr <= 0.0:
        return {}
    levels = levels_of(w, atr)
    if not levels:
        return {}
    entry = w[-1].close
    technical = technical_of(votes_of(w))
    momentum = momentum_score_of(w)
    score = (technical + momentum) / 2.0
    conflicts = int(abs(technical - momentum) >= 20.0) + int(abs(entry - ema(w, 20)) >= 2.5 * atr)
    conf = {
        "long": min(100.0, max(0.0, score - 10.0 * conflicts)),
        "short": min(100.0, max(0.0, 100.0 - score - 10.0 * conflicts)),
    }
    rows = {}
    for direction, sign in (("long", 1.0), ("short", -1.0)):
        stop = entry - sign * stop_multiple * atr
        if stop <= 0.0:
            continue
        targets, n_sr = targets_of(levels, entry, sign, atr, projection)
        if not targets:
            continue
        chances = [
            tilt(direct_hit_probability(distance / atr, stop_multiple, horizon), sign, score, strength, tilts)
            for _, distance, strength in targets
        ]
        rewards = [distance / (stop_multiple * atr) for _, distance, _ in targets]
        worth = [p * rr for p, rr in zip(chances, rewards, strict=True)]
        primary = worth.index(max(worth))
        p, rr = chances[primary], rewards[primary]
        rows[direction] = {
            "entry": entry,
            "stop": stop,
            "target": targets[primary][0],
            "rr": rr,
            "confidence": conf[direction],
            "primary_prob": 100.0 * p,
            "best_prob": 100.0 * max(chances),
            "ev": p * rr - (1.0 - p),
            "technical": technical,
            "momentum_score": momentum,
            "level_strength": targets[primary][2],
            "n_sr_targets": n_sr,
            "is_projected": n_sr == 0,
            "n_bars": len(w),
            "risk_level": ("Low", "Medium", "High")[min(2, conflicts + (1 if n_sr < 3 else 0))],
        }
    for row in rows.values():
        row["action"] = action_of(conf["long"], conf["short"], rows)
    return rows


def signals_at(bars, bench_close, *, gap_days=30):
    """The eight factor signals at the last bar; None where the history is missing.

    `bench_close` maps dates to the benchmark's close.
    """
    w = window_of(bars, gap_days)
    c = [bar.close for bar in w]
    n = len(w)
    out = dict.fromkeys(
        ("mom_12_1", "mom_12_1_resid", "mom_6_1", "mom_3_1", "reversal_1m", "trend_200", "high_52w", "vol_6m")
    )
    if n > 252:
        out["mom_12_1"] = c[-22] / c[-253] - 1.0
        out["mom_12_1_resid"] = residual_at(w[-253:], bench_close)
    if n > 126:
        out["mom_6_1"] = c[-22] / c[-127] - 1.0
        returns = [b / a - 1.0 for a, b in pairwise(c[-127:])]
        mean = total(returns) / 126
        out["vol_6m"] = math.sqrt(total((x - mean) * (x - mean) for x in returns) / 125)
    if n > 63:
        out["mom_3_1"] = c[-22] / c[-64] - 1.0
    if n > 21:
        out["reversal_1m"] = c[-1] / c[-22] - 1.0
    if n >= 200:
        out["trend_200"] = c[-1] / (total(c[-200:]) / 200.0) - 1.0
    if n >= 252:
        out["high_52w"] = c[-1] / max(bar.high for bar in w[-252:])
    return out


def residual_at(year, bench_close):
    pairs = []
    for a, b in pairwise(year[:-21]):
        before, now = bench_close.get(a.date), bench_close.get(b.date)
        if before is not None and now is not None and before > 0.0:
            pairs.append((b.close / a.close - 1.0, now / before - 1.0))
    if len(pairs) < 100:
        return None
    stock_mean = total(x for x, _ in pairs) / len(pairs)
    market_mean = total(y for _, y in pairs) / len(pairs)
    variation = total((y - market_mean) * (y - market_mean) for _, y in pairs)
    if variation <= 0.0:
        return None
    beta = total((x - stock_mean) * (y - market_mean) for x, y in pairs) / variation
    return total(x - beta * y for x, y in pairs)


def ineligible_reason(i, n_window, bars, session_no, raw_close, raw_dollar_volume):
    """First quality rule that bar i breaks by its trailing bars, or None (Q11, Q13-Q15, Q17)."""
    trailing = [t for t in range(i + 1) if session_no[t] > session_no[i] - 126]
    recent = [t for t in range(i + 1) if session_no[t] > session_no[i] - 63]
    longest = run = 1
    for t in trailing[1:]:
        run = run + 1 if raw_close[t] == raw_close[t - 1] else 1
        longest = max(longest, run)
    n = len(trailing)
    rules = (
        ("short_history", n_window < 253),
        ("missing_sessions", (126 - n) / 126 > 0.10),
        ("zero_volume", len([t for t in trailing if bars[t].volume == 0.0]) / n > 0.05),
        ("flat_bars", len([t for t in trailing if bars[t].high == bars[t].low]) / n > 0.10),
        ("constant_close", longest >= 30),
        ("low_price", median([raw_close[t] for t in recent]) < 1.0),
        ("low_dollar_volume", median([raw_dollar_volume[t] for t in recent]) < 1_000_000.0),
    )
    return next((name for name, broken in rules if broken), None)


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2.0


def forward_return(bars, i, days, is_ended, gap_days=30):
    """(close-to-close return over the ticker's next `days` bars or None, bars available)."""
    stop = i + 1
    while stop < len(bars) and not (gap_days > 0 and bars[stop].date - bars[stop - 1].date > gap_days):
        stop += 1
    available = stop - 1 - i
    if available >= days:
        return bars[i + days].close / bars[i].close - 1.0, available
    if is_ended or stop < len(bars):
        return bars[stop - 1].close / bars[i].close - 1.0, available
    return None, available
