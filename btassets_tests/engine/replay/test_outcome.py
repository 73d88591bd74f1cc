"""Outcome of one setup by hand, under both fills."""

from collections import Counter

import numpy as np
import pytest

from btassets.engine.conventions import ExitPolicy
from btassets_tests.reference.naive_engine import Bar
from btassets_tests.reference.naive_grading import grade as naive_grade
from btassets_tests.support.graded_story import QUIET, graded, story


def test_a_gap_through_the_stop_fills_at_the_open():
    row = graded(story(QUIET, (92.5, 93.0, 91.0, 92.0)))
    assert (row["outcome"], row["exit_reason"], row["hold_days"], row["stop_day"]) == (
        "stop_hit",
        "stop",
        2,
        2,
    )
    assert row["realized_r"] == row["r_mtm"] == row["time_r_5"] == -1.5
    assert row["realized_r_open"] == -1.5
    short = graded(story(QUIET, (107.5, 108.0, 107.0, 107.2)), sign=-1, stop=105.0, target=90.0)
    assert (short["outcome"], short["realized_r"]) == ("stop_hit", -1.5)


def test_both_levels_in_one_bar_are_ambiguous_and_a_loss():
    row = graded(story((100.0, 111.0, 94.0, 100.0)))
    assert (row["outcome"], row["exit_reason"], row["realized_r"], row["hold_days"]) == (
        "ambiguous",
        "stop",
        -1.0,
        1,
    )


@pytest.mark.parametrize(
    ("bar", "outcome"),
    [
        ((100.0, 110.0, 99.0, 101.0), "target_hit"),
        ((100.0, 109.999, 99.0, 101.0), "expired"),
        ((100.0, 101.0, 95.0, 96.0), "stop_hit"),
        ((100.0, 101.0, 95.001, 96.0), "expired"),
    ],
)
def test_touches_are_inclusive(bar, outcome):
    assert graded(story(bar))["outcome"] == outcome


@pytest.mark.parametrize(("day", "outcome"), [(30, "target_hit"), (31, "expired")])
def test_day_30_counts_and_day_31_does_not(day, outcome):
    row = graded(story(*[QUIET] * (day - 1), (100.0, 112.0, 99.0, 111.0)))
    assert (row["outcome"], row["hold_days"]) == (outcome, 30)


def test_the_asof_bar_itself_touches_nothing():
    assert graded(story((100.0, 130.0, 80.0, 100.0)), i=1)["outcome"] == "expired"


@pytest.mark.parametrize(("sign", "day", "paid"), [(1, 2, 114.0), (-1, 2, 86.0), (1, 1, 114.0)])
def test_a_target_gapped_over_pays_the_open_in_r_mtm_and_the_target_in_realized_r(sign, day, paid):
    beyond = (paid, paid + 1.0, paid - 1.0, paid)
    bars = story(*[QUIET] * (day - 1), beyond)
    row = graded(bars, sign=sign, stop=100.0 - 5.0 * sign, target=100.0 + 10.0 * sign, rr=1.9)
    assert (row["outcome"], row["hold_days"]) == ("target_hit", day)
    assert (row["realized_r"], row["r_mtm"]) == (1.9, pytest.approx(1.9 + 4.0 / 5.0))
    if day == 1:  # the fill itself was beyond the target: no trade
        assert (row["drop_open"], row["r_mtm_open"]) == ("gapped_target", None)
    else:
        assert (row["realized_r_open"], row["r_mtm_open"]) == (2.0, pytest.approx(14.0 / 5.0))
    old = graded(bars, sign=sign, stop=100.0 - 5.0 * sign, target=100.0 + 10.0 * sign, rr=1.9, is_legacy=True)
    assert (old["realized_r"], old["r_mtm"]) == (1.9, 1.9)


def test_an_open_at_the_target_pays_the_target():
    row = graded(story(QUIET, (110.0, 111.0, 109.0, 110.0)))
    assert row["realized_r"] == row["r_mtm"] == 2.0


def test_an_open_beyond_the_target_and_a_low_at_the_stop_stay_a_loss():
    row = graded(story(QUIET, (112.0, 113.0, 94.0, 100.0)))
    assert (row["outcome"], row["r_mtm"]) == ("ambiguous", -1.0)


