"""Exits of held positions: those of the simulation, seen from what is held."""

from datetime import date

import numpy as np
import pytest

from btassets.engine.conventions import AS_PLANNED, ExitPolicy
from btassets.engine.days import EPOCH
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookRules
from btassets.studies.account.account_text import due_text
from btassets.studies.account.held_exits import held_states
from btassets.studies.account.order_plan import Held, order_rows, plan_orders
from btassets.studies.account.positions import Account, Position

N = 12
DAYS = [date.fromordinal(date(2025, 1, 1).toordinal() + k) for k in range(N)]


@pytest.fixture(scope="module")
def panel():
    """Twelve quiet days of A and B around 100; A falls to 90 on day 8 and jumps to 120 on day 10."""
    days = np.array([(day - EPOCH).days for day in DAYS], np.int32)
    close = np.full((2, N), 100.0)
    low, high = close - 1.0, close + 1.0
    low[0, 8], high[0, 10] = 90.0, 120.0
    flat = [column.ravel() for column in (close, high, low, close)]
    return BarPanel.from_dates(days, np.array([0, N, 2 * N]), np.tile(days, 2), *flat)


def state(panel, hold_days=30, policy="target", exits=AS_PLANNED, **position):
    rules = BookRules(policy=policy, hold_days=hold_days, exit_policy=exits)
    (found,) = held_states(panel, ["A", "B"], [Position(**{"ticker": "A", "shares": 1.0} | position)], rules)
    return found


def test_stop_and_target_on_their_sessions(panel):
    stopped = state(panel, opened=DAYS[5], stop=95.0, target=110.0)
    assert (stopped.exit.reason, stopped.exit.since, stopped.exit.price) == ("stop", DAYS[8], 95.0)
    assert stopped.sessions == 7
    reached = state(panel, opened=DAYS[9], stop=95.0, target=110.0)
    assert (reached.exit.reason, reached.exit.since) == ("target", DAYS[10])
    assert state(panel, opened=DAYS[9], stop=95.0, target=110.0, policy="hold").exit is None


def test_the_day_of_the_fill_counts_and_no_day_before_it(panel):
    assert state(panel, opened=DAYS[8], stop=95.0).exit.since == DAYS[8]
    assert state(panel, opened=DAYS[9], stop=95.0).exit is None


@pytest.mark.parametrize(
    ("opened", "reason", "since"),
    [(7, None, None), (6, "time", None), (5, "time", DAYS[11]), (4, "time", DAYS[10])],
)
def test_time_is_due_at_the_close_that_ends_the_hold(panel, opened, reason, since):
    found = state(panel, hold_days=7, opened=DAYS[opened], ticker="B", stop=50.0)
    assert (None if found.exit is None else found.exit.reason) == reason
    assert (None if found.exit is None else found.exit.since) == since


def test_an_unknown_opening_has_levels_and_no_time(panel):
    found = state(panel, hold_days=1, ticker="B", stop=99.5)
    assert (found.sessions, found.exit.reason, found.exit.since) == (None, "stop", DAYS[11])
    assert state(panel, hold_days=1, ticker="B", stop=50.0).exit is None


def test_nothing_is_known_of_shorts_and_foreign_tickers(panel):
    positions = [Position("A", -1.0), Position("Z", 1.0), Position("B", 1.0, opened=DAYS[3], stop=90.0)]
    found = held_states(panel, ["A", "B"], positions, BookRules())
    assert found[:2] == [None, None]
    assert found[2].sessions == 9


def test_bought_after_the_last_bar(panel):
    found = state(panel, opened=date(2025, 1, 20), stop=150.0)
    assert (found.sessions, found.exit) == (0, None)


def test_a_stop_that_moves_is_that_of_the_next_session(panel):
    held = state(panel, opened=DAYS[9], stop=95.0, policy="hold", exits=ExitPolicy(trail_atr=7.0))
    assert (held.stop, held.exit) == (98.125, None)  # the high of 120 on day 10 less 7 ATR of 3.125
    at_even = state(panel, opened=DAYS[9], stop=95.0, policy="hold", exits=ExitPolicy(breakeven_r=2.0))
    assert (at_even.exit.reason, at_even.exit.since, at_even.exit.price) == ("stop", DAYS[11], 100.0)
    assert state(panel, opened=DAYS[9], stop=95.0, policy="hold").stop == 95.0
    assert state(panel, stop=95.0, policy="hold", exits=ExitPolicy(breakeven_r=0.1)).stop is None  # opening unknown


def test_a_part_is_due_on_the_day_of_its_target_alone():
    days = np.array([(day - EPOCH).days for day in DAYS], np.int32)
    close = np.full(N, 100.0)
    high = close + 1.0
    high[10], high[11] = 104.0, 112.0
    panel = BarPanel.from_dates(days, np.array([0, N]), days, close, high, close - 1.0, close)
    for target, is_due in ((111.0, True), (103.0, False), (113.0, False)):
        rules = BookRules(policy="target", exit_policy=ExitPolicy(part_frac=0.5))
        (found,) = held_states(panel, ["A"], [Position("A", 7.0, opened=DAYS[8], stop=90.0, target=target)], rules)
        assert found.exit is None
        assert (found.part is not None) == is_due, target
        if is_due:
            assert (found.part.reason, found.part.since, found.part.price) == ("target", DAYS[11], 111.0)
            assert found.part_frac == 0.5
            held = Held(Position("A", 7.0, opened=DAYS[8], stop=90.0, target=target), 100.0, found)
            (order,) = order_rows(plan_orders([], Account((), 0.0), [held], rules, as_of="2025-01-12"))
            assert (order["shares"], order["reason"]) == ("3", "target on 2025-01-12, 50% of the position")
            assert due_text(held) == "target on 2025-01-12 at 111.00: sell 50% at the next open"
