"""Rules about rows: each has a case that fires it and one that passes."""

from dataclasses import replace

import numpy as np
import pytest

from btassets.engine.market.quality import screen_bars
from btassets.engine.market.quality_rows import rows_kept
from btassets.engine.market.quality_rules import Override
from btassets_tests.support.quiet_bars import DAY_0, assert_same, bars, findings, taken


def test_q3_newest_first_is_an_order_too_and_a_mix_is_mentioned() -> None:
    raw = bars()
    backward = screen_bars("T", taken(raw, list(range(199, -1, -1))))
    assert_same(backward.bars, raw)
    assert backward.problems == ()
    mixed = screen_bars("T", taken(raw, [1, 0, *range(2, 200)]))
    assert_same(mixed.bars, raw)
    assert findings(mixed, "Q3") == [("info", None, 1)]


def test_q3_equal_duplicates_merge_with_their_action_once() -> None:
    raw = bars(split={7: 1.054}, dividend={7: 0.2})
    result = screen_bars("T", taken(raw, [*range(200), 7, 7, 9]))
    assert_same(result.bars, raw)
    assert result.n_dropped == (("Q3", 3),)
    assert ("warn", DAY_0 + 7, 3) in findings(result, "Q3")


def test_q3_nan_equals_nan_in_a_duplicate() -> None:
    raw = bars(close={7: np.nan})
    result = screen_bars("T", taken(raw, [*range(8), 7, *range(8, 200)]))
    assert result.n_dropped == (("Q3", 1), ("Q4", 1))
    assert not result.is_blocked


@pytest.mark.parametrize("column", ["open", "close", "volume", "dividend", "split"])
def test_q3_unequal_duplicates_block(column: str) -> None:
    raw = bars()
    doubled = taken(raw, [*range(8), 7, *range(8, 200)])
    getattr(doubled, column)[8] += 0.5
    result = screen_bars("T", doubled)
    assert result.is_blocked
    assert findings(result, "Q3") == [("block", DAY_0 + 7, 1)]
    # a person says that it may be so: neither row can be believed
    overridden = screen_bars("T", doubled, overrides=[Override("T", "Q3", "vendor told us.")])
    assert_same(overridden.bars, taken(raw, [*range(7), *range(8, 200)]))
    assert overridden.n_dropped == (("Q3", 2),)
    assert findings(overridden, "Q3") == [("warn", DAY_0 + 7, 1)]
    assert overridden.problems[0].text.endswith("Overridden: vendor told us.")


@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, -5.0, 1e300, 1e-300])
def test_q4_a_row_without_a_finite_price_above_zero_is_dropped(column: str, value: float) -> None:
    raw = bars(**{column: {50: value}})
    result = screen_bars("T", raw)
    assert_same(result.bars, taken(bars(), [*range(50), *range(51, 200)]))
    assert findings(result, "Q4") == [("quarantine", DAY_0 + 50, 1)]
    assert result.n_dropped == (("Q4", 1),)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_q4_volume_is_a_number_not_below_zero(value: float) -> None:
    assert screen_bars("T", bars(volume={50: value})).n_dropped == (("Q4", 1),)
    assert screen_bars("T", bars(volume={50: 0.0})).n_dropped == ()


@pytest.mark.parametrize(
    ("n", "n_bad", "is_blocked"),
    [(2000, 5, False), (2000, 6, True), (200, 1, False), (199, 1, True), (400, 2, False), (400, 3, True)],
)
@pytest.mark.parametrize("rule", ["Q4", "Q5"])
def test_q4_q5_more_than_5_rows_or_half_a_percent_block(n: int, n_bad: int, rule: str, is_blocked: bool) -> None:
    rows = range(10, 10 + 7 * n_bad, 7)
    raw = bars(n, close=dict.fromkeys(rows, np.nan)) if rule == "Q4" else bars(n, low=dict.fromkeys(rows, 150.0))
    result = screen_bars("T", raw)
    assert result.is_blocked == is_blocked
    assert result.n_dropped == ((rule, n_bad),)
    assert ("block", DAY_0 + 10, n_bad) in findings(result, rule) or not is_blocked
    if is_blocked:
        (text,) = [p.text for p in result.problems if p.severity == "block"]
        # The first case with its date and values, not only how many.
        assert text.startswith(f"T 2021-03-11: {n_bad} of {n} rows are bad, e.g. open 101, high 102")
        assert ("close nan, volume 1000" if rule == "Q4" else "low 150, close 101") in text
    overridden = screen_bars("T", raw, overrides=[Override("T", rule, "looked at.")])
    assert overridden.bars is not None
    assert len(overridden.bars) == n - n_bad


@pytest.mark.parametrize(
    ("column", "value", "is_fired"),
    [
        ("low", 100.0 * (1 + 2e-6), True),
        ("low", 100.0 * (1 + 5e-7), False),
        ("high", 100.0 * (1 - 2e-6), True),
        ("high", 100.0 * (1 - 5e-7), False),
        ("high", 98.0, True),
        ("open", 102.0, True),
        ("open", 98.0, True),
        ("open", 100.9, False),
    ],
)
def test_q5_low_is_lowest_and_high_is_highest(column: str, value: float, is_fired: bool) -> None:
    result = screen_bars("T", bars(**{column: {51: value}}))  # row 51: open = close = 100
    assert findings(result, "Q5") == ([("quarantine", DAY_0 + 51, 1)] if is_fired else [])


