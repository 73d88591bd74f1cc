"""Both books in plain Python, walked day by day without any exit known beforehand.

Standard library only. Bars are `{ticker: {day: (open, high, low, close)}}`, rows are dicts with
ticker, date, direction, entry, stop, target, rank, qualified; missing values are None.
"""

import math
from datetime import date, timedelta
from itertools import pairwise

EPOCH = date(1970, 1, 1)


def _total(values):
    total = 0.0
    for value in values:
        total += value
    return total


def atr_of(bars, day):
    """ATR(14) on a day of one ticker, in the order of the engine's operations; None without two bars."""
    days = [d for d in sorted(bars) if d <= day][-253:]
    ranges = [
        max(
            bars[d][1] - bars[d][2],
            abs(bars[d][1] - bars[before][3]),
            abs(bars[d][2] - bars[before][3]),
        )
        for before, d in pairwise(days)
    ]
    if not ranges:
        return None
    if len(ranges) < 14:
        return _total(ranges) / len(ranges)
    value = _total(ranges[:14]) * (1.0 / 14.0)
    for true_range in ranges[14:]:
        value = value * (13.0 / 14.0) + true_range * (1.0 / 14.0)
    return value


def _move_stop(position, high, rules):
    """Set the stop of the next day after a bar that neither stopped nor ended a position."""
    position["best"] = max(position["best"], high)
    trail, gain = rules.get("trail_atr", 0.0), rules.get("breakeven_r", 0.0)
    if trail and position["atr"]:
        position["stop"] = max(position["stop"], position["best"] - trail * position["atr"])
    if gain and position["best"] - position["entry"] >= gain * abs(position["entry"] - position["planned"]):
        position["stop"] = max(position["stop"], position["entry"])


class Ledger:
    """Cash, open positions in the order of opening, closed trades and counts of one book."""

    def __init__(self, bars, capital, cost_frac):
        self.bars = bars
        self.cash = capital
        self.cost_frac = cost_frac
        self.open = {}
        self.trades = []
        self.counts = {}

    def count(self, reason):
        self.counts[reason] = self.counts.get(reason, 0) + 1

    def value(self):
        return _total([p["shares"] * p["last"] for p in self.open.values()])

    def equity(self):
        return self.cash + self.value()

    def buy(self, row, number, shares, price, risk, day):
        cost = shares * price * self.cost_frac
        self.cash -= shares * price + cost
        self.open[row["ticker"]] = {
            "row_no": number,
            "shares": shares,
            "paid": price,
            "risk": risk,
            "stop": row["stop"],
            "planned": row["stop"],
            "entry": row["entry"],
            "best": row["entry"],
            "atr": atr_of(self.bars[row["ticker"]], row["date"]),
            "sold": 0.0,
            "target": row["target"] or None,
            "cost": cost,
            "held": 0,
            "last": price,
            "opened": day,
        }

    def sell_part(self, ticker, part, price):
        position = self.open[ticker]
        sold = position["shares"] * part
        cost = sold * price * self.cost_frac
        self.cash += sold * price - cost
        position |= {"shares": position["shares"] - sold, "sold": sold, "sold_at": price, "sold_cost": cost}

    def sell(self, ticker, price, reason, day):
        position = self.open.pop(ticker)
        shares = position["shares"]
        proceeds = shares * price
        cost = proceeds * self.cost_frac
        self.cash += proceeds - cost
        pnl = proceeds - shares * position["paid"] - cost - position["cost"]
        if position["sold"]:
            pnl += position["sold"] * (position["sold_at"] - position["paid"]) - position["sold_cost"]
            price = (proceeds + position["sold"] * position["sold_at"]) / (shares + position["sold"])
            shares += position["sold"]
        risk = position["risk"]
        self.trades.append(
            {
                "row_no": position["row_no"],
                "ticker": ticker,
                "opened": position["opened"],
                "closed": day,
                "shares": shares,
                "paid": position["paid"],
                "received": price,
                "pnl": pnl,
                "gross_r": (price - position["paid"]) / risk if risk > 0 else 0.0,
                "net_r": pnl / (shares * risk) if shares * risk > 0 else 0.0,
                "hold": position["held"],
                "reason": reason,
            }
        )