def test_a_target_pays_rr_as_given_and_the_open_fill_pays_its_distance():
    row = graded(story((102.0, 111.0, 101.0, 108.0)), rr=1.99)
    assert (row["realized_r"], row["r_mtm"]) == (1.99, 1.99)
    assert row["fill_open"] == 102.0
    assert row["realized_r_open"] == (110.0 - 102.0) / 5.0
    assert row["risk_pct_open"] == 5.0 / 102.0
    assert row["time_r_5_open"] == (100.0 - 102.0) / 5.0


def test_the_stop_after_the_target_feeds_the_time_exits():
    row = graded(story((100.0, 111.0, 99.0, 105.0), *[QUIET] * 6, (99.0, 99.0, 94.0, 96.0)))
    assert (row["outcome"], row["hold_days"], row["stop_day"]) == ("target_hit", 1, 8)
    assert (row["time_r_5"], row["time_r_10"], row["time_r_30"]) == (0.0, -1.0, -1.0)


def test_an_expired_trade_is_zero_and_its_mark_is_beside_it():
    row = graded(story(*[(104.0, 105.0, 103.0, 104.0)] * 35))
    assert (row["outcome"], row["exit_reason"], row["hold_days"], row["stop_day"]) == (
        "expired",
        "time",
        30,
        -1,
    )
    assert row["realized_r"] == 0.0
    assert row["r_mtm"] == row["time_r_30"] == pytest.approx(0.8)
    assert row["realized_r_open"] == 0.0
    assert row["r_mtm_open"] == 0.0  # filled at 104, closed at 104
    assert row["label_end_date"] == 1030


def test_a_delisted_ticker_is_graded_to_its_last_bar():
    row = graded(story(*[(101.0, 102.0, 100.5, 101.0)] * 20, n=12), is_ended=True, last=60)
    assert (row["outcome"], row["exit_reason"], row["hold_days"], row["n_forward"]) == (
        "expired",
        "delisted",
        12,
        12,
    )
    assert row["realized_r"] == row["r_mtm"] == row["time_r_21"] == row["time_r_30"] == pytest.approx(0.2)
    assert row["time_r_30_open"] == 0.0
    assert row["label_end_date"] == 1012
    touched = graded(story(QUIET, (94.0, 95.0, 90.0, 91.0), n=12), is_ended=True, last=60)
    assert (touched["outcome"], touched["exit_reason"], touched["realized_r"]) == ("stop_hit", "stop", -1.2)


def test_the_last_bar_of_a_delisted_ticker_makes_nothing():
    row = graded(story(n=12), i=12, is_ended=True, last=60)
    assert (row["outcome"], row["exit_reason"], row["hold_days"], row["realized_r"]) == (
        "expired",
        "delisted",
        0,
        0.0,
    )
    assert (row["time_r_5"], row["bench_ret_30"]) == (0.0, 0.0)
    assert (row["drop_open"], row["outcome_open"], row["fill_open"]) == ("no_next_bar", None, None)


@pytest.mark.parametrize("gap_after", [6, 20, None])
def test_a_row_goes_on_behind_a_halt_as_the_portfolio_does(gap_after):
    row = graded(story(*[(101.0, 102.0, 100.5, 101.0)] * 50, gap_after=gap_after))
    assert (row["outcome"], row["exit_reason"], row["hold_days"]) == ("expired", "time", 30)


@pytest.mark.parametrize(("reopening", "paid_r"), [(45.0, -11.0), (88.0, -2.4), (97.0, -1.0)])
def test_a_loss_behind_a_halt_is_paid_at_the_price_of_the_first_bar(reopening, paid_r):
    calm = [(101.0, 102.0, 100.5, 101.0)] * 6
    after = [(reopening, reopening + 1.0, min(reopening, 90.0) - 1.0, reopening)] * 40
    row = graded(story(*calm, *after, gap_after=6))
    assert (row["exit_reason"], row["hold_days"]) == ("stop", 7)
    assert row["realized_r"] == row["r_mtm"] == row["time_r_30"] == pytest.approx(paid_r)


def test_live_rows_are_not_graded_even_when_touched():
    row = graded(story(QUIET, (94.0, 95.0, 90.0, 91.0), n=29))
    assert (row["outcome"], row["realized_r"], row["hold_days"], row["n_forward"]) == (None, None, -1, 29)
    assert (row["risk_pct"], row["fill_open"], row["outcome_open"], row["drop_open"]) == (
        0.05,
        100.0,
        None,
        None,
    )
    seed = graded(story(QUIET, (94.0, 95.0, 90.0, 91.0), n=29), is_legacy=True)
    assert (seed["outcome"], seed["hold_days"], seed["time_r_30"]) == ("stop_hit", 2, -1.2)
    assert graded(story(n=29), is_legacy=True)["outcome"] is None


