"""Grading in plain Python, as an event list per trade; standard library only.

Belongs here: an independent second telling of docs/method/engine/grading.md. Does not belong here:
anything from btassets. The order of float operations is the legacy profile's.
"""

from itertools import pairwise

TIMES = (5, 10, 21, 30)


def forward_of(bars, i, is_ended, horizon=30):
    """(forward bars, why they end before the horizon: None, "delisted" or "unknown")."""
    ahead = bars[i + 1 : i + 1 + horizon]
    if len(ahead) == horizon:
        return ahead, None
    return ahead, "delisted" if is_ended else "unknown"


def naive_atr(bars):
    """ATR(14) of Wilder over these bars; the mean true range of a short history, None of a single bar."""
    ranges = [max(bar.high, before.close) - min(bar.low, before.close) for before, bar in pairwise(bars)]
    if not ranges:
        return None
    if len(ranges) < 14:
        return sum(ranges) / len(ranges)
    value = sum(ranges[:14]) / 14
    for true_range in ranges[14:]:
        value += (true_range - value) / 14
    return value


def stop_levels(ahead, direction, entry, stop, atr, trail_atr, breakeven_r):
    """The stop of each day; each bar before it may have moved it towards the price."""
    levels = []
    for k in range(len(ahead)):
        past = ahead[:k]
        if direction == "long":
            best = max([entry, *(bar.high for bar in past)])
            allowed = [stop]
            if trail_atr and atr:
                tops = [max([entry, *(bar.high for bar in past[:m])]) for m in range(1, k + 1)]
                allowed += [top - trail_atr * atr for top in tops]
            if breakeven_r and k and best - entry >= breakeven_r * abs(entry - stop):
                allowed.append(entry)
            levels.append(max(allowed))
        else:
            best = min([entry, *(bar.low for bar in past)])
            allowed = [stop]
            if trail_atr and atr:
                lows = [min([entry, *(bar.low for bar in past[:m])]) for m in range(1, k + 1)]
                allowed += [low + trail_atr * atr for low in lows]
            if breakeven_r and k and entry - best >= breakeven_r * abs(entry - stop):
                allowed.append(entry)
            levels.append(min(allowed))
    return levels


def events_of(ahead, direction, stops, target):
    """(day, "stop" | "target") in order of time, the stop first within a day; `stops` has the level of each day."""
    events = []
    for (day, bar), stop in zip(enumerate(ahead, start=1), stops, strict=False):
        adverse, favourable = (bar.low, bar.high) if direction == "long" else (bar.high, bar.low)
        if (adverse <= stop) if direction == "long" else (adverse >= stop):
            events.append((day, "stop"))
        if (favourable >= target) if direction == "long" else (favourable <= target):
            events.append((day, "target"))
    return events


