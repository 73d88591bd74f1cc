"""From graded setups to portfolios: rules of the settings, panel, references, and a run by hand."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.engine.market.bars import Bars
from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.settings.models import Settings
from btassets.settings.profiles import PROFILES
from btassets.stages.portfolio.simulations import bar_panel, book_rules, ranked_members, run_books
from btassets_tests.support.graded_rows import DAYS, FLAT, RISING, N, dates, graded

LEGACY = Settings(profile="legacy", **PROFILES["legacy"])


def bars(closes, days=DAYS):
    p = np.broadcast_to(np.asarray(closes, float), len(days)).copy()
    return Bars(days, p, p, p, p, np.full(len(p), 1e6))


MARKET = {"b": bars(FLAT), "A": bars(RISING)}


def test_the_rules_are_those_of_the_settings():
    rules = book_rules(
        Settings.model_validate(
            {
                "portfolio": {"starting_capital": 5e4, "max_positions": 3, "risk_frac": 0.02, "notional_cap_frac": 0.5},
                "costs": {"per_side_frac": 0.004, "delisting_return": -0.3},
                "exits": {"hold_days": [5, 21]},
            }
        )
    )
    assert (rules.starting_capital, rules.max_positions, rules.risk_frac) == (5e4, 3, 0.02)
    assert (rules.notional_cap_frac, rules.cost_per_side_frac, rules.delisting_return) == (0.5, 0.004, -0.3)
    assert (rules.hold_days, rules.fill, rules.gapped_target, rules.sells_ended) == (21, "open", "open", True)
    old = book_rules(LEGACY)
    assert (old.fill, old.gapped_target, old.sells_ended) == ("close", "target", False)


def test_a_panel_of_bars_in_memory_is_in_byte_order_and_may_be_empty():
    panel, tickers = bar_panel(MARKET, DAYS)
    assert tickers == ["A", "b"]
    assert panel.offsets.tolist() == [0, N, 2 * N]
    assert panel.close[N:].tolist() == [50.0] * N
    nothing, none = bar_panel({}, DAYS)
    assert (none, nothing.n_tickers) == ([], 0)


def test_ranked_weeks_are_numbered_by_date_and_ticker():
    weeks = pa.table({"asof_date": dates(9, 5, 9), "ticker": ["b", "A", "A"]})
    days, week_no, ticker_no = ranked_members(weeks, ["A", "b"])
    assert (days.tolist(), week_no.tolist(), ticker_no.tolist()) == ([5, 9], [1, 0, 1], [1, 0, 0])


RANKS = pa.table(
    {"grid": ["week", "week", "latest"], "asof_date": dates(18_002, 18_002, 18_039), "ticker": ["A", "b", "A"]}
)


def test_portfolios_start_at_the_first_ranked_week_and_hold_or_take_their_target():
    panel, tickers = bar_panel(MARKET, DAYS)
    entry = MARKET["A"].close[4]
    setups = graded(
        ("A", 4, "long", entry, entry * 0.9, entry * 1.05, 95.0, True, True),
        ("b", 4, "short", 50.0, 55.0, 40.0, 90.0, True, True),
        ("A", 5, "long", 110.0, 100.0, 130.0, 85.0, True, False),
    )
    settings = Settings.model_validate({"costs": {"per_side_frac": 0.0}})
    closes = BenchmarkCloses(DAYS[1:], np.full(N - 1, 10.0) * 1.001 ** np.arange(N - 1))
    runs = run_books(setups, RANKS, panel, tickers, settings, closes)
    target, hold = runs.policies["target"], runs.policies["hold"]
    assert target.dates[0] == hold.dates[0] == 18_002
    assert target.trades.ticker_no.tolist() == hold.trades.ticker_no.tolist() == [0]
    assert target.trades.exit_price[0] >= entry * 1.05
    assert hold.trades.hold_days[0] == 30
    assert target.refusals["short"] == 1
    # Equal weight of A and b from the second session after the first ranked week end.
    assert set(runs.equal_weight) == {"hold", "renewed"}
    growth = 1.01 ** (N - 1 - 3)
    assert runs.equal_weight["hold"] == pytest.approx(((growth + 1) / 2 - 1) * 100, rel=0.05)
    days, values = runs.reference_curves["benchmark"]
    assert (days[0], values[0]) == (18_002, 10_000.0)
    assert values[-1] / values[0] == pytest.approx(1.001 ** (N - 3))
    assert hold.spy_return_pct == pytest.approx((1.001 ** (N - 3) - 1) * 100)
    named = {variant.variant: result for variant, result in runs.variants}
    assert named["raw_90_fixed10"].n_trades == 1
    assert len(runs.variants) == 4


def test_without_a_ranked_week_there_is_no_portfolio():
    panel, tickers = bar_panel(MARKET, DAYS)
    setups = graded(("A", 4, "long", 100.0, 90.0, 130.0, 95.0, True, True))
    runs = run_books(setups, RANKS.slice(2), panel, tickers, Settings(), None)
    assert runs.policies == {"target": None, "hold": None}
    assert [result for _, result in runs.variants] == [None] * 4
    assert runs.equal_weight is None


def test_the_legacy_portfolio_starts_with_its_own_first_entry_and_has_no_reference():
    panel, tickers = bar_panel(MARKET, DAYS)
    entry = MARKET["A"].close[10]
    setups = graded(("A", 10, "long", entry, entry * 0.9, entry * 1.5, 95.0, True, True))
    runs = run_books(setups, RANKS, panel, tickers, LEGACY, None)
    assert runs.policies["hold"].dates[0] == 18_010
    assert runs.policies["hold"].trades.entry_price[0] == entry
    assert (runs.equal_weight, runs.reference_curves) == (None, {})
