"""A small market and a candidate table that are awkward on purpose, for the grade tests.

Bars are lists of (date, open, high, low, close); rows are dicts as in `naive_stats`. Twins, late
starts, early ends, holes; irregular dates, several rows in a ticker-week, missing scores, ties, stops on
the wrong side and at the entry, rounded R:R, tickers and dates without a bar.
"""

import random
from datetime import date, timedelta

FIRST_DAY = date(2019, 1, 2)
ACTIONS = ("LONG_HIGH", "LONG_MODERATE", "NEUTRAL", "SHORT_MODERATE", "SHORT_HIGH", None)


def make_market(seed, n_tickers=26, n_days=330):
    """(bars by ticker, benchmark closes by date); the benchmark starts late and misses days."""
    rng = random.Random(seed)
    weekdays = [d for k in range(3 * n_days) if (d := FIRST_DAY + timedelta(days=k)).weekday() < 5][:n_days]
    bars = {}
    for k in range(n_tickers):
        days = weekdays
        if k in (1, 2):
            days = days[: rng.randint(60, n_days - 40)]
        if k in (3, 4):
            days = days[rng.randint(20, n_days // 2) :]
        if k == 5:
            days = days[:150] + days[180:]
        close = rng.uniform(10, 80)
        rows = []
        for day in days:
            if k == 6 and rng.random() < 0.2:
                continue
            before = close
            close = max(1.0, round(close * (1 + rng.gauss(0.0004, 0.02)), 2))
            first = round(before * (1 + rng.gauss(0, 0.01)), 2)
            high = round(max(first, close) * (1 + rng.random() * 0.01), 2)
            low = round(min(first, close) * (1 - rng.random() * 0.01), 2)
            rows.append((day, first, high, low, close))
        bars[f"T{k:02d}"] = rows
    bars["T07.B"] = list(bars["T07"])
    close, benchmark = 200.0, {}
    for day in weekdays[5:]:
        close *= 1 + rng.gauss(0.0003, 0.01)
        if rng.random() > 0.02:
            benchmark[day] = round(close, 2)
    return bars, benchmark


def make_setups(seed, bars, per_ticker=14):
    """Rows in random order, some of which cannot be graded."""
    rng = random.Random(seed)
    rows = []
    for ticker in [*bars, "GONE"]:
        own = bars.get(ticker) or next(iter(bars.values()))
        for _ in range(per_ticker):
            day, _, _, _, close = own[rng.randrange(30, len(own))]
            if rng.random() < 0.03:
                day += timedelta(days=rng.randint(1, 3))
            directions = rng.choice([("long",), ("short",), ("long", "short"), ("long", "long")])
            rows += [_setup(rng, ticker, day, direction, close) for direction in directions]
    rng.shuffle(rows)
    return rows


def _setup(rng, ticker, day, direction, close):
    side = 1 if direction == "long" else -1
    width = close * rng.uniform(0.005, 0.08)
    stop = round(close - side * width, 2)
    if rng.random() < 0.04:
        stop = rng.choice([close, close + side * width])
    target = round(close + side * width * rng.uniform(0.5, 4), 2)
    return {
        "ticker": ticker,
        "date": day,
        "direction": direction,
        "entry": close,
        "stop": stop,
        "target": target,
        "rr": round(abs(target - close) / abs(close - stop), 1) if stop != close else 1.0,
        "confidence": rng.choice([None, float(round(rng.uniform(30, 100)))]),
        "primary_prob": rng.uniform(10, 60),
        "best_prob": rng.uniform(10, 70),
        "momentum": rng.choice([None, round(rng.gauss(0, 1), 1), rng.gauss(0, 1), 0.0, -0.0]),
        "residual_momentum": rng.choice([None, None, round(rng.gauss(0, 1), 1), rng.gauss(0, 1)]),
        "action": rng.choice(ACTIONS),
        "risk_level": rng.choice(["Low", "Medium", "High", None]),
    }