def _exits_of_the_day(ledger, bars, day, rules, is_last_bar, *, fills_gap):
    for ticker in list(ledger.open):
        bar = bars.get(ticker, {}).get(day)
        if bar is None:
            continue
        bar_open, high, low, close = bar
        position = ledger.open[ticker]
        position["held"] += 1
        position["last"] = close
        if low <= position["stop"]:
            ledger.sell(ticker, min(position["stop"], bar_open), "stop", day)
            continue
        is_hit = rules["policy"] == "target" and position["target"] and high >= position["target"]
        if is_hit and not position["sold"]:
            price = max(position["target"], bar_open) if fills_gap else position["target"]
            part = rules.get("part_frac", 1.0)
            if part == 1.0:
                ledger.sell(ticker, price, "target", day)
                continue
            ledger.sell_part(ticker, part, price)
        if position["held"] >= rules["hold_days"]:
            ledger.sell(ticker, close, "time", day)
        elif is_last_bar(ticker, day):
            ledger.sell(ticker, close * (1.0 + rules["delisting_return"]), "delisted", day)
        else:
            _move_stop(position, high, rules)


def _finish(ledger, curve, rules):
    last = curve[-1]["day"]
    for ticker in list(ledger.open):
        ledger.sell(ticker, ledger.open[ticker]["last"], "open_at_end", last)
    curve[-1] = {"day": last, "equity": ledger.cash, "cash": ledger.cash, "exposure": 0.0, "n": 0}
    return {
        "curve": curve,
        "trades": ledger.trades,
        "counts": ledger.counts,
        **curve_numbers(curve, ledger.trades, rules["capital"]),
    }


def _point(ledger, day):
    equity = ledger.equity()
    value = ledger.value()
    return {
        "day": day,
        "equity": equity,
        "cash": ledger.cash,
        "exposure": value / equity if equity > 0 else 0.0,
        "n": len(ledger.open),
    }


def seed_book(bars, rows, rules):
    """Fill at the signal's close; the calendar is the union of the given bars from the first entry on."""
    by_day = {}
    for number, row in enumerate(rows):
        if row["qualified"] and row["direction"] == "long" and row["entry"] and row["stop"]:
            by_day.setdefault(row["date"], []).append((number, row))
    if not by_day:
        return None
    first = min(by_day)
    calendar = sorted({d for days in bars.values() for d in days if d >= first})
    if not calendar:
        return None
    ledger = Ledger(bars, rules["capital"], rules["cost"])
    curve = []
    for day in calendar:
        _exits_of_the_day(ledger, bars, day, rules, lambda _ticker, _day: False, fills_gap=False)
        equity = ledger.equity()
        for number, row in sorted(by_day.get(day, []), key=lambda x: x[1]["rank"] or 0.0, reverse=True):
            if row["ticker"] in ledger.open:
                continue
            if len(ledger.open) >= rules["max_positions"]:
                ledger.count("slots")
                continue
            risk = row["entry"] - row["stop"]
            if risk <= 0 or row["entry"] <= 0:
                continue
            shares = min(
                equity * rules["risk"] / risk,
                equity * rules["cap"] / row["entry"],
                max(ledger.cash, 0.0) / (row["entry"] * (1.0 + rules["cost"])),
            )
            if shares * row["entry"] < 1.0:
                continue
            ledger.buy(row, number, shares, row["entry"], risk, day)
            equity = ledger.equity()
        curve.append(_point(ledger, day))
    return _finish(ledger, curve, rules)


def honest_book(bars, rows, rules, calendar, start):
    """Fill at the next session's open, on the common calendar from session day `start` on."""
    t_day = calendar[-1]
    last_bar = {ticker: max(days) for ticker, days in bars.items() if days}

    def ends_here(ticker, day):
        return day == last_bar[ticker] and day < t_day - 10

    ledger = Ledger(bars, rules["capital"], rules["cost"])
    curve = []
    previous = None
    equity = rules["capital"]
    for day in calendar:
        if day < start:
            previous = day
            continue
        todays = []
        if previous is not None and day > start:
            for number, row in enumerate(rows):
                if not row["qualified"] or row["date"] != previous:
                    continue
                if row["direction"] != "long":
                    ledger.count("short")
                    continue
                if not row["entry"] or not row["stop"]:
                    ledger.count("no_levels")
                    continue
                bar = bars.get(row["ticker"], {}).get(day)
                if bar is None:
                    ledger.count("no_next_bar")
                elif bar[0] <= row["stop"]:
                    ledger.count("gapped_stop")
                elif row["target"] and bar[0] >= row["target"]:
                    ledger.count("gapped_target")
                else:
                    todays.append((number, row, bar[0]))
        todays.sort(key=lambda x: (x[1]["rank"] is None, -(x[1]["rank"] or 0.0)))
        base = equity
        for number, row, price in todays:
            if row["ticker"] in ledger.open:
                ledger.count("held")
                continue
            if len(ledger.open) >= rules["max_positions"]:
                ledger.count("slots")
                continue
            planned = abs(row["entry"] - row["stop"])
            if planned == 0 or row["entry"] <= 0 or price <= 0:
                ledger.count("size")
                continue
            shares = min(rules["risk"] * base / planned, rules["cap"] * base / row["entry"])
            if shares <= 0 or shares * price < 0.01 * base:
                ledger.count("size")
                continue
            if shares * price * (1.0 + rules["cost"]) > ledger.cash:
                shares = max(ledger.cash, 0.0) / (price * (1.0 + rules["cost"]))
                if shares <= 0 or shares * price < 0.01 * base:
                    ledger.count("cash")
                    continue
            ledger.buy(row, number, shares, price, planned, day)
        _exits_of_the_day(ledger, bars, day, rules, ends_here, fills_gap=True)
        curve.append(_point(ledger, day))
        equity = curve[-1]["equity"]
        previous = day
    return _finish(ledger, curve, rules) if curve else None


