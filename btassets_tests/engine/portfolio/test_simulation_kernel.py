"""The compiled books equal the naive ones bit for bit on small awkward markets."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.conventions import ExitPolicy
from btassets.engine.market.calendar import sessions_a_year
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import REASON_NAMES, chosen_exits, precompute_exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookConfig, BookRules
from btassets.engine.portfolio.simulation import simulate_books
from btassets_tests.reference import naive_book
from btassets_tests.support.one_book import simulate_book

PRICES = ("open", "high", "low", "close")
LEVELS = ("entry", "stop", "target")
START_DAY = 17_890  # Christmas 2018: markets cross a year's end


@st.composite
def markets(draw):
    """Bars of 1-5 tickers on up to 60 days with holes, halts, early ends, ties and tiny capital."""
    n_days = draw(st.integers(4, 60))
    step = draw(st.sampled_from([1, 1, 7]))
    days = [START_DAY + step * k for k in range(n_days)]
    n_tickers = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    volatility = draw(st.sampled_from([0.01, 0.05, 0.2]))
    bars = {}
    for t in range(n_tickers):
        price = float(rng.uniform(5, 50))
        own = {}
        for d in days:
            close = max(0.5, round(price * float(np.exp(volatility * rng.standard_normal())), 2))
            opened = max(0.5, round(price * float(np.exp(volatility / 2 * rng.standard_normal())), 2))
            spread = volatility * abs(float(rng.standard_normal())) * price
            high = round(max(opened, close) + spread, 2)
            low = round(max(0.25, min(opened, close) - spread), 2)
            own[d] = (opened, high, low, close)
            price = close
        kind = draw(st.sampled_from(["full", "full", "holes", "halt", "ends", "late"]))
        if kind == "holes":
            own = {d: b for d, b in own.items() if rng.uniform() > 0.2}
        if kind == "halt":
            a = int(rng.integers(0, n_days))
            own = {d: b for k, (d, b) in enumerate(own.items()) if not a <= k < a + n_days // 3}
        if kind == "ends":
            own = dict(list(own.items())[: int(rng.integers(1, n_days))])
        if kind == "late":
            own = dict(list(own.items())[int(rng.integers(0, n_days)) :])
        bars[t] = own
    rows = []
    for t in range(n_tickers):
        for d, bar in bars[t].items():
            for direction in ("long", "short"):
                if rng.uniform() > (0.5 if direction == "long" else 0.1):
                    continue
                entry = bar[3]
                width = float(rng.uniform(0.01, 0.3)) * entry
                odd = [None, 0.0, entry, entry + 1][rng.integers(4)]
                sign = 1 if direction == "long" else -1
                stop = round(entry - sign * width, 2)
                target = round(entry + sign * width * float(rng.uniform(0.5, 3)), 2)
                rows.append(
                    {
                        "ticker": t,
                        "date": d,
                        "direction": direction,
                        "entry": entry,
                        "stop": stop if rng.uniform() > 0.03 else odd,
                        "target": target if rng.uniform() > 0.05 else [None, 0.0][rng.integers(2)],
                        "rank": float(rng.integers(0, 4)) * 25.0 if rng.uniform() > 0.1 else None,
                        "qualified": bool(rng.uniform() > 0.2),
                    }
                )
    rules = {
        "capital": draw(st.sampled_from([10_000.0, 37.0, 3.0])),
        "max_positions": draw(st.integers(1, 4)),
        "risk": draw(st.sampled_from([0.01, 0.1, 0.0005])),
        "cap": draw(st.sampled_from([0.2, 0.6, 1.0])),
        "cost": draw(st.sampled_from([0.001, 0.0, 0.01])),
        "policy": draw(st.sampled_from(["target", "hold"])),
        "hold_days": draw(st.sampled_from([1, 3, 10, 45])),
        "delisting_return": draw(st.sampled_from([0.0, -0.55])),
        "trail_atr": draw(st.sampled_from([0.0, 0.0, 1.0, 3.0])),
        "breakeven_r": draw(st.sampled_from([0.0, 0.0, 0.5, 1.0])),
        "part_frac": draw(st.sampled_from([1.0, 1.0, 0.5, 0.3])),
    }
    return bars, rows, rules


def _nan(values):
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _panel(bars):
    calendar = np.array(sorted({d for own in bars.values() for d in own}), dtype=np.int32)
    offsets = np.concatenate(([0], np.cumsum([len(own) for own in bars.values()])))
    dates = np.array([d for own in bars.values() for d in own], dtype=np.int32)
    prices = np.array([b for own in bars.values() for b in own.values()], dtype=np.float64).reshape(-1, 4)
    return BarPanel.from_dates(calendar, offsets, dates, **{c: prices[:, k] for k, c in enumerate(PRICES)})


def _entries(panel, rows):
    return Entries.from_rows(
        panel,
        ticker_no=np.array([r["ticker"] for r in rows], dtype=np.int32),
        asof_date=np.array([r["date"] for r in rows], dtype=np.int32),
        is_long=np.array([r["direction"] == "long" for r in rows], dtype=bool),
        **{k: _nan([r[k] for r in rows]) for k in LEVELS},
    )


def _book_rules(rules, fill):
    return BookRules(
        starting_capital=rules["capital"],
        max_positions=rules["max_positions"],
        risk_frac=rules["risk"],
        notional_cap_frac=rules["cap"],
        cost_per_side_frac=rules["cost"],
        policy=rules["policy"],
        hold_days=rules["hold_days"],
        fill=fill,
        gapped_target="open" if fill == "open" else "target",
        sells_ended=fill == "open",
        delisting_return=rules["delisting_return"],
        exit_policy=ExitPolicy(rules["trail_atr"], rules["breakeven_r"], rules["part_frac"]),
    )


def _same(result, naive, panel):
    assert result.dates.tolist() == [p["day"] for p in naive["curve"]]
    assert result.equity.tolist() == [p["equity"] for p in naive["curve"]]
    assert result.cash.tolist() == [p["cash"] for p in naive["curve"]]
    assert result.exposure_frac.tolist() == [p["exposure"] for p in naive["curve"]]
    assert result.n_positions.tolist() == [p["n"] for p in naive["curve"]]
    trades = result.trades
    expected = naive["trades"]
    assert result.n_trades == len(expected) == len(trades.row_no)
    for name, column in (
        ("row_no", trades.row_no),
        ("ticker", trades.ticker_no),
        ("opened", panel.calendar[trades.entry_session]),
        ("closed", panel.calendar[trades.exit_session]),
        ("shares", trades.shares),
        ("paid", trades.entry_price),
        ("received", trades.exit_price),
        ("pnl", trades.pnl_usd),
        ("gross_r", trades.gross_r),
        ("net_r", trades.net_r),
        ("hold", trades.hold_days),
    ):
        assert column.tolist() == [t[name] for t in expected], name
    assert [REASON_NAMES[k] for k in trades.reason] == [t["reason"] for t in expected]
    for name, value in (
        ("final_equity", result.final_equity_usd),
        ("total_return_pct", result.total_return_pct),
        ("cagr_pct", result.cagr_pct),
        ("max_drawdown_pct", result.max_drawdown_pct),
        ("sharpe", None if result.sharpe is None else result.sharpe * math.sqrt(252 / sessions_a_year(panel.calendar))),
        ("win_rate", result.win_rate_pct),
        ("avg_trade_pnl", result.avg_trade_pnl_usd),
        ("best_trade_r", result.best_trade_r),
        ("worst_trade_r", result.worst_trade_r),
        ("best_trade_pnl", result.best_trade_pnl_usd),
        ("worst_trade_pnl", result.worst_trade_pnl_usd),
        ("avg_hold_days", result.avg_hold_days),
        ("yearly", [(y.year, y.return_pct) for y in result.yearly_returns]),
    ):
        assert value == (
            naive[name] if name != "sharpe" or naive[name] is None else pytest.approx(naive[name], rel=1e-12)
        ), name


@settings(max_examples=120, deadline=None)
@given(markets())
def test_close_fill_equals_the_naive_seed_book(market):
    bars, rows, rules = market
    panel = _panel(bars)
    entries = _entries(panel, rows)
    naive = naive_book.seed_book(bars, rows, rules)
    result = None
    if len(panel.calendar):
        book_rules = _book_rules(rules, "close")
        exits = precompute_exits(panel, entries, book_rules)
        mask = np.array([r["qualified"] for r in rows], dtype=bool)[entries.row_no]
        rank = _nan([r["rank"] for r in rows])[entries.row_no]
        result = simulate_book(panel, entries, exits, book_rules, is_qualified=mask, rank=rank)
    if naive is None:
        assert result is None
        return
    _same(result, naive, panel)
    assert result.counts["slots"] == naive["counts"].get("slots", 0)


@settings(max_examples=120, deadline=None)
@given(markets(), st.integers(0, 10))
def test_open_fill_equals_the_naive_honest_book(market, late):
    bars, rows, rules = market
    panel = _panel(bars)
    if not len(panel.calendar):
        return
    entries = _entries(panel, rows)
    calendar = panel.calendar.tolist()
    start = min(late, len(calendar) - 1)
    naive = naive_book.honest_book(bars, rows, rules, calendar, calendar[start])
    book_rules = _book_rules(rules, "open")
    exits = precompute_exits(panel, entries, book_rules)
    mask = np.array([r["qualified"] for r in rows], dtype=bool)[entries.row_no]
    rank = _nan([r["rank"] for r in rows])[entries.row_no]
    result = simulate_book(panel, entries, exits, book_rules, is_qualified=mask, rank=rank, start_session=start)
    _same(result, naive, panel)
    assert {k: v for k, v in result.counts.items() if v} == naive["counts"]
    assert result.equity[0] == rules["capital"] or len(calendar) - 1 == start


@settings(max_examples=25, deadline=None)
@given(markets())
def test_a_batch_equals_its_books_one_by_one(market):
    bars, rows, rules = market
    panel = _panel(bars)
    if not rows:
        return
    entries = _entries(panel, rows)
    for fill in ("open", "close"):
        base = _book_rules(rules, fill)
        policies = [replace(base, policy=p) for p in ("target", "hold")]
        exits = [precompute_exits(panel, entries, r) for r in policies]
        exits.append(chosen_exits(exits, np.arange(len(entries)) % 2))
        mask = np.array([r["qualified"] for r in rows], dtype=bool)[entries.row_no]
        rank = _nan([r["rank"] for r in rows])[entries.row_no]
        ranks = np.stack([rank, 100.0 - rank])
        configs = [
            BookConfig(replace(base, max_positions=n), rank_no=k, exits_no=x, cutoff_pct=cutoff)
            for n, k, x, cutoff in [(1, 0, 0, 0.0), (3, 1, 1, 50.0), (2, 0, 2, 25.0), (2, 1, 0, 101.0)]
        ]
        simulated = partial(simulate_books, panel, entries, exits, configs, masks=mask[None], ranks=ranks)
        batch = simulated(with_trades=False, with_curves=False)
        uncounted = simulated(with_counts=False)
        for config, got, other in zip(configs, batch, uncounted, strict=True):
            # Rows that a book without means ignores change only its counts.
            assert (got is None) == (other is None)
            assert got is None or other is None or got.equity.tolist() == other.equity.tolist()
            assert got is None or other is None or got.n_trades == other.n_trades
            if config.cutoff_pct > 0:
                own_rank = ranks[config.rank_no]
                own_mask = mask & entries.is_long & (own_rank >= config.cutoff_pct)
            else:
                own_mask = mask
            alone = simulate_book(
                panel,
                entries,
                exits[config.exits_no],
                config.rules,
                is_qualified=own_mask,
                rank=ranks[config.rank_no],
            )
            assert (got is None) == (alone is None)
            if got is not None:
                assert got.equity.tolist() == alone.equity.tolist()
                assert got.n_trades == alone.n_trades
                assert got.sharpe == alone.sharpe
                assert got.counts == alone.counts
                assert got.trades is None
                assert got.cash is None
