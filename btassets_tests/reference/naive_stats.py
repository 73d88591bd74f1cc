"""The legacy profile's report of given setups in plain Python: grading, ranks, gate, statistics, books.

Standard library only, rows as dicts, one rule at a time. Bars of a ticker are a list of
(date, open, high, low, close), ascending; a setup has ticker, date, direction, entry, stop, target, rr,
confidence, action, risk_level, momentum, residual_momentum (None = missing). The weekly factor table and
the walk of a book come from `naive_ic` and `naive_book`.
"""

import math
from datetime import date

from btassets_tests.reference import naive_book, naive_ic

HOLDS = (5, 10, 21, 30)
HORIZON = 30
CUTOFFS = (90.0, 80.0, 70.0, 60.0, 50.0, 0.0)
COST = 0.001
VARIANTS = (
    ("production_residual_80_fixed10", "activation", 80.0, 10),
    ("legacy_raw_80_fixed10", "raw", 80.0, 10),
    ("raw_90_fixed10", "raw", 90.0, 10),
    ("residual_80_fixed15", "activation", 80.0, 15),
)
EPOCH = date(1970, 1, 1)


def left_to_right(values):
    result = 0.0
    for value in values:
        result += value
    return result


def tie_order(rows):
    rank = {"long": 0, "short": 1}
    return sorted(rows, key=lambda r: (r["ticker"].encode(), r["date"], rank.get(r["direction"], 2)))


def grade(row, bars, holds=HOLDS, horizon=HORIZON):
    """Result of one setup from the bars after its own, or None when neither touch nor the horizon decides it."""
    if all(bar[0] != row["date"] for bar in bars):
        return None
    ahead = [bar for bar in bars if bar[0] > row["date"]]
    up = row["direction"] == "long"
    entry, stop, target = row["entry"], row["stop"], row["target"]
    risk = abs(entry - stop)

    def is_stopped(bar):
        return bar[3] <= stop if up else bar[2] >= stop

    def is_paid(bar):
        return bar[2] >= target if up else bar[3] <= target

    def stopped_at(bar):
        if risk <= 0 or entry <= 0:
            return -1.0
        price = min(stop, bar[1]) if up else max(stop, bar[1])
        return (price - entry) / risk if up else (entry - price) / risk

    outcome, hold, r = None, horizon, 0.0
    for day, bar in enumerate(ahead[:horizon], start=1):
        touches = (is_stopped(bar), is_paid(bar))
        if any(touches):
            outcome = {(True, True): "ambiguous", (True, False): "stop_hit", (False, True): "target_hit"}[touches]
            hold = day
            r = row["rr"] if outcome == "target_hit" else stopped_at(bar)
            break
    if outcome is None:
        if len(ahead) < horizon:
            return None
        outcome = "expired"

    stop_days = [day for day, bar in enumerate(ahead[: max(horizon, *holds)], start=1) if is_stopped(bar)]
    stop_day = stop_days[0] if stop_days else None
    frac = risk / entry if entry else 0.0
    time_r = {}
    for n in holds:
        if n > horizon and n > len(ahead):
            time_r[n] = None  # a hold beyond the horizon needs all its bars
        elif frac <= 0:
            time_r[n] = 0.0
        elif stop_day is not None and stop_day <= n:
            time_r[n] = stopped_at(ahead[stop_day - 1])
        else:
            close = ahead[min(n, len(ahead)) - 1][4]
            time_r[n] = ((close - entry) / entry if up else (entry - close) / entry) / frac
    return {
        "outcome": outcome,
        "realized_r": r,
        "hold_days": hold,
        "stop_day": stop_day,
        "risk_pct": frac,
        "time_r": time_r,
    }


def rank_rows(rows, value, out):
    """Position among the week's rows with a value, 0-100; equal values in the order of the rows."""
    weeks = {}
    for row in rows:
        row[out] = None
        if row[value] is not None:
            weeks.setdefault(row["date"].isocalendar()[:2], []).append(row)
    for members in weeks.values():
        for place, row in enumerate(sorted(members, key=lambda r: r[value])):
            row[out] = place / (len(members) - 1) * 100.0 if len(members) > 1 else 100.0


