"""CPU time of books and rank ICs, the naive form beside the compiled one.

Run as `python -m btassets_tests.bench.bench_book`; nothing here runs in the tests.
"""

import time
from dataclasses import replace

import numpy as np

from btassets.engine.cross_section.rank_ic import weekly_rank_ic
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.equal_weight import equal_weight_renewed
from btassets.engine.portfolio.exits import precompute_exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookConfig, BookRules
from btassets.engine.portfolio.simulation import simulate_books
from btassets_tests.reference import naive_book, naive_ic
from btassets_tests.support.one_book import SEED_RULES, simulate_book

FIRST_DAY = 17_000


def cpu_seconds(run, repeats=3):
    """Least CPU time of `run()` over some repeats, after one call that is not counted."""
    run()
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def random_market(n_tickers=501, n_sessions=1_260, seed=0):
    """Panel of random walks, with a long setup per ticker and week end; rank and floor as columns."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((n_tickers, n_sessions)) * 0.02
    close = 50.0 * np.exp(np.cumsum(steps, axis=1))
    opened = close * np.exp(rng.standard_normal(close.shape) * 0.008)
    spread = np.abs(rng.standard_normal(close.shape)) * 0.01 * close
    high, low = np.maximum(opened, close) + spread, np.minimum(opened, close) - spread
    calendar = (FIRST_DAY + np.arange(n_sessions) * 7 // 5).astype(np.int32)
    panel = BarPanel.from_dates(
        calendar,
        np.arange(n_tickers + 1) * n_sessions,
        np.tile(calendar, n_tickers),
        open=opened.ravel(),
        high=high.ravel(),
        low=low.ravel(),
        close=close.ravel(),
    )
    weeks = np.arange(59, n_sessions - 1, 5)
    ticker_no = np.repeat(np.arange(n_tickers, dtype=np.int32), len(weeks))
    entry = close[:, weeks].ravel()
    width = 0.045 * entry * rng.uniform(0.5, 1.5, len(entry))
    dates = np.tile(calendar[weeks], n_tickers)
    entries = Entries.from_rows(
        panel,
        ticker_no=ticker_no,
        asof_date=dates,
        is_long=np.ones(len(entry), bool),
        entry=entry,
        stop=entry - width,
        target=entry + 2 * width,
    )
    floors = rng.uniform(size=len(entries)) < 0.36
    rank = rng.uniform(0, 100, len(entries))
    return panel, entries, floors, rank


def time_one_book(fill="open", **size):
    """CPU seconds of one book with curve and trades, its exits known; then of the exits."""
    panel, entries, floors, rank = random_market(**size)
    rules = BookRules() if fill == "open" else SEED_RULES
    exits = precompute_exits(panel, entries, rules)
    qualified = floors & (rank >= 80.0)
    book = cpu_seconds(lambda: simulate_book(panel, entries, exits, rules, is_qualified=qualified, rank=rank), 20)
    return book, cpu_seconds(lambda: precompute_exits(panel, entries, rules))


def time_many_books(n_books=1_000, n_ranks=50, fill="open", **size):
    """CPU seconds of many books in one call: other ranks, cutoffs and capacities, the same exits."""
    panel, entries, floors, _ = random_market(**size)
    rules = BookRules() if fill == "open" else SEED_RULES
    exits = precompute_exits(panel, entries, rules)
    ranks = np.random.default_rng(1).uniform(0, 100, (n_ranks, len(entries)))
    sizes = [replace(rules, max_positions=n) for n in (10, 15, 20)]
    configs = [BookConfig(sizes[k % 3], rank_no=k % n_ranks, cutoff_pct=50 + k % 5 * 10.0) for k in range(n_books)]
    return cpu_seconds(
        lambda: simulate_books(
            panel,
            entries,
            [exits],
            configs,
            masks=floors[None],
            ranks=ranks,
            with_trades=False,
            with_curves=False,
        ),
        1,
    )


def time_naive_book(**size):
    """CPU seconds of the plain Python form of the close-fill book on the same market."""
    panel, entries, floors, rank = random_market(**size)
    columns = [x.tolist() for x in (panel.session_no, panel.open, panel.high, panel.low, panel.close)]
    bars = {}
    for t in range(panel.n_tickers):
        own = zip(*(x[panel.offsets[t] : panel.offsets[t + 1]] for x in columns), strict=True)
        bars[t] = {int(panel.calendar[s]): prices for s, *prices in own}
    rows = [
        {
            "ticker": int(entries.ticker_no[e]),
            "date": int(entries.asof_date[e]),
            "direction": "long",
            "entry": float(entries.entry[e]),
            "stop": float(entries.stop[e]),
            "target": float(entries.target[e]),
            "rank": float(rank[e]),
            "qualified": bool(floors[e] and rank[e] >= 80.0),
        }
        for e in range(len(entries))
    ]
    rules = {
        "capital": 10_000.0,
        "max_positions": 10,
        "risk": 0.01,
        "cap": 0.2,
        "cost": 0.001,
        "policy": "hold",
        "hold_days": 30,
    }
    return cpu_seconds(lambda: naive_book.seed_book(bars, rows, rules), 1)


def factor_rows(n_signals, n_horizons, n_weeks, n_names):
    """Week, signals and forward returns of random names; one signal with gaps."""
    rng = np.random.default_rng(2)
    week = np.repeat(np.arange(n_weeks, dtype=np.int32), n_names)
    signals = rng.standard_normal((n_signals, len(week)))
    signals[-1, rng.uniform(size=len(week)) < 0.05] = np.nan
    forward = rng.standard_normal((n_horizons, len(week)))
    return week, signals, forward


def time_rank_ic(n_signals=8, n_horizons=1, n_weeks=240, n_names=500):
    """CPU seconds of all weekly ICs and spreads."""
    week, signals, forward = factor_rows(n_signals, n_horizons, n_weeks, n_names)
    return cpu_seconds(lambda: weekly_rank_ic(week, signals, forward))


def time_naive_rank_ic(n_signals=8, n_weeks=1, n_names=500):
    """CPU seconds of the plain Python form (quadratic ranks) over one horizon."""
    _, signals, forward = factor_rows(n_signals, 1, n_weeks, n_names)
    xs, ys = signals[:-1].tolist(), forward[0].tolist()

    def run():
        for column in xs:
            for w in range(n_weeks):
                part = slice(w * n_names, (w + 1) * n_names)
                naive_ic.spearman(column[part], ys[part])
                naive_ic.quintile_spread(column[part], ys[part])

    return cpu_seconds(run, 1)


def time_equal_weight(**size):
    """CPU seconds of the weekly renewed equal-weight line."""
    panel, _, _, _ = random_market(**size)
    renewals = np.arange(59, len(panel.calendar), 5)
    eligible = np.ones((len(renewals), panel.n_tickers), bool)
    return cpu_seconds(lambda: equal_weight_renewed(panel, renewals, eligible, 10_000.0))


def main():
    """Print every figure."""
    for fill in ("open", "close"):
        book, exits = time_one_book(fill)
        print(f"{fill} fill: one book {book * 1e3:.2f} ms, exits {exits * 1e3:.1f} ms")
        print(f"{fill} fill: 1,000 books {time_many_books(fill=fill):.2f} s")
    print(f"naive legacy portfolio {time_naive_book():.3f} s")
    print(f"8 signals, 1 horizon {time_rank_ic():.3f} s; 6 horizons {time_rank_ic(n_horizons=6):.3f} s")
    print(f"naive, one week of 7 signals {time_naive_rank_ic():.3f} s")
    print(f"equal weight, weekly {time_equal_weight() * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
