"""Trades beside shown setups: taken, late, missed, held, slipped; what none of them explains is listed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from btassets.studies.account.fill_match import compare_fills, entry_session
from btassets.studies.account.fill_trades import Order, Trade
from btassets.studies.account.shown_setups import ShownSetup

DAYS = [date(2025, 1, 1) + timedelta(days=k) for k in range(31)]
SESSIONS = [day for day in DAYS if day.weekday() < 5]
FRIDAY, NEXT_FRIDAY = date(2025, 1, 3), date(2025, 1, 10)


def setup(ticker, as_of=FRIDAY, **other):
    values = {"rank": 1, "direction": "long", "entry": 100.0, "stop": 95.0, "target": 110.0, "is_signal_day": True}
    return ShownSetup(as_of, ticker=ticker, **(values | other))


def trade(ticker, opened, price="101", closed=None, realized="0"):
    first = Order("buy", ticker, opened, Decimal(10), Decimal(price), Decimal(0), -10 * Decimal(price), 1)
    return Trade(ticker, first, bought=Decimal(10), closed=closed, realized=Decimal(realized))


def compared(trades, setups, results=None, max_late=2):
    shown = {}
    for one in setups:
        shown.setdefault(one.ticker, []).append(one)
    return compare_fills(trades, shown, results or {}, SESSIONS, max_late=max_late, span=(SESSIONS[0], SESSIONS[-1]))


def test_on_time_late_and_missed_in_r():
    monday, tuesday = date(2025, 1, 6), date(2025, 1, 7)
    results = {
        (FRIDAY, "A", "long"): {"fill_gap_r": 0.1, "net_r": 1.0},
        (FRIDAY, "B", "long"): {"fill_gap_r": None, "net_r": None},
        (FRIDAY, "C", "long"): {"fill_gap_r": 0.0, "net_r": 2.5},
    }
    found = compared(
        [trade("A", monday, closed=date(2025, 1, 20), realized="40"), trade("B", tuesday, price="102.5")],
        [setup("A"), setup("B"), setup("C"), setup("S", direction="short")],
        results,
    )
    a, b, c = found.matches
    assert (a.status, a.sessions_late) == ("taken", 0)
    assert (a.slip_r, a.own_r, a.gap_r) == pytest.approx((0.1, 0.8, -0.2))  # 101 is 0.2R above the entry, 0.1R graded
    assert (b.status, b.sessions_late, b.slip_r, b.own_r) == ("late", 1, 0.5, None)
    assert (c.status, c.net_r, c.trade) == ("missed", 2.5, None)
    assert found.others == ()


def test_shown_again_while_held_is_not_missed():
    found = compared([trade("A", date(2025, 1, 6))], [setup("A"), setup("A", NEXT_FRIDAY)])
    assert [match.status for match in found.matches] == ["taken", "held"]


def test_trades_that_no_setup_explains():
    found = compared(
        [
            trade("A", date(2025, 1, 2)),
            trade("B", date(2025, 1, 9)),
            trade("C", date(2025, 1, 6), closed=date(2025, 1, 6)),
            trade("C", date(2025, 1, 7)),
        ],
        [setup("A"), setup("B"), setup("C")],
    )
    reasons = {(one.ticker, one.opened.day): reason for one, reason in found.others}
    assert "no long setup of this ticker was shown before" in reasons["A", 2]
    assert "opened 3 sessions after the entry session" in reasons["B", 9]
    assert "was taken by an earlier trade" in reasons["C", 7]
    assert {match.setup.ticker: match.status for match in found.matches} == {"A": "held", "B": "missed", "C": "taken"}


def test_lists_outside_of_the_span_and_previews_are_not_judged():
    previews = [setup("A", is_signal_day=False)]
    assert compared([], previews).matches == ()
    shown = {"A": [setup("A")]}
    for span in (None, (date(2025, 1, 7), date(2025, 1, 31)), (date(2025, 1, 1), date(2025, 1, 3))):
        assert compare_fills([], shown, {}, SESSIONS, max_late=2, span=span).matches == ()
    assert entry_session(SESSIONS[-1], SESSIONS) is None