def floors_of(row, gates):
    action = row["action"] or ""
    points = "long" if action.startswith("LONG_") else "short" if action.startswith("SHORT_") else "neutral"
    high = not gates["require_high_conviction"] or action in ("LONG_HIGH", "SHORT_HIGH")
    calm = not gates["exclude_conflicts"] or row["risk_level"] == "Low"
    return {
        "rr": row["rr"] >= gates["min_rr"],
        "confidence": (row["confidence"] or 0.0) >= gates["min_confidence"],
        "neutral": not gates["exclude_neutral"] or (points != "neutral" and points == row["direction"]),
        "optional": high and calm,
    }


def passes_momentum(row, cutoff, key="activation"):
    if cutoff <= 0:
        return True
    return row["direction"] != "short" and row[key] is not None and row[key] >= cutoff


def cost_of(row):
    return 2.0 * COST / row["risk_pct"] if row["risk_pct"] > 0 else 0.0


def shape_of(net):
    if not net:
        return dict.fromkeys(("median_net_r", "profit_factor", "net_avg_r_ex_top5"))
    ascending = sorted(net)
    middle = len(net) // 2
    median = ascending[middle] if len(net) % 2 else (ascending[middle - 1] + ascending[middle]) / 2
    gains = left_to_right(r for r in net if r > 0)
    losses = -left_to_right(r for r in net if r < 0)
    rest = sorted(net, reverse=True)[math.ceil(len(net) * 0.05) :]
    return {
        "median_net_r": round(median, 3),
        "profit_factor": round(gains / losses, 2) if losses > 0 else None,
        "net_avg_r_ex_top5": round(left_to_right(rest) / len(rest), 3) if rest else None,
    }


def money_of(gross, net, holds):
    n = len(gross)
    held = sum(holds) / len(holds) if holds else None
    mean = left_to_right(net) / n if n else None
    return {
        "avg_r": round(left_to_right(gross) / n, 3) if n else None,
        "total_r": round(left_to_right(gross), 2) if n else None,
        "net_avg_r": round(mean, 3) if n else None,
        "net_total_r": round(left_to_right(net), 2) if n else None,
        "best_r": round(max(gross), 2) if n else None,
        "worst_r": round(min(gross), 2) if n else None,
        "avg_hold_days": round(held, 1) if held is not None else None,
        "net_r_per_day": round(mean / held, 4) if n and held else None,
        **shape_of(net),
    }


def has_no_target(row):
    return row["target"] is None and row["rr"] is None


def race_stats(rows):
    # A setup without a target has nothing to hit: its result decides.
    aimless = [row["realized_r"] for row in rows if has_no_target(row)]
    outcomes = [row["outcome"] for row in rows if not has_no_target(row)]
    wins = outcomes.count("target_hit") + sum(r > 0 for r in aimless)
    losses = outcomes.count("stop_hit") + outcomes.count("ambiguous") + sum(r < 0 for r in aimless)
    gross = [row["realized_r"] for row in rows]
    net = [row["realized_r"] - cost_of(row) for row in rows]
    return {
        "total": len(rows),
        "wins": wins,
        "losses": losses,
        "expired": len(rows) - wins - losses,
        "hit_rate": round(wins / (wins + losses) * 100, 1) if wins + losses else None,
        **money_of(gross, net, [row["hold_days"] for row in rows if row["hold_days"]]),
    }


def hold_stats(rows, n, horizon=HORIZON):
    rows = [row for row in rows if row["time_r"][n] is not None]
    beside = {}
    if n > horizon:
        beside["target_net_avg_r"] = race_stats(rows)["net_avg_r"]
    gross = [row["time_r"][n] for row in rows]
    net = [row["time_r"][n] - cost_of(row) for row in rows]
    wins = sum(1 for r in gross if r > 0)
    return {
        "hold_days": n,
        "total": len(rows),
        "wins": wins,
        "win_rate": round(wins / len(rows) * 100, 1) if rows else None,
        **money_of(gross, net, [min(n, row["stop_day"] or n) for row in rows]),
        **beside,
    }