def curve_numbers(curve, trades, capital):
    """The economics of a daily curve, unrounded."""
    equity = [point["equity"] for point in curve]
    final = equity[-1]
    years = (curve[-1]["day"] - curve[0]["day"]) / 365.25
    cagr = None
    if years > 0.25 and final > 0:
        cagr = ((final / capital) ** (1.0 / years) - 1.0) * 100.0
    peak, drawdown = -math.inf, 0.0
    for value in equity:
        peak = max(peak, value)
        if peak > 0:
            drawdown = max(drawdown, (peak - value) / peak)
    returns = [b / a - 1.0 for a, b in pairwise(equity) if a > 0]
    sharpe = None
    if len(returns) > 2:
        mean = _total(returns) / len(returns)
        variance = _total([(x - mean) ** 2 for x in returns]) / (len(returns) - 1)
        if variance > 0:
            sharpe = mean / math.sqrt(variance) * math.sqrt(252)
    yearly = []
    base = equity[0]
    for k, point in enumerate(curve):
        year = (EPOCH + timedelta(days=point["day"])).year
        is_last = k == len(curve) - 1
        if is_last or (EPOCH + timedelta(days=curve[k + 1]["day"])).year != year:
            yearly.append((year, (equity[k] / base - 1) * 100 if base > 0 else None))
            base = equity[k]
    gains = [trade["pnl"] for trade in trades]
    n = len(trades)
    return {
        "final_equity": final,
        "total_return_pct": (final / capital - 1.0) * 100.0,
        "cagr_pct": cagr,
        "max_drawdown_pct": drawdown * 100.0,
        "sharpe": sharpe,
        "win_rate": sum(1 for p in gains if p > 0) / n * 100.0 if n else None,
        "avg_trade_pnl": _total(gains) / n if n else None,
        "best_trade_r": max((t["gross_r"] for t in trades), default=None),
        "worst_trade_r": min((t["gross_r"] for t in trades), default=None),
        "best_trade_pnl": max(gains, default=None),
        "worst_trade_pnl": min(gains, default=None),
        "avg_hold_days": sum(t["hold"] for t in trades) / n if n else None,
        "yearly": yearly,
    }


def equal_weight_hold(bars, tickers, calendar, start, capital, delisting_return=0.0):
    """Equal dollars at the close of `start`; an ended ticker's value goes pro rata to the rest."""
    t_day = calendar[-1]
    shares = {t: capital / len(tickers) / bars[t][start][3] for t in tickers}
    last = {t: bars[t][start][3] for t in tickers}
    idle = 0.0
    curve = []
    for day in [d for d in calendar if d >= start]:
        for t in shares:
            if day in bars[t]:
                last[t] = bars[t][day][3]
        if day == start:
            curve.append(capital)
        ending = [t for t in shares if day == max(bars[t]) and day < t_day - 10]
        freed = sum(shares[t] * last[t] * (1 + delisting_return) for t in ending)
        for t in ending:
            del shares[t]
        rest = sum(shares[t] * last[t] for t in shares)
        if rest > 0:
            for t in shares:
                shares[t] *= 1 + freed / rest
        else:
            idle += freed
        if day > start:
            curve.append(idle + sum(shares[t] * last[t] for t in shares))
    return curve
