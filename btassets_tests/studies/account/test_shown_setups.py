"""Shown setups by ticker: first lists, qualified ones, levels that follow the prices of the source."""

from datetime import date

import numpy as np

from btassets.engine.days import EPOCH
from btassets.engine.market.bars import Bars
from btassets.studies.account.shown_setups import factor_since, latest_before, shown_setups


def record(as_of, *setups, kind="shown"):
    rows = [
        {"ticker": ticker, "direction": direction, "entry": 100.0, "stop": 95.0, "target": 110.0, "is_qualified": ok}
        for ticker, direction, ok in setups
    ]
    return {"kind": kind, "as_of": as_of, "is_signal_day": True, "setups": rows}


RECORDS = [
    record("2025-01-03", ("A", "long", True), ("B", "short", True), ("C", "long", False)),
    record("2025-01-03", ("D", "long", True)),  # a second showing counts for nothing
    record("2025-01-10", ("A", "long", True)),
    record("2025-01-17", ("A", "long", True), kind="backfill"),
]


def test_first_lists_and_qualified_setups_only():
    found = shown_setups(RECORDS)
    assert {ticker: [str(one.as_of) for one in own] for ticker, own in found.items()} == {
        "A": ["2025-01-03", "2025-01-10"],
        "B": ["2025-01-03"],
    }


def test_the_last_long_setup_before_a_day():
    found = shown_setups(RECORDS)
    assert latest_before(found, "A", date(2025, 1, 10)).as_of == date(2025, 1, 3)
    assert latest_before(found, "A", date(2025, 1, 11)).as_of == date(2025, 1, 10)
    assert latest_before(found, "A", date(2025, 1, 3)) is None
    assert latest_before(found, "B", date(2025, 2, 1)) is None


def test_levels_follow_a_split():
    (setup, _) = shown_setups(RECORDS)["A"]
    days = np.array([(date(2025, 1, 3) - EPOCH).days], np.int32)
    quarter = np.array([25.0])
    bars = Bars(days, quarter, quarter, quarter, quarter, quarter)
    assert factor_since(setup, bars) == 0.25
    assert factor_since(setup, None) is None
    assert factor_since(setup, Bars(days + 1, quarter, quarter, quarter, quarter, quarter)) is None