def ablation(rows, cutoff, holds=HOLDS):
    variants = {
        "all_floors": ("rr", "confidence", "neutral", "optional"),
        "no_confidence_floor": ("rr", "neutral", "optional"),
        "no_rr_floor": ("confidence", "neutral", "optional"),
        "no_neutral_exclusion": ("rr", "confidence", "optional"),
        "momentum_only": (),
    }
    table = []
    for name, floors in variants.items():
        kept = [r for r in rows if passes_momentum(r, cutoff) and all(r["floors"][f] for f in floors)]
        hold = hold_stats(kept, max(holds))
        beside = {f"hold_{key}": hold[key] for key in ("avg_r", "net_avg_r", "total_r")}
        table.append({"variant": name, **race_stats(kept), "hold_days": max(holds), **beside})
    return table


def benchmark_return(benchmark, start, end):
    """Percent from the first close on or after `start` to the last on or before `end`."""
    before = next((close for day, close in sorted(benchmark.items()) if day >= start), None)
    after = next((close for day, close in sorted(benchmark.items(), reverse=True) if day <= end), None)
    return (after / before - 1.0) * 100.0 if before and after and before > 0 and after > 0 else None


def book(rows, prices, benchmark, key, qualifies, *, policy, days, slots=10):
    """Report row of one book, None when it has nothing to trade."""
    given = [{**row, "date": (row["date"] - EPOCH).days, "rank": row[key], "qualified": qualifies(row)} for row in rows]
    rules = {
        "capital": 10_000.0,
        "cost": COST,
        "max_positions": slots,
        "risk": 0.01,
        "cap": 0.20,
        "policy": policy,
        "hold_days": days,
        "delisting_return": 0.0,
    }
    walked = naive_book.seed_book(prices, given, rules)
    if walked is None:
        return None
    curve, trades, counts = walked["curve"], walked["trades"], walked["counts"]
    numbers = naive_book.curve_numbers(curve, trades, rules["capital"])
    first, last = curve[0]["day"], curve[-1]["day"]
    spy = benchmark_return({(d - EPOCH).days: c for d, c in benchmark.items()}, first, last) if benchmark else None
    digits = {"final_equity": 2, "total_return_pct": 1, "cagr_pct": 1, "max_drawdown_pct": 1, "sharpe": 2}
    digits |= {"win_rate": 1, "avg_trade_pnl": 2, "best_trade_r": 2, "worst_trade_r": 2}
    digits |= {"best_trade_pnl": 2, "worst_trade_pnl": 2, "avg_hold_days": 1}
    return {
        "starting_capital": rules["capital"],
        **{name: None if numbers[name] is None else round(numbers[name], d) for name, d in digits.items()},
        "trades": len(trades),
        "skipped_book_full": counts.get("slots", 0),
        "spy_return_pct": None if spy is None else round(spy, 1),
        "yearly_returns": [
            {"year": year, "return_pct": None if pct is None else round(pct, 1)} for year, pct in numbers["yearly"]
        ],
        "start_date": date.fromordinal(EPOCH.toordinal() + first).isoformat(),
        "end_date": date.fromordinal(EPOCH.toordinal() + last).isoformat(),
    }


def books(rows, bars, benchmark, holds=HOLDS, horizon=HORIZON):
    """Both exit policies and the variants over the bars of every ticker that any of them could trade."""

    def variant_test(key, cutoff):
        return lambda row: row["meets_core"] and passes_momentum(row, cutoff, key)

    tests = {name: variant_test(key, cutoff) for name, key, cutoff, _ in VARIANTS}
    traded = {r["ticker"] for r in rows if r["qualified"] or any(test(r) for test in tests.values())}
    prices = {t: {(b[0] - EPOCH).days: b[1:] for b in bars[t]} for t in traded}
    policies = []
    for policy in ("target", "hold"):
        days = horizon if policy == "target" else max(holds)
        found = book(rows, prices, benchmark, "activation", lambda row: row["qualified"], policy=policy, days=days)
        if found is not None:
            policies.append({"policy": policy, **found})
    variants = []
    for name, key, cutoff, slots in VARIANTS:
        found = book(rows, prices, benchmark, key, tests[name], policy="hold", days=max(holds), slots=slots)
        if found is not None:
            head = {"variant": name, "ranking": "raw" if key == "raw" else "residual", "cutoff": cutoff}
            head |= {"max_positions": slots, "risk_per_trade_pct": 1.0, "risk_scale": None}
            variants.append({**head, **found})
    return policies, variants


