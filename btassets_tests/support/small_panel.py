"""Panels and setups typed by hand, and the portfolio over them."""

import numpy as np

from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import precompute_exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookRules
from btassets_tests.support.one_book import simulate_book

PRICES = ("open", "high", "low", "close")


LEVELS = ("entry", "stop", "target")


FREE = BookRules(cost_per_side_frac=0.0, notional_cap_frac=1.0, risk_frac=0.01, policy="target", hold_days=3)


def market(bars, first_day=18_000):
    """Panel of `[{session: (open, high, low, close)}, ...]` on consecutive days."""
    n = max(max(own) for own in bars) + 1
    calendar = np.arange(first_day, first_day + n, dtype=np.int32)
    offsets = np.cumsum([0] + [len(own) for own in bars])
    dates = np.array([first_day + s for own in bars for s in own], dtype=np.int32)
    prices = np.array([bar for own in bars for bar in own.values()], dtype=float)
    return BarPanel.from_dates(calendar, offsets, dates, **dict(zip(PRICES, prices.T, strict=True)))


def rows(panel, *setups):
    """Entries from (ticker, session, entry, stop, target[, is_long])."""
    cells = [(*s, True)[:6] for s in setups]
    levels = {name: np.array([c[k] for c in cells], float) for k, name in enumerate(LEVELS, start=2)}
    return Entries.from_rows(
        panel,
        ticker_no=np.array([c[0] for c in cells], np.int32),
        asof_date=panel.calendar[np.array([c[1] for c in cells], np.int64)],
        is_long=np.array([c[5] for c in cells], bool),
        **levels,
    )


def run(panel, entries, rules, rank=None, **more):
    exits = precompute_exits(panel, entries, rules)
    rank = np.full(len(entries), 50.0) if rank is None else np.array(rank, float)[entries.row_no]
    return simulate_book(panel, entries, exits, rules, is_qualified=np.ones(len(entries), bool), rank=rank, **more)


def flat(price, *sessions):
    return dict.fromkeys(sessions, (price, price, price, price))
