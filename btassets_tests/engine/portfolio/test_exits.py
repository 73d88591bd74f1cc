"""Fill and exit of one setup by hand: the next open, gaps, ended tickers, levels."""

from dataclasses import replace

import numpy as np
import pytest

from btassets.engine.portfolio.exits import REASON_NAMES, STATUS_NAMES, chosen_exits, precompute_exits
from btassets_tests.support.small_panel import FREE, flat, market, rows


@pytest.mark.parametrize(
    ("next_open", "status"),
    [(95.0, "gapped_stop"), (95.01, "tradable"), (110.0, "gapped_target"), (109.99, "tradable")],
)
def test_an_open_at_a_level_is_no_fill(next_open, status):
    bars = {0: (100, 100, 100, 100), 1: (next_open, 130, 90, next_open)}
    panel = market([bars])
    for policy in ("target", "hold"):
        exits = precompute_exits(panel, rows(panel, (0, 0, 100.0, 95.0, 110.0)), replace(FREE, policy=policy))
        assert STATUS_NAMES[exits.status[0]] == status


def test_no_fill_without_a_bar_at_the_next_session_and_none_yet_at_the_last():
    panel = market([flat(10, 0, 2, 3), flat(10, 0, 1, 2, 3)])
    entries = rows(panel, (0, 0, 10.0, 9.0, 12.0), (0, 3, 10.0, 9.0, 12.0), (1, 0, 10.0, 9.0, 12.0))
    exits = precompute_exits(panel, entries, FREE)
    assert [STATUS_NAMES[s] for s in exits.status[np.argsort(entries.row_no)]] == [
        "no_next_bar",
        "pending",
        "tradable",
    ]


def one(bars, *, stop=95.0, target=110.0, entry=100.0, rules=FREE, is_long=True, others=()):
    """(status, fill price, reason, exit price, exit bar) of one setup at session 0."""
    panel = market([bars, *others])
    exits = precompute_exits(panel, rows(panel, (0, 0, entry, stop, target, is_long)), rules)
    return (
        STATUS_NAMES[exits.status[0]],
        exits.fill_price[0].item(),
        REASON_NAMES[exits.reason[0]],
        exits.exit_price[0].item(),
        exits.exit_bar[0].item(),
    )


@pytest.mark.parametrize(
    ("levels", "status"),
    [
        ({"stop": np.nan}, "no_levels"),
        ({"entry": 0.0}, "no_levels"),
        ({"stop": 0.0}, "no_levels"),
        ({"stop": -3.0}, "tradable"),
        ({"target": np.nan}, "tradable"),
        ({"is_long": False}, "short"),
    ],
)
def test_a_setup_without_usable_levels_is_not_filled(levels, status):
    bars = {0: (100, 100, 100, 100), 1: (100, 101, 99, 100), 2: (100, 101, 99, 100)}
    found = one(bars, **levels)
    assert found[0] == status
    assert np.isnan(found[1]) == (status != "tradable")


def test_an_open_below_the_stop_after_the_fill_is_the_price_received():
    bars = {0: (100,) * 4, 1: (100, 101, 99, 100), 2: (90, 92, 88, 91)}
    assert one(bars) == ("tradable", 100.0, "stop", 90.0, 2)
    touched = {**bars, 2: (97, 98, 95, 96)}
    assert one(touched)[2:] == ("stop", 95.0, 2)


@pytest.mark.parametrize(("hold_days", "exit_bar"), [(1, 1), (2, 2), (3, 3)])
def test_the_entry_bar_of_an_open_fill_is_day_one_of_the_hold(hold_days, exit_bar):
    bars = {0: (100,) * 4, **{s: (100, 101, 99, 100 + s / 10) for s in range(1, 5)}}
    found = one(bars, rules=replace(FREE, hold_days=hold_days))
    assert found == ("tradable", 100.0, "time", 100 + exit_bar / 10, exit_bar)
    at_close = one(bars, rules=replace(FREE, hold_days=hold_days, fill="close"))
    assert at_close == found  # filled at 100 at the close of session 0: the bar after it is day one too


def test_the_hold_policy_and_a_missing_target_ignore_the_target():
    bars = {0: (100,) * 4, 1: (100, 120, 99, 118), 2: (118, 119, 117, 117), 3: (117, 117, 116, 116)}
    assert one(bars)[2:] == ("target", 110.0, 1)
    assert one(bars, rules=replace(FREE, policy="hold"))[2:] == ("time", 116.0, 3)
    assert one(bars, target=np.nan)[2:] == ("time", 116.0, 3)
    assert one(bars, target=0.0)[2:] == ("time", 116.0, 3)


def test_a_position_that_outlives_the_panel_has_no_exit():
    status, _, reason, price, bar = one({0: (100,) * 4, 1: (100, 101, 99, 100)})
    assert (status, reason, bar) == ("tradable", "open_at_end", -1)
    assert np.isnan(price)


def test_each_entry_takes_the_exit_of_its_choice():
    bars = {0: (100,) * 4, 1: (100, 120, 99, 118), 2: (118, 119, 117, 117), 3: (117, 117, 116, 116)}
    panel = market([bars, bars])
    entries = rows(panel, (0, 0, 100.0, 95.0, 110.0), (1, 0, 100.0, 95.0, 110.0))
    both = [precompute_exits(panel, entries, replace(FREE, policy=policy)) for policy in ("target", "hold")]
    mixed = chosen_exits(both, np.array([1, 0]))
    assert [REASON_NAMES[r] for r in mixed.reason] == ["time", "target"]
    assert mixed.exit_price.tolist() == [116.0, 110.0]
    assert mixed.take(np.array([1])).exit_price.tolist() == [110.0]
    assert mixed.take(np.array([1])).fill == FREE.fill


@pytest.mark.parametrize(("delisting_return", "received"), [(0.0, 40.0), (-0.25, 30.0), (-1.0, 0.0)])
def test_an_ended_ticker_is_sold_at_its_last_close_less_the_delisting_return(delisting_return, received):
    bars = {0: (40,) * 4, 1: (40,) * 4, 2: (40,) * 4}
    rules = replace(FREE, hold_days=30, delisting_return=delisting_return)
    long_lived = flat(10, *range(20))
    found = one(bars, entry=40.0, stop=30.0, target=90.0, rules=rules, others=[long_lived])
    assert found == ("tradable", 40.0, "delisted", received, 2)
    kept = one(bars, entry=40.0, stop=30.0, target=90.0, rules=replace(rules, sells_ended=False), others=[long_lived])
    assert (kept[2], kept[4]) == ("open_at_end", -1)
