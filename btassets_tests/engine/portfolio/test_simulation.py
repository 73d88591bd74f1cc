"""Books worked out by hand: the order of a day, refusals, ended tickers, the calendar."""

from dataclasses import replace

import numpy as np
import pytest

from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import REASON_NAMES, STATUS_NAMES, precompute_exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookConfig
from btassets.engine.portfolio.simulation import simulate_books
from btassets.engine.portfolio.simulation_table import book_row
from btassets.stages.advice.report_numbers import book_numbers
from btassets_tests.support.one_book import SEED_RULES
from btassets_tests.support.small_panel import FREE, flat, market, rows, run


def test_open_fill_pays_the_next_open_and_counts_the_entry_bar():
    bars = {0: (100, 100, 100, 100), 1: (102, 104, 101, 103), 2: (103, 112, 102, 110)}
    panel = market([bars])
    book = run(panel, rows(panel, (0, 0, 100.0, 95.0, 110.0)), FREE)
    trade = book.trades
    assert trade.entry_price[0] == 102.0
    assert trade.exit_price[0] == 110.0
    assert trade.shares[0] == 20.0  # 1% of 10,000 over the planned 5, not over 102 - 95
    assert trade.hold_days[0] == 2
    assert trade.gross_r[0] == pytest.approx(8 / 5)
    assert trade.pnl_usd[0] == 160.0
    assert book.equity.tolist() == [10_000.0, 10_020.0, 10_160.0]
    assert book.exposure_frac.tolist() == [0.0, 20 * 103 / 10_020, 0.0]
    assert REASON_NAMES[trade.reason[0]] == "target"


@pytest.mark.parametrize(("gapped_target", "received"), [("open", 114.0), ("target", 110.0)])
def test_a_target_gapped_over_fills_at_the_open_where_the_rules_say_so(gapped_target, received):
    bars = {0: (100, 100, 100, 100), 1: (102, 104, 101, 103), 2: (114, 116, 112, 113)}
    panel = market([bars])
    rules = replace(FREE, gapped_target=gapped_target)
    book = run(panel, rows(panel, (0, 0, 100.0, 95.0, 110.0)), rules)
    assert (book.trades.exit_price[0], REASON_NAMES[book.trades.reason[0]]) == (received, "target")


def test_open_fill_can_be_stopped_on_its_entry_bar():
    bars = {0: (100, 100, 100, 100), 1: (102, 120, 95, 103)}
    panel = market([bars])
    book = run(panel, rows(panel, (0, 0, 100.0, 95.0, 110.0)), FREE)
    assert book.trades.exit_price[0] == 95.0  # both touched: the stop
    assert book.trades.gross_r[0] == pytest.approx(-7 / 5)
    assert book.trades.hold_days[0] == 1


def test_highest_rank_first_ties_by_row_and_every_refusal_has_its_reason():
    panel = market([flat(10, 0, 1, 2) for _ in range(6)])
    setups = [(t, 0, 10.0, 9.0, 99.0) for t in range(5)]
    setups.append((5, 0, 10.0, 11.0, 1.0, False))
    rules = replace(FREE, max_positions=3, risk_frac=0.05, notional_cap_frac=0.45)
    book = run(panel, rows(panel, *setups), rules, rank=[50, 90, 50, np.nan, 70, 99])
    # 4,500 each for the 90 and the 70, the last 1,000 for the first of the tied 50s
    assert book.trades.ticker_no.tolist() == [1, 4, 0]
    assert (book.trades.shares * 10).tolist() == [4_500.0, 4_500.0, 1_000.0]
    assert book.refusals == {"slots": 2, "cash": 0, "size": 0, "short": 1}

    poor = run(panel, rows(panel, *setups[:4]), replace(rules, max_positions=9, notional_cap_frac=0.5))
    assert poor.refusals == {"slots": 0, "cash": 2, "size": 0, "short": 0}
    tiny = run(panel, rows(panel, *setups[:2]), replace(rules, risk_frac=0.0005))
    assert tiny.refusals == {"slots": 0, "cash": 0, "size": 2, "short": 0}
    assert tiny.n_trades == 0


