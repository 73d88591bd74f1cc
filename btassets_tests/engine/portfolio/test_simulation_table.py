"""Numbers of a portfolio as a table row."""

from dataclasses import replace

import pytest

from btassets.engine.portfolio.simulation_table import book_row
from btassets.stages.advice.report_numbers import book_numbers
from btassets_tests.support.one_book import SEED_RULES
from btassets_tests.support.small_panel import FREE, flat, market, rows, run


def test_the_unrounded_row_rounds_to_the_report_row():
    panel = market([{0: (10,) * 4, 1: (10, 11, 10, 10.7), 2: (11, 12, 11, 11.3), 3: (11, 13, 11, 12.9)}])
    book = run(panel, rows(panel, (0, 0, 10.0, 9.0, 99.0)), SEED_RULES)
    plain = book_row(book)
    rounded = book_numbers(plain, is_standard=False)
    for name, value in rounded.items():
        if isinstance(value, float):
            digits = 1 if name.endswith("_pct") or name in ("win_rate", "avg_hold_days") else 2
            assert round(plain[name], digits) == value, name
        elif name in ("trades", "skipped_book_full", "cagr_pct", "spy_return_pct"):
            assert plain[name] == value
    assert plain["start_date"].isoformat() == rounded["start_date"]


def test_the_numbers_of_a_portfolio_by_hand():
    # Risk 1 a share, 100 shares: +2R for ticker 0, the stop at -1R for ticker 1; ticker 2 finds no slot.
    winner = {0: (10,) * 4, 1: (10, 10, 10, 10), 2: (10, 12, 10, 12)}
    loser = {0: (10,) * 4, 1: (10, 10, 9, 9), 2: (9,) * 4}
    panel = market([winner, loser, flat(10, 0, 1, 2)])
    setups = rows(panel, *((t, 0, 10.0, 9.0, 12.0) for t in range(3)))
    book = run(panel, setups, replace(FREE, max_positions=2), rank=[90, 80, 70])
    row = book_row(book)
    assert (row["starting_capital"], row["final_equity"]) == (10_000.0, 10_100.0)
    assert (row["trades"], row["win_rate"], row["avg_trade_pnl"]) == (2, 50.0, 50.0)
    assert (row["best_trade_r"], row["worst_trade_r"]) == pytest.approx((2.0, -1.0))
    assert (row["best_trade_pnl"], row["worst_trade_pnl"]) == (200.0, -100.0)
    assert row["avg_net_r"] == pytest.approx(0.5)
    assert row["avg_hold_days"] == 1.5
    assert (row["skipped_book_full"], row["refused_slots"], row["skipped_held"]) == (1, 1, 0)
    assert row["total_return_pct"] == pytest.approx(1.0)
    assert row["max_drawdown_pct"] == pytest.approx(1.0)
    # 100 shares at 10 on the middle one of three days, equity 9,900 after the stop of the loser.
    assert row["avg_exposure_pct"] == pytest.approx(100 * (1_000 / 9_900) / 3)
    assert [part["year"] for part in row["yearly_returns"]] == [2019]
    assert (row["start_date"].isoformat(), row["end_date"].isoformat()) == ("2019-04-14", "2019-04-16")


def test_a_portfolio_without_a_trade_has_no_number_that_needs_one():
    panel = market([flat(10, *range(4))])
    row = book_row(run(panel, rows(panel), FREE, start_session=0))
    for name in ("win_rate", "avg_trade_pnl", "best_trade_r", "worst_trade_pnl", "avg_hold_days", "avg_net_r"):
        assert row[name] is None, name
    assert (row["trades"], row["final_equity"], row["no_next_bar"]) == (0, 10_000.0, 0)