def factor_rows(bars, benchmark):
    by_week, names = {}, set()
    for ticker in sorted(bars, key=str.encode):
        for year, week, values, forward in naive_ic.own_week_rows(bars[ticker], benchmark, HORIZON):
            by_week.setdefault((year, week), []).append((values, forward))
            names |= set(values)
    return naive_ic.factor_table(by_week, names, HORIZON)


def seed_report(setups, bars, benchmark, gates, holds=HOLDS, horizon=HORIZON):
    """(graded rows, numbers of the report) of the setups that can be graded, in the tie order."""
    rows = []
    for setup in tie_order(setups):
        found = grade(setup, bars.get(setup["ticker"], []), holds, horizon)
        if found is not None:
            rows.append({**setup, **found})
    rank_rows(rows, "momentum", "raw")
    rank_rows(rows, "residual_momentum", "residual")
    cutoff = gates["min_momentum_percentile"]
    for row in rows:
        row["activation"] = row["raw"] if row["residual"] is None else row["residual"]
        row["floors"] = floors_of(row, gates)
        row["meets_core"] = all(row["floors"].values())
        row["qualified"] = row["meets_core"] and passes_momentum(row, cutoff)
    qualified = [row for row in rows if row["qualified"]]
    policies, variants = books(rows, bars, benchmark, holds, horizon)
    return rows, {
        "tickers": len(bars),
        "candidates": len(rows),
        "qualified": sum(1 for _ in qualified),
        "overall_qualified": race_stats(qualified),
        "overall_all": race_stats(rows),
        "by_direction": {d: race_stats([r for r in qualified if r["direction"] == d]) for d in ("long", "short")},
        "sweep": [
            {
                "min_momentum_percentile": c,
                **race_stats([r for r in rows if r["meets_core"] and passes_momentum(r, c)]),
            }
            for c in CUTOFFS
        ],
        "gate_ablation": ablation(rows, cutoff, holds),
        "time_exit_sweep": [hold_stats(qualified, n, horizon) for n in holds],
        "portfolio_sim": policies,
        "strategy_variants": variants,
        "signal_eval": factor_rows(bars, benchmark),
    }


def week_ends(bars):
    """Last session of every completed ISO week of the union of the dates; the last session is T."""
    sessions = sorted({bar[0] for own in bars.values() for bar in own})
    last_of_week = {day.isocalendar()[:2]: day for day in sessions}
    return [day for day in last_of_week.values() if day != sessions[-1] or day.weekday() >= 4]


def after_last_gap(own, gap_days=30):
    start = 0
    for k in range(1, len(own)):
        if (own[k][0] - own[k - 1][0]).days > gap_days:
            start = k
    return own[start:]


def ticker_percentiles(bars, benchmark):
    """{week end: {ticker: (raw, residual, activation)}} over tickers with a year of bars there."""
    table = {}
    for day in week_ends(bars):
        values = {}
        for ticker, own in bars.items():
            known = after_last_gap([bar for bar in own if bar[0] <= day])
            if known and known[-1][0] == day and len(known) >= 253:
                found = naive_ic.signals(known, len(known) - 1, benchmark)
                values[ticker] = (found.get("mom_12_1"), found.get("mom_12_1_resid"))
        if not values:
            continue
        names, weeks, in_it = list(values), [0] * len(values), [True] * len(values)
        raw = naive_ic.mean_rank_percentiles(weeks, [values[t][0] for t in names], in_it)
        residual = naive_ic.mean_rank_percentiles(weeks, [values[t][1] for t in names], in_it)
        n_residual = sum(1 for t in names if values[t][1] is not None)
        used = residual if 2 * n_residual >= len(names) else raw
        table[day] = {t: ranks for t, *ranks in zip(names, raw, residual, used, strict=True)}
    return table