def test_a_slot_freed_today_serves_the_open_fill_tomorrow_and_the_close_fill_today():
    loser = {0: (10, 10, 10, 10), 1: (10, 10, 10, 10), 2: (10, 10, 8, 8), 3: (8, 8, 8, 8)}
    panel = market([loser, flat(10, 0, 1, 2, 3)])
    setups = rows(panel, (0, 0, 10.0, 9.0, 99.0), (1, 1, 10.0, 9.0, 99.0), (1, 2, 10.0, 9.0, 99.0))
    one_slot = replace(FREE, max_positions=1)
    book = run(panel, setups, one_slot)
    assert book.refusals["slots"] == 1  # the row of session 1, at the open of the day of the stop
    assert book.trades.entry_session.tolist() == [1, 3]
    close_book = run(panel, setups, replace(SEED_RULES, max_positions=1, policy="target"))
    assert close_book.trades.entry_session.tolist() == [0, 2]


def test_a_held_ticker_is_skipped_and_bought_back_the_same_day_at_the_close_only():
    bars = {0: (10, 10, 10, 10), 1: (10, 10, 10, 10), 2: (10, 10, 8, 8), 3: (8, 8, 8, 8), 4: (8, 8, 8, 8)}
    panel = market([bars])
    setups = rows(panel, (0, 0, 10.0, 9.0, 99.0), (0, 1, 10.0, 9.0, 99.0), (0, 2, 8.0, 7.0, 99.0))
    book = run(panel, setups, FREE)
    assert book.counts["held"] == 1
    assert book.trades.entry_session.tolist() == [1, 3]
    close_book = run(panel, setups, SEED_RULES)
    assert close_book.trades.entry_session.tolist() == [0, 2]


def test_an_ended_ticker_is_sold_on_its_last_session():
    panel = market([flat(10, 0, 1, 2), flat(10, *range(20))])
    setups = rows(panel, (0, 0, 10.0, 5.0, 99.0))
    rules = replace(FREE, hold_days=30, delisting_return=-0.3)
    assert panel.is_ended.tolist() == [True, False]
    book = run(panel, setups, rules)
    assert REASON_NAMES[book.trades.reason[0]] == "delisted"
    assert book.trades.exit_session[0] == 2
    assert book.trades.exit_price[0] == 7.0
    assert book.n_positions.tolist()[:4] == [0, 1, 0, 0]
    stale = run(panel, setups, replace(SEED_RULES, hold_days=30))
    assert REASON_NAMES[stale.trades.reason[0]] == "open_at_end"
    assert stale.n_positions[-2] == 1


def test_a_close_fill_on_the_last_bar_of_an_ended_ticker_is_none():
    panel = market([flat(10, 0, 1), flat(10, *range(20))])
    setups = rows(panel, (0, 1, 10.0, 9.0, 99.0))
    sold = run(panel, setups, replace(SEED_RULES, sells_ended=True), start_session=0)
    assert (sold.n_trades, sold.counts["no_next_bar"]) == (0, 1)
    assert run(panel, setups, SEED_RULES).n_trades == 1


def test_cash_pays_for_the_cost_too():
    panel = market([flat(10, 0, 1, 2), flat(10, 0, 1, 2)])
    rules = replace(FREE, cost_per_side_frac=0.01, risk_frac=0.5)
    book = run(panel, rows(panel, (0, 0, 10.0, 9.0, 99.0)), rules)
    assert book.trades.shares[0] == 10_000.0 / (10 * 1.01)
    assert book.cash[1] == pytest.approx(0.0, abs=1e-9)
    setups = rows(panel, (0, 0, 10.0, 9.0, 99.0), (1, 0, 10.0, 9.0, 99.0))
    close_rules = replace(SEED_RULES, cost_per_side_frac=0.01, risk_frac=0.5, notional_cap_frac=1.0)
    assert run(panel, setups, close_rules).refusals == {"slots": 0, "cash": 1, "size": 0, "short": 0}
    poor = replace(close_rules, starting_capital=0.5, risk_frac=0.01)
    assert run(panel, setups, poor).refusals == {"slots": 0, "cash": 0, "size": 2, "short": 0}


def test_a_halt_freezes_the_position():
    panel = market([{**flat(10, 0, 1), 5: (6, 7, 6, 7)}, flat(10, *range(7))])
    book = run(panel, rows(panel, (0, 0, 10.0, 9.0, 99.0)), FREE)
    assert book.n_positions.tolist() == [0, 1, 1, 1, 1, 0, 0]
    assert book.trades.exit_price[0] == 6.0  # opened beyond the stop after the halt
    assert book.trades.hold_days[0] == 2


