"""A broker's file with the disorder of real ones, and what is true of it.

Belongs here: rows of round trips whose cash is known by construction. Does not belong here: reading them.
"""

import csv
import datetime as dt
import io
import itertools
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

HEAD = ("Trade Time", "Symbol", "Action", "Qty", "Price", "Commission", "Net Amount", "Order ID")
NEW_YORK = ZoneInfo("America/New_York")
SPELLINGS = {"BRK.B": ("BRK-B", "brk/b", "BRK B"), "BF.B": ("BF/B", "bf-b"), "AAA": ("AAA", " aaa "), "BBB": ("BBB",)}
SPLIT_TICKER, SPLIT_DAY, SPLIT_RATIO = "BBB", dt.date(2024, 6, 3), 4


@dataclass
class BrokerFile:
    """Rows as text, oldest first, and the truth about them."""

    rows: list[list[str]] = field(default_factory=list)
    cash: Decimal = Decimal(0)
    trades: list[tuple[str, dt.date, Decimal]] = field(default_factory=list)
    unmatched: int = 0

    def text(self, order: list[int] | None = None) -> str:
        """The CSV text; `order` picks rows."""
        out = io.StringIO()
        out.write("Account activity of U1234567\n\n")
        writer = csv.writer(out)
        writer.writerow(HEAD)
        writer.writerows(self.rows if order is None else [self.rows[k] for k in order])
        return out.getvalue()


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), "ROUND_HALF_UP")


def stamp(moment: dt.datetime, form: int) -> str:
    """A time in New York as some broker writes it."""
    if form == 0:
        return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if form == 1:
        return moment.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m-%d %H:%M:%S+09:00")
    if form == 2:
        return moment.strftime("%b %d, %Y %I:%M %p ET")
    return moment.strftime("%Y%m%d;%H%M%S")


def broker_file(n_fills: int = 200, seed: int = 3) -> BrokerFile:
    """About `n_fills` partial fills of round trips, one split, and rows that are no trades."""
    rng = np.random.default_rng(seed)
    made = BrokerFile()
    day, n, order_no = dt.date(2024, 1, 2), 0, 0
    while n < n_fills:
        ticker = list(SPELLINGS)[int(rng.integers(len(SPELLINGS)))]
        day += dt.timedelta(days=1 + 2 * (day.weekday() >= 4))
        if day < SPLIT_DAY <= day + dt.timedelta(days=40):
            ticker, day = SPLIT_TICKER, SPLIT_DAY - dt.timedelta(days=6)
        price = Decimal(int(rng.integers(1_000, 40_000))) / 100
        shares, cash = int(rng.integers(1, 60)) * 4, Decimal(0)
        is_split = ticker == SPLIT_TICKER and day < SPLIT_DAY <= day + dt.timedelta(days=6)
        for side in ("BUY", "SELL"):
            if side == "SELL" and is_split:
                made.rows.append([stamp(_at(SPLIT_DAY, 8), 3), ticker, "STOCK SPLIT", str(3 * shares), "", "", "", ""])
                shares, price = SPLIT_RATIO * shares, price / SPLIT_RATIO
            order_no += 1
            when = day if side == "BUY" else day + dt.timedelta(days=7)
            got, k = _order(rng, made, (ticker, side, when, shares, price), f"O{order_no}")
            cash, n = cash + got, n + k
            price = (price * Decimal(int(rng.integers(90, 115))) / 100).quantize(Decimal("0.0001"))
        made.trades.append((ticker, day, cash))
        day += dt.timedelta(days=7)
        if is_split:
            day = max(day, SPLIT_DAY + dt.timedelta(days=8))
    made.rows.append([stamp(_at(day, 9), 0), "AAA", "DIVIDEND", "", "", "", "12.34", ""])
    made.rows.append([stamp(_at(day, 9), 0), "", "Deposit", "", "", "", "1,000.00", ""])
    made.rows.append(["total", "", "", "", "", "", "", ""])
    made.rows.append([stamp(_at(day, 10), 0), "AAA", "SELL", "7", "10.00", "(1.00)", "69.00", "O-x"])
    made.cash += Decimal("12.34") + Decimal(1000) + Decimal(69)
    made.unmatched = 4
    return made


def _order(rng, made, order, order_no):
    """Write one order in one to four partial fills; returns its cash and the number of fills."""
    ticker, side, when, shares, price = order
    parts = sorted(set(rng.integers(1, shares, int(rng.integers(0, 4))).tolist()) - {0, shares}) if shares > 1 else []
    total = Decimal(0)
    edges = [0, *parts, shares]
    for k, (lo, hi) in enumerate(itertools.pairwise(edges)):
        own = (price + Decimal(int(rng.integers(-3, 4))) / 100).quantize(Decimal("0.0001"))
        fee = Decimal(int(rng.integers(0, 300))) / 100
        sign = -1 if side == "BUY" else 1
        cash = cents(sign * (hi - lo) * own - fee)
        form = int(rng.integers(4))
        spelled = SPELLINGS[ticker][int(rng.integers(len(SPELLINGS[ticker])))]
        word = {"BUY": ("Buy", "BOT", "Buy to Open"), "SELL": ("Sell", "SLD", "Sell to Close")}[side][
            int(rng.integers(3))
        ]
        quantity = f"{(hi - lo) * sign * -1:,}" if form == 3 else f"{hi - lo:,}"
        amount = f"{cash:,}" if form else ""
        made.rows.append(
            [stamp(_at(when, 10, k), form), spelled, word, quantity, f"${own:,}", f"({fee})", amount, order_no]
        )
        total += cash
    made.cash += total
    return total, len(edges) - 1


def _at(day, hour, minute=0):
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK)