def test_the_signal_at_t_has_no_fill_yet():
    row = graded(story(n=12), i=12)
    assert (row["outcome"], row["drop_open"], row["fill_open"]) == (None, None, None)


@pytest.mark.parametrize(
    ("next_open", "drop"),
    [(95.0, "gapped_stop"), (90.0, "gapped_stop"), (110.0, "gapped_target"), (109.0, None)],
)
def test_opens_beyond_a_level_are_dropped(next_open, drop):
    row = graded(story((next_open, max(next_open, 100.0), min(next_open, 96.0), 100.0)))
    assert row["drop_open"] == drop
    assert (row["outcome_open"] is None) == (row["fill_open"] is None) == (drop is not None)
    assert row["outcome"] is not None
    mirrored = graded(
        story((200.0 - next_open, max(200.0 - next_open, 104.0), min(200.0 - next_open, 100.0), 100.0)),
        sign=-1,
        stop=105.0,
        target=90.0,
    )
    assert mirrored["drop_open"] == drop


def test_the_next_bar_must_be_the_next_session():
    session_no = np.arange(41, dtype=np.int32)
    session_no[1:] += 1
    row = graded(story(), session_no=session_no)
    assert (row["drop_open"], row["outcome"], row["realized_r_open"]) == ("no_next_bar", "expired", None)
    behind = graded(story(n=12), i=12, last=13)
    assert (behind["drop_open"], behind["outcome"]) == ("no_next_bar", None)


def test_day_one_of_the_open_fill_is_the_entry_bar():
    row = graded(story((98.0, 99.0, 94.0, 96.0)))
    assert (row["outcome_open"], row["hold_days_open"], row["stop_day_open"]) == ("stop_hit", 1, 1)
    assert row["realized_r_open"] == (95.0 - 98.0) / 5.0
    assert row["realized_r"] == -1.0


def test_benchmark_returns_by_hand():
    bars = story((100.0, 111.0, 99.0, 105.0), *[QUIET] * 6, (99.0, 99.0, 94.0, 96.0))
    bench = np.linspace(100.0, 200.0, bars.n_bars)
    row = graded(bars)
    assert row["bench_ret_target"] == bench[1] / bench[0] - 1.0
    assert row["bench_ret_5"] == bench[5] / bench[0] - 1.0
    assert row["bench_ret_10"] == row["bench_ret_30"] == bench[8] / bench[0] - 1.0  # stopped on day 8
    assert row["bench_ret_target_open"] == bench[1] / (bench[1] - 1.0) - 1.0
    assert row["bench_ret_5_open"] == bench[5] / (bench[1] - 1.0) - 1.0


def test_a_setup_without_risk_pays_its_rr_and_no_multiple_of_nothing():
    above = graded(story((112.0, 113.0, 111.0, 112.0)), stop=100.0, entry=100.0)
    assert above["risk_pct"] == 0.0
    assert (above["outcome"], above["realized_r"], above["r_mtm"], above["time_r_5"]) == ("target_hit", 2.0, 2.0, 0.0)
    assert (above["drop_open"], above["r_mtm_open"]) == ("gapped_target", None)


EXCURSIONS = ("mae_r", "mae_day", "mfe_r", "mfe_day")


def excursions_of(*ahead, suffix="", **options):
    row = graded(story(*ahead), **options)
    return tuple(row[f"{name}{suffix}"] for name in EXCURSIONS)


def test_excursions_are_the_worst_and_best_price_while_held_with_their_first_days():
    path = ((100.0, 104.0, 98.0, 100.0), (100.0, 104.0, 96.0, 101.0), (101.0, 103.0, 96.0, 102.0))
    assert excursions_of(*path) == (-0.8, 2, 0.8, 1)
    # As a short with mirrored levels both change places.
    assert excursions_of(*path, sign=-1, stop=105.0, target=90.0) == (-0.8, 1, 0.8, 2)