def test_common_calendar_and_own_first_entry():
    panel = market([flat(10, *range(6))])
    setups = rows(panel, (0, 3, 10.0, 9.0, 99.0))
    own = run(panel, setups, FREE)
    assert own.sessions.tolist() == [3, 4, 5]
    common = run(panel, setups, FREE, start_session=1)
    assert common.sessions.tolist() == [1, 2, 3, 4, 5]
    assert common.equity[0] == FREE.starting_capital
    nothing = rows(panel)
    assert run(panel, nothing, FREE) is None
    flat_book = run(panel, nothing, FREE, start_session=0)
    assert flat_book.equity.tolist() == [10_000.0] * 6
    row = book_numbers(book_row(flat_book), is_standard=True)
    assert row["total_return_pct"] is None
    assert row["trades"] == 0
    assert row["yearly_returns"] == []


def test_entries_before_a_common_start_never_trade():
    panel = market([flat(10, *range(6))])
    book = run(panel, rows(panel, (0, 0, 10.0, 9.0, 99.0)), FREE, start_session=2)
    assert book.n_trades == 0


def test_rows_off_the_calendar_start_the_seeds_clock_but_do_not_trade():
    panel = market([{0: (10,) * 4, 1: (10,) * 4, 3: (10,) * 4}])
    panel = BarPanel(**{**panel.__dict__, "calendar": np.array([10, 11, 14, 15], np.int32)})
    entries = Entries.from_rows(
        panel,
        ticker_no=np.zeros(2, np.int32),
        asof_date=np.array([12, 15], np.int32),
        is_long=np.ones(2, bool),
        entry=np.array([10.0, 10.0]),
        stop=np.array([9.0, 9.0]),
        target=np.array([12.0, 12.0]),
    )
    exits = precompute_exits(panel, entries, SEED_RULES)
    assert [STATUS_NAMES[s] for s in exits.status] == ["off_calendar", "tradable"]
    book = run(panel, entries, SEED_RULES)
    assert book.dates.tolist() == [14, 15]  # the calendar starts after day 12
    assert book.trades.row_no.tolist() == [1]


def test_the_last_point_is_realized_and_yearly_returns_chain():
    first = int(np.datetime64("2019-12-30").astype(np.int64))
    panel = market([{0: (10,) * 4, 1: (10, 11, 10, 11), 2: (11, 12, 11, 12), 3: (12, 13, 12, 13)}], first)
    book = run(panel, rows(panel, (0, 0, 10.0, 9.0, 99.0)), replace(SEED_RULES, policy="hold"))
    years = {y.year: y.return_pct for y in book.yearly_returns}
    assert list(years) == [2019, 2020]
    assert years[2020] == (book.equity[-1] / book.equity[1] - 1) * 100
    assert book.equity[-1] == book.final_equity_usd == 10_000.0 + book.trades.pnl_usd.sum()
    spy = BenchmarkCloses(np.array([first - 3, first + 1], np.int32), np.array([1.0, 2.0]))
    compared = run(panel, rows(panel, (0, 0, 10.0, 9.0, 99.0)), SEED_RULES, benchmark=spy)
    assert compared.spy_return_pct == pytest.approx(0.0)


def test_scaling_all_prices_scales_nothing_but_shares():
    rng = np.random.default_rng(5)
    prices = [{s: tuple(np.sort(rng.uniform(9, 11, 4))[[1, 3, 0, 2]]) for s in range(40)} for _ in range(4)]
    scaled = [{s: tuple(4.0 * x for x in b) for s, b in own.items()} for own in prices]
    setups = [(t, s, prices[t][s][3], prices[t][s][3] - 0.5, prices[t][s][3] + 1) for t in range(4) for s in range(39)]
    for rules in (FREE, SEED_RULES):
        panel, panel_4 = market(prices), market(scaled)
        plain = run(panel, rows(panel, *setups), rules)
        setups_4 = [(t, s, 4 * e, 4 * x, 4 * g) for t, s, e, x, g in setups]
        times_4 = run(panel_4, rows(panel_4, *setups_4), rules)
        assert plain.n_trades > 5
        assert plain.equity.tolist() == times_4.equity.tolist()
        assert plain.trades.gross_r.tolist() == times_4.trades.gross_r.tolist()


def test_simulate_books_keeps_the_order_of_its_configurations():
    panel = market([flat(10, *range(5))])
    entries = rows(panel, (0, 1, 10.0, 9.0, 99.0))
    exits = precompute_exits(panel, entries, FREE)
    configs = [BookConfig(FREE, cutoff_pct=c) for c in (90.0, 50.0)]
    books = simulate_books(panel, entries, [exits], configs, masks=np.ones((1, 1), bool), ranks=np.array([[60.0]]))
    assert books[0] is None
    assert books[1].n_trades == 1