@pytest.mark.parametrize(
    ("change", "is_fired"),
    [
        ({"split": {50: 0.0}}, True),
        ({"split": {50: -2.0}}, True),
        ({"split": {50: np.inf}}, True),
        ({"dividend": {50: -0.1}}, True),
        ({"dividend": {50: 101.5}}, True),  # not below the close before it, 101
        ({"dividend": {50: 1.0}}, False),
        ({"split": {50: 1.054}}, False),
    ],
)
def test_q4_an_action_that_cannot_be_blocks(change: dict[str, dict[int, float]], is_fired: bool) -> None:
    result = screen_bars("T", bars(**change))
    assert findings(result, "Q4") == ([("block", DAY_0 + 50, 1)] if is_fired else [])
    assert result.is_blocked == is_fired


def test_q6_bars_on_other_days_than_sessions_are_dropped() -> None:
    raw = bars()
    sessions = np.delete(raw.dates, [20, 21])
    result = screen_bars("T", raw, sessions=sessions)
    assert_same(result.bars, taken(raw, [*range(20), *range(22, 200)]))
    assert findings(result, "Q6") == [("quarantine", DAY_0 + 20, 2)]
    assert result.n_dropped == (("Q6", 2),)
    # many of them block nobody, and what is no session counts against no other rule
    holidays = list(range(5, 200, 7))
    padded = bars(close=dict.fromkeys(holidays, np.nan))
    kept = screen_bars("T", padded, sessions=np.delete(raw.dates, holidays))
    assert kept.n_dropped == (("Q6", 28),)
    assert not kept.is_blocked


def test_q6_days_before_the_calendar_begins_are_not_judged_but_days_after_it_are() -> None:
    raw = bars()
    result = screen_bars("T", raw, sessions=raw.dates[50:150])
    assert result.n_dropped == (("Q6", 50),)
    assert result.bars is not None
    assert result.bars.dates[0] == DAY_0


def test_the_action_on_a_dropped_row_moves_to_the_next() -> None:
    raw = bars(6, split={2: 2.0, 3: 3.0, 4: 0.5}, dividend={2: 0.6, 3: 0.9, 4: 1.0})
    kept = rows_kept(raw, np.array([True, True, False, False, True, True]))
    assert kept.split.tolist() == [1.0, 1.0, 3.0, 1.0]
    # per share of the last ex-date: 0.6/(3*0.5) + 0.9/0.5 + 1.0
    np.testing.assert_allclose(kept.dividend, [0.0, 0.0, 0.4 + 1.8 + 1.0, 0.0])
    # cash per share of the day before all of them stays: 0.6*2 + 0.9*6 + 1.0*3
    assert kept.dividend[2] * kept.split[2] == pytest.approx(9.6)
    assert raw.split[4] == 0.5  # the source's arrays are not touched
    assert rows_kept(raw, np.arange(6) < 2).split.tolist() == [1.0, 1.0]  # nothing left to explain


def test_a_bad_row_on_an_ex_date_makes_no_jump() -> None:
    halved = dict.fromkeys(range(100, 200), 0.5)
    scale = np.array([halved.get(row, 1.0) for row in range(200)])
    quiet = bars()
    raw = replace(
        quiet,
        open=quiet.open * scale,
        high=quiet.high * scale,
        low=quiet.low * scale,
        close=quiet.close * scale,
        split=np.where(np.arange(200) == 100, 2.0, 1.0),
    )
    raw.close[100] = np.nan
    result = screen_bars("T", raw)
    assert result.bars is not None
    assert result.bars.split[100] == 2.0
    assert {problem.rule for problem in result.problems} == {"Q4"}


def test_q16_padding_after_the_last_trade_is_cut() -> None:
    flat = dict.fromkeys(range(195, 200), 101.0)
    still = dict.fromkeys(range(195, 200), 0.0)
    raw = bars(open=flat, high=flat, low=flat, close=flat, volume=still)
    result = screen_bars("T", raw, last_session=DAY_0 + 204)
    assert_same(result.bars, taken(raw, list(range(195))))
    assert result.n_dropped == (("Q16", 5),)
    assert findings(result, "Q16") == [("warn", DAY_0 + 195, 5)]
    assert not result.is_ended
    # flat bars with volume, and quiet bars with a range, are trading
    assert screen_bars("T", bars(open=flat, high=flat, low=flat, close=flat)).n_dropped == ()
    assert screen_bars("T", bars(volume=still)).n_dropped == ()


def test_q16_a_file_of_nothing_but_flat_bars_without_volume_stays_whole() -> None:
    price = np.full(200, 10.0)
    raw = bars(open=price, high=price, low=price, close=price, volume=np.zeros(200))
    assert screen_bars("T", raw).bars is raw