def test_a_stop_counts_up_to_its_own_price_and_nothing_after_it():
    assert excursions_of((100.0, 109.0, 94.0, 95.0), (95.0, 109.0, 80.0, 85.0)) == (-1.0, 1, 0.0, 0)
    # Gapped over: the open is paid, below 1R.
    assert excursions_of((100.0, 102.0, 99.0, 101.0), (93.0, 108.0, 90.0, 95.0)) == (-1.4, 2, 0.4, 1)
    # Both in one bar is a stop: what came before it is only known from the open.
    assert excursions_of((102.0, 111.0, 94.0, 95.0)) == (-1.0, 1, 0.4, 1)


def test_a_target_counts_its_price_and_what_was_lost_before():
    assert excursions_of((100.0, 112.0, 97.0, 111.0), (111.0, 130.0, 80.0, 90.0)) == (-0.6, 1, 2.0, 1)
    # Opened beyond it: sold there, so the low of that bar was not held.
    assert excursions_of((100.0, 101.0, 99.0, 100.0), (112.0, 115.0, 96.0, 113.0)) == (-0.2, 1, 2.4, 2)


def test_excursions_of_the_open_fill_start_at_the_open():
    path = ((102.0, 104.0, 101.0, 103.0), (103.0, 103.5, 97.0, 98.0))
    assert excursions_of(*path, suffix="_open") == pytest.approx((-1.0, 2, 0.4, 1))
    assert excursions_of(*path) == pytest.approx((-0.6, 2, 0.8, 1))


def test_without_risk_or_a_result_there_are_no_excursions():
    assert excursions_of((100.0, 101.0, 99.0, 100.0), stop=100.0) == (None, -1, None, -1)
    assert excursions_of((100.0, 101.0, 99.0, 100.0), last=20) == (None, -1, None, -1)
    assert excursions_of((94.0, 96.0, 93.0, 95.0), suffix="_open") == (None, -1, None, -1)  # never filled


def shaped_path(kind, rng):
    """Forward bars of one shape: a trend, a gap, a spike, a round trip or noise, with touches at exactly a level."""
    drift = {"up": 0.6, "down": -0.6, "round trip": 0.8}.get(kind, 0.0)
    close, bars = 100.0, []
    jump = int(rng.integers(1, 20))
    for day in range(1, 36):
        slope = -drift if kind == "round trip" and day > 12 else drift
        first = close + (rng.choice([6.0, 12.0]) if day == jump and kind == "gap up" else 0.0)
        first -= rng.choice([6.0, 12.0]) if day == jump and kind == "gap down" else 0.0
        close = round(first + slope + rng.normal(0.0, 0.8), 1)
        high, low = max(first, close) + round(rng.random(), 1), min(first, close) - round(rng.random(), 1)
        if kind == "spike" and day == jump:
            high, low = ((110.0, low), (high, 90.0), (110.0, 90.0))[int(rng.integers(3))]
        bars.append((first, max(high, first, close), min(low, first, close), close))
    return bars


