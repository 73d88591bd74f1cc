"""The plan walks the list as the simulation does: the same sizes, in whole shares, and a reason for each refusal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import precompute_exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookConfig, BookRules
from btassets.engine.portfolio.simulation import simulate_books
from btassets.engine.portfolio.sizing import size
from btassets.studies.account.order_plan import Held, order_rows, plan_orders
from btassets.studies.account.positions import Account, Position


def setup(ticker, entry=100.0, stop=95.0, direction="long"):
    return {"ticker": ticker, "direction": direction, "entry": entry, "stop": stop, "target": 110.0}


def planned(setups, cash, held=(), **rules):
    account = Account(tuple(one.position for one in held), cash)
    return plan_orders(setups, account, held, BookRules(**rules), as_of="2025-01-03")


def test_sizes_slots_cash_and_reasons_by_hand():
    held = [Held(Position("H", 10.0), 50.0, None)]
    setups = [
        setup("H"),  # held
        setup("S", direction="short"),
        setup("A"),  # equity 10,000: 100 at risk over 5 a share
        setup("B", 333.0, 331.0),  # the cap: 2000 / 333 = 6.006
        setup("C", 9_000.0, 8_900.0),  # 0.22 shares
        setup("D", 100.0, 100.0),
        setup("E"),
        setup("F"),
    ]
    found = planned(setups, 9_500.0, held, max_positions=4, cost_per_side_frac=0.0)
    assert found.equity == 10_000.0
    assert [one.shares for one in found.buys] == [0, 0, 20, 6, 0, 0, 20, 0]
    assert [one.refusal.split(":")[0] for one in found.buys] == [
        *("held already", "short", "", "", "one share costs more than the position", "no size", "", "no free slot of 4")
    ]
    assert found.cash_left == 9_500.0 - 2_000.0 - 6 * 333.0 - 2_000.0
    assert [(row["action"], row["ticker"], row["shares"], row["type"]) for row in order_rows(found)] == [
        ("BUY", "A", "20", "MARKET_ON_OPEN"),
        ("BUY", "B", "6", "MARKET_ON_OPEN"),
        ("BUY", "E", "20", "MARKET_ON_OPEN"),
    ]


def test_cash_limits_the_last_position_and_costs_are_paid_from_it():
    held = [Held(Position("H", 100.0), 80.0, None)]
    found = planned([setup("A"), setup("B")], 2_001.9, held, cost_per_side_frac=0.01)
    assert found.equity == pytest.approx(10_001.9)
    assert [one.shares for one in found.buys] == [19, 0]  # 19 * 101 fits, 20 * 101 does not
    assert found.cash_left == pytest.approx(2_001.9 - 19 * 101.0)
    assert found.buys[1].refusal == "cash does not cover the least position"


def test_nothing_is_bought_on_another_day():
    found = plan_orders([setup("A")], Account((), 1_000.0), (), BookRules(), as_of="2025-01-03", no_buys="preview")
    assert (found.taken, found.buys[0].refusal) == ([], "preview")
    assert order_rows(found) == []


@given(
    levels=st.lists(
        st.tuples(st.floats(5.0, 500.0), st.floats(0.5, 0.99), st.floats(0.0, 100.0)), min_size=1, max_size=8
    ),
    cash=st.floats(500.0, 50_000.0),
    slots=st.integers(1, 6),
)
def test_the_plan_buys_what_the_simulation_buys(levels, cash, slots):
    """On bars that open at the close of the signal the purchases are the same, up to whole shares."""
    n = len(levels)
    entry = np.array([level[0] for level in levels])
    stop = entry * np.array([level[1] for level in levels])
    days = np.arange(3, dtype=np.int32)
    prices = np.repeat(entry, 3)
    panel = BarPanel.from_dates(days, np.arange(n + 1) * 3, np.tile(days, n), prices, prices, prices, prices)
    rules = BookRules(starting_capital=cash, max_positions=slots)
    entries = Entries.from_rows(
        panel, np.arange(n, dtype=np.int32), np.zeros(n, np.int32), np.ones(n, bool), entry, stop, np.full(n, np.nan)
    )
    rank = np.array([level[2] for level in levels])
    exits = precompute_exits(panel, entries, rules)
    (result,) = simulate_books(
        panel, entries, [exits], [BookConfig(rules)], masks=np.ones((1, n), bool), ranks=rank[None, entries.row_no]
    )
    bought = {} if result is None else dict(zip(result.trades.ticker_no, result.trades.shares, strict=True))
    order = np.argsort(-rank, kind="stable")
    found = planned([setup(int(k), float(entry[k]), float(stop[k])) for k in order], cash, max_positions=slots)
    needed = 0.0
    for one in found.buys:
        simulated = float(bought.get(one.ticker, 0.0))
        full = size(one.entry, one.stop, cash, rules.risk_frac, rules.notional_cap_frac)
        needed += full * one.entry * (1.0 + rules.cost_per_side_frac)
        # From here on cash decides, of which whole shares have left over more.
        if needed > cash or (one.refusal.startswith("one share") and simulated):
            break
        assert one.shares == int(np.floor(simulated)), (one, bought)