def grade(
    bars,
    i,
    direction,
    entry,
    stop,
    target,
    rr,
    sessions,
    benchmark,
    *,
    is_ended=False,
    horizon=30,
    holds=TIMES,
    trail_atr=0.0,
    breakeven_r=0.0,
    part_frac=1.0,
):
    """Graded columns of one setup, None for missing; `sessions` end at T, `benchmark` is date -> prices."""
    if target is None:
        target = float("inf") if direction == "long" else float("-inf")
    raced, cut = forward_of(bars, i, is_ended, horizon)
    ahead = forward_of(bars, i, is_ended, max(horizon, *holds))[0]
    here = bars[i]
    row = {"n_forward": len(ahead), "risk_pct": abs(entry - stop) / entry}
    row["drop_open"], row["fill_open"] = open_fill(ahead, here, direction, stop, target, sessions)
    is_filled = row["fill_open"] is not None
    if is_filled:
        row["risk_pct_open"] = abs(entry - stop) / row["fill_open"]
    if cut == "unknown":
        return row

    atr = naive_atr(bars[max(i - 252, 0) : i + 1])
    stops = stop_levels(ahead, direction, entry, stop, atr, trail_atr, breakeven_r)
    events = events_of(raced, direction, stops, target)
    first_day = events[0][0] if events else None
    on_first_day = {kind for day, kind in events if day == first_day}
    if not events:
        outcome, reason, hold = "expired", cut or "time", len(raced)
    elif on_first_day == {"target"}:
        outcome, reason, hold = "target_hit", "target", first_day
    else:
        outcome = "ambiguous" if "target" in on_first_day else "stop_hit"
        reason, hold = "stop", first_day
    stop_days = [day for day, kind in events_of(ahead, direction, stops, target) if kind == "stop"]
    stop_day = stop_days[0] if stop_days else None
    stop_price = None
    if stop_day is not None:
        bar_open, level = ahead[stop_day - 1].open, stops[stop_day - 1]
        stop_price = min(level, bar_open) if direction == "long" else max(level, bar_open)
    is_split = outcome == "target_hit" and part_frac < 1.0 and entry != stop
    target_day, rest_price = hold, None
    if is_split:
        is_stopped = stop_day is not None and stop_day <= len(raced)
        reason, hold = ("stop", stop_day) if is_stopped else (cut or "time", len(raced))
        rest_price = stop_price if is_stopped else raced[-1].close
    last_date = ahead[-1].date if ahead else here.date

    def close_r(price):
        move = (price - entry) / entry if direction == "long" else (entry - price) / entry
        return move / (abs(entry - stop) / entry)

    def level_r(price):
        return (price - entry if direction == "long" else entry - price) / abs(entry - stop)

    def open_r(price):
        return (1.0 if direction == "long" else -1.0) * (price - row["fill_open"]) / abs(entry - stop)

    suffixes = ("", "_open") if is_filled else ("",)
    for suffix in suffixes:
        row[f"outcome{suffix}"] = outcome
        row[f"exit_reason{suffix}"] = reason
        row[f"hold_days{suffix}"] = hold
        row[f"stop_day{suffix}"] = stop_day
        row[f"label_end_date{suffix}"] = last_date
        start = benchmark_price(benchmark, here.date, 1) if not suffix else benchmark_price(benchmark, ahead[0].date, 0)
        known = [n for n in holds if n <= max(horizon, len(ahead)) or is_ended]
        exits = {f"time_r_{n}": exit_of(n, stop_day, len(ahead)) for n in known}
        for n in known:
            kind, day = exits[f"time_r_{n}"]
            if kind == "stop":
                value = open_r(stop_price) if suffix else level_r(stop_price)
            elif not ahead:
                value = 0.0
            else:
                value = open_r(ahead[day - 1].close) if suffix else close_r(ahead[day - 1].close)
            row[f"time_r_{n}{suffix}"] = value
            row[f"bench_ret_{n}{suffix}"] = benchmark_return(benchmark, start, day_date(here, ahead, day))
        moved = benchmark_return(benchmark, start, day_date(here, ahead, target_day))
        if is_split and moved is not None:
            later = benchmark_return(benchmark, start, day_date(here, ahead, hold))
            moved = None if later is None else part_frac * moved + (1.0 - part_frac) * later
        row[f"bench_ret_target{suffix}"] = moved
        if outcome == "target_hit":
            first_price = ahead[target_day - 1].open
            beyond = max(first_price - target, 0.0) if direction == "long" else max(target - first_price, 0.0)
            race = open_r(target) if suffix else rr
            mtm = race
            if beyond > 0.0:
                mtm = open_r(first_price) if suffix else rr + beyond / abs(entry - stop)
        elif outcome != "expired":
            mtm = open_r(stop_price) if suffix else level_r(stop_price)
        elif not ahead:
            mtm = 0.0
        else:
            mtm = open_r(raced[-1].close) if suffix else close_r(raced[-1].close)
        if is_split:
            rest = open_r(rest_price) if suffix else level_r(rest_price)
            mtm = part_frac * mtm + (1.0 - part_frac) * rest
            race = part_frac * race + (1.0 - part_frac) * rest
        row[f"r_mtm{suffix}"] = mtm
        if entry != stop:
            start_price = row["fill_open"] if suffix else entry
            ending = {"stop": "stop_hit", "target": "target_hit"}.get(reason, "expired")
            seen = prices_while_held(ahead[:hold], ending, direction, stop_price, target)
            row |= extremes_of(seen, direction, start_price, abs(entry - stop), suffix)
        is_zero = outcome == "expired" and reason == "time"
        row[f"realized_r{suffix}"] = 0.0 if is_zero else race if outcome == "target_hit" else mtm
    return row


def prices_while_held(held, outcome, direction, stop, target):
    """(day, price) of every price that an open position certainly met, in order of the days."""
    seen = []
    for day, bar in enumerate(held, start=1):
        if day < len(held) or outcome == "expired":
            seen += [(day, bar.low), (day, bar.high)]
            continue
        is_up = direction == "long"
        if outcome == "target_hit":
            is_gap = bar.open >= target if is_up else bar.open <= target
            if is_gap:
                seen.append((day, bar.open))
            else:
                seen += [(day, bar.low if is_up else bar.high), (day, target)]
        else:
            seen += [(day, bar.open), (day, min(stop, bar.open) if is_up else max(stop, bar.open))]
    return seen


def extremes_of(seen, direction, start, risk, suffix):
    """Worst and best price in R of the start, with the first day of each; the start itself is day 0."""
    sign = 1.0 if direction == "long" else -1.0
    values = [(0.0, 0), *((sign * (price - start) / risk, day) for day, price in seen)]
    worst = min(value for value, _ in values)
    best = max(value for value, _ in values)
    return {
        f"mae_r{suffix}": worst,
        f"mae_day{suffix}": min(day for value, day in values if value == worst),
        f"mfe_r{suffix}": best,
        f"mfe_day{suffix}": min(day for value, day in values if value == best),
    }


def open_fill(ahead, here, direction, stop, target, sessions):
    """(drop reason, fill): both None while the next session is still to come."""
    later = [session for session in sessions if session > here.date]
    if not later:
        return None, None
    if not ahead or ahead[0].date != later[0]:
        return "no_next_bar", None
    price = ahead[0].open
    if (price <= stop) if direction == "long" else (price >= stop):
        return "gapped_stop", None
    if (price >= target) if direction == "long" else (price <= target):
        return "gapped_target", None
    return None, price


def exit_of(n, stop_day, n_ahead):
    day = min(n, n_ahead)
    if stop_day is not None and stop_day <= day:
        return "stop", stop_day
    return "close", day


def day_date(here, ahead, day):
    return ahead[day - 1].date if day > 0 else here.date


def benchmark_price(benchmark, date, which):
    prices = benchmark.get(date)
    return None if prices is None else prices[which]


def benchmark_return(benchmark, start, date):
    end = benchmark_price(benchmark, date, 1)
    return None if start is None or end is None else end / start - 1.0