def test_excursions_equal_the_naive_ones_on_a_thousand_shaped_paths():
    rng = np.random.default_rng(17)
    kinds = ("up", "down", "gap up", "gap down", "spike", "round trip", "noise")
    outcomes = Counter()
    for k in range(1000):
        bars = story(*shaped_path(kinds[k % len(kinds)], rng))
        sign = 1 if rng.random() < 0.6 else -1
        stop, target = 100.0 - sign * 5.0, 100.0 + sign * 10.0
        row = graded(bars, sign=sign, stop=stop, target=target)
        columns = (bars.dates, bars.open, bars.high, bars.low, bars.close, bars.volume)
        plain = [Bar(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]
        direction = "long" if sign > 0 else "short"
        expected = naive_grade(plain, 0, direction, 100.0, stop, target, 2.0, bars.dates.tolist(), {})
        for suffix in ("", "_open"):
            found = [row[f"{name}{suffix}"] for name in EXCURSIONS]
            missing = [None, -1, None, -1]
            wanted = [expected.get(f"{name}{suffix}", gap) for name, gap in zip(EXCURSIONS, missing, strict=True)]
            assert found == wanted, (k, suffix)
            if row[f"outcome{suffix}"] is not None:
                outcomes[row[f"outcome{suffix}"], suffix] += 1
                assert found[0] <= row[f"r_mtm{suffix}"] + 1e-12
                assert found[2] >= row[f"r_mtm{suffix}"] - 1e-12
    assert len(outcomes) == 8
    assert min(outcomes.values()) >= 10


def test_a_trailing_stop_follows_the_high_of_the_days_before():
    # ATR of one bar before: none, so the as-of bar needs a history: 20 quiet bars of range 1.
    past = [QUIET] * 20
    bars = story(*past, (100.0, 104.0, 99.5, 104.0), (104.0, 104.0, 102.0, 103.0), (101.0, 101.5, 100.0, 101.0), n=60)
    row = graded(bars, i=20, stop=95.0, target=130.0, policy=ExitPolicy(trail_atr=2.0))
    # Highest price 104 less two ATR of 1.0: 102, touched on day 2, exactly.
    assert (row["outcome"], row["exit_reason"], row["hold_days"]) == ("stop_hit", "stop", 2)
    assert row["r_mtm"] == row["realized_r"] == pytest.approx(0.4)
    further = graded(bars, i=20, stop=95.0, target=130.0, policy=ExitPolicy(trail_atr=2.5))
    # 101.5 is above the open of day 3: filled at the open, 101.
    assert (further["hold_days"], further["r_mtm"]) == (3, pytest.approx(0.2))
    assert further["time_r_5"] == pytest.approx(0.2)


def test_the_high_of_the_day_itself_does_not_move_its_stop():
    bars = story(*[QUIET] * 20, (100.0, 112.0, 99.0, 100.0), n=60)
    row = graded(bars, i=20, stop=95.0, target=130.0, policy=ExitPolicy(trail_atr=2.0))
    assert row["hold_days"] == 2  # 112 - 2 = 110, known from day 2 on; its open of 100 is the fill
    assert row["r_mtm"] == pytest.approx(0.0)


def test_break_even_moves_the_stop_to_the_signals_close_after_the_gain():
    bars = story((100.0, 105.0, 100.0, 105.0), (101.0, 102.0, 99.0, 99.0))
    moved = graded(bars, policy=ExitPolicy(breakeven_r=1.0))
    assert (moved["outcome"], moved["hold_days"], moved["r_mtm"]) == ("stop_hit", 2, 0.0)
    short_of_it = graded(bars, policy=ExitPolicy(breakeven_r=1.01))
    assert short_of_it["outcome"] == "expired"
    short = graded(story((100.0, 100.0, 95.0, 95.0), (99.0, 101.0, 98.0, 101.0)), sign=-1, stop=105.0, target=90.0,
                   policy=ExitPolicy(breakeven_r=1.0))  # fmt: skip
    assert (short["outcome"], short["hold_days"], short["r_mtm"]) == ("stop_hit", 2, 0.0)


@pytest.mark.parametrize(
    ("later", "reason", "days", "rest_r"),
    [
        ([], "time", 30, 0.0),  # quiet bars close at 100
        ([(94.0, 96.0, 93.0, 95.0)], "stop", 2, -1.2),  # opens beyond the stop
    ],
)
def test_the_rest_of_a_part_sold_at_the_target_stays_until_stop_or_end(later, reason, days, rest_r):
    bars = story((100.0, 111.0, 99.0, 108.0), *later)
    row = graded(bars, policy=ExitPolicy(part_frac=0.5))
    assert (row["outcome"], row["exit_reason"], row["hold_days"]) == ("target_hit", reason, days)
    assert row["r_mtm"] == pytest.approx(0.5 * 2.0 + 0.5 * rest_r)
    assert row["r_mtm_open"] == pytest.approx(0.5 * 2.0 + 0.5 * rest_r)
    assert row["time_r_5"] == pytest.approx(rest_r)  # a hold sells nothing at the target
    assert row["mfe_r"] == pytest.approx(2.2)  # the rest saw the high of 111


def test_a_part_sold_on_the_last_day_of_the_race_leaves_the_rest_at_its_close():
    bars = story(*[QUIET] * 29, (100.0, 111.0, 99.0, 108.0))
    row = graded(bars, policy=ExitPolicy(part_frac=0.25))
    assert (row["exit_reason"], row["hold_days"]) == ("time", 30)
    assert row["r_mtm"] == pytest.approx(0.25 * 2.0 + 0.75 * 1.6)


def test_a_target_gapped_over_pays_the_open_for_the_part():
    row = graded(story((113.0, 114.0, 112.0, 112.0)), policy=ExitPolicy(part_frac=0.5), entry=100.0)
    assert row["drop_open"] == "gapped_target"
    assert row["r_mtm"] == pytest.approx(0.5 * 2.6)
    assert row["realized_r"] == pytest.approx(0.5 * 2.0)
