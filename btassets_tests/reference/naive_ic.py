"""Factor signals, weekly rank ICs, percentiles and thinned factor rows in plain Python.

Standard library only. Bars of a ticker are a list of (date, open, high, low, close), ascending.
"""

import math

MIN_NAMES = 20


def total(values):
    """Strictly left to right: the builtin compensates from Python 3.12 on."""
    result = 0.0
    for value in values:
        result += value
    return result


def mean_ranks(values):
    ranks = []
    for value in values:
        below = sum(1 for other in values if other < value)
        equal = sum(1 for other in values if other == value)
        ranks.append(below + (equal + 1) / 2)
    return ranks


def spearman(xs, ys):
    n = len(xs)
    if n < 3:
        return None
    a, b = mean_ranks(xs), mean_ranks(ys)
    mean_a, mean_b = total(a) / n, total(b) / n
    var_a = total((x - mean_a) ** 2 for x in a)
    var_b = total((y - mean_b) ** 2 for y in b)
    if var_a <= 0 or var_b <= 0:
        return None
    return total((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True)) / math.sqrt(var_a * var_b)


def quintile_spread(xs, ys):
    n = len(xs)
    if n < 10:
        return None
    order = sorted(range(n), key=lambda k: xs[k])
    fifth = n // 5
    top = total(ys[k] for k in order[n - fifth :]) / fifth
    return top - total(ys[k] for k in order[:fifth]) / fifth


def row_percentiles(weeks, values):
    """Equal values are split by row order; one value alone gets 100."""
    result = [None] * len(values)
    for week in set(weeks):
        rows = [k for k in range(len(values)) if weeks[k] == week and values[k] is not None]
        rows.sort(key=lambda k: values[k])
        for position, k in enumerate(rows):
            result[k] = position / (len(rows) - 1) * 100.0 if len(rows) > 1 else 100.0
    return result


def mean_rank_percentiles(weeks, values, eligible):
    result = [None] * len(values)
    for week in set(weeks):
        rows = [k for k in range(len(values)) if weeks[k] == week and eligible[k] and values[k] is not None]
        if len(rows) > 1:
            for k, rank in zip(rows, mean_ranks([values[k] for k in rows]), strict=True):
                result[k] = 100.0 * (rank - 1) / (len(rows) - 1)
    return result


def signals(bars, i, benchmark):
    """The eight price signals at bar i; an unavailable one is absent."""
    dates = [b[0] for b in bars]
    highs = [b[2] for b in bars]
    c = [b[4] for b in bars]
    out = {}
    for name, back in (("mom_12_1", 252), ("mom_6_1", 126), ("mom_3_1", 63)):
        if i >= back and c[i - back] > 0:
            out[name] = c[i - 21] / c[i - back] - 1.0
    if i >= 21 and c[i - 21] > 0:
        out["reversal_1m"] = c[i] / c[i - 21] - 1.0
    if i >= 199:
        average = total(c[i - 199 : i + 1]) / 200.0
        if average > 0:
            out["trend_200"] = c[i] / average - 1.0
    if i >= 251 and max(highs[i - 251 : i + 1]) > 0:
        out["high_52w"] = c[i] / max(highs[i - 251 : i + 1])
    if i >= 126:
        moves = [c[k] / c[k - 1] - 1.0 for k in range(i - 125, i + 1) if c[k - 1] > 0]
        if len(moves) > 1:
            mean = total(moves) / len(moves)
            out["vol_6m"] = math.sqrt(total((x - mean) ** 2 for x in moves) / (len(moves) - 1))
    if i >= 252:
        pairs = []
        for k in range(i - 251, i - 20):
            before, now = benchmark.get(dates[k - 1]), benchmark.get(dates[k])
            if c[k - 1] > 0 and before is not None and now is not None and before > 0:
                pairs.append((c[k] / c[k - 1] - 1.0, now / before - 1.0))
        if len(pairs) >= 100:
            mean_s = total(p[0] for p in pairs) / len(pairs)
            mean_m = total(p[1] for p in pairs) / len(pairs)
            variance = total((p[1] - mean_m) ** 2 for p in pairs)
            if variance > 0:
                beta = total((s - mean_s) * (m - mean_m) for s, m in pairs) / variance
                out["mom_12_1_resid"] = total(s - beta * m for s, m in pairs)
    return out


def own_week_rows(bars, benchmark, horizon):
    """(iso year, iso week, signals, forward return) at the ticker's last bar of every ISO week."""
    rows = []
    if len(bars) < horizon + 21:
        return rows
    weeks = [b[0].isocalendar()[:2] for b in bars]
    for i, week in enumerate(weeks):
        is_last = i == len(bars) - 1 or weeks[i + 1] != week
        if is_last and i + horizon < len(bars) and bars[i][4] > 0:
            rows.append((*week, signals(bars, i, benchmark), bars[i + horizon][4] / bars[i][4] - 1.0))
    return rows


def factor_table(by_week, names, horizon):
    """Rounded factor rows from `{(year, week): [(signals, forward), ...]}`, tickers in tie order."""
    stride = max(1, round(horizon / 5))
    table = []
    for name in sorted(names):
        scored = {}
        for week, members in by_week.items():
            pairs = [(s[name], forward) for s, forward in members if name in s]
            if len(pairs) >= MIN_NAMES:
                scored[week] = pairs
        last, ics, spreads, sizes = None, [], [], []
        for week in sorted(scored, key=lambda w: w[0] * 53 + w[1]):
            ordinal = week[0] * 53 + week[1]
            if last is not None and ordinal - last < stride:
                continue
            last = ordinal
            xs, ys = [p[0] for p in scored[week]], [p[1] for p in scored[week]]
            sizes.append(len(xs))
            ic, spread = spearman(xs, ys), quintile_spread(xs, ys)
            if ic is not None:
                ics.append(ic)
            if spread is not None:
                spreads.append(spread)
        if not ics:
            continue
        n = len(ics)
        mean = total(ics) / n
        deviation = math.sqrt(total((x - mean) ** 2 for x in ics) / (n - 1)) if n > 1 else 0.0
        table.append(
            {
                "signal": name,
                "weeks": n,
                "avg_cross_section": round(sum(sizes) / len(sizes), 1),
                "mean_ic": round(mean, 4),
                "ic_t_stat": round(mean / deviation * math.sqrt(n), 2) if deviation > 0 else None,
                "ic_positive_pct": round(sum(1 for x in ics if x > 0) / n * 100, 1),
                "mean_quintile_spread": round(total(spreads) / len(spreads), 4) if spreads else None,
                "reliable": n >= 12,
            }
        )
    return sorted(table, key=lambda row: row["mean_ic"], reverse=True)
