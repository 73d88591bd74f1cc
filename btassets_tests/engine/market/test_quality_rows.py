"""Rules about rows and about a ticker's span: each has a case that fires it and one that passes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.market.adjustment import adjusted_bars
from btassets.engine.market.quality import ScreenedBars, screen_bars
from btassets.engine.market.quality_rows import rows_kept
from btassets.engine.market.quality_rules import Override, QualityRules
from btassets.engine.market.raw_bars import BASES, Basis, Problem, RawBars

DAY_0 = 18687  # 2021-03-01


def bars(n: int = 200, **changes: object) -> RawBars:
    """`n` quiet bars on consecutive days; `changes` are whole columns or {row: value}."""
    close = 100.0 + np.arange(n) % 3
    columns: dict[str, np.ndarray] = {
        "dates": (DAY_0 + np.arange(n)).astype(np.int32),
        "open": close.copy(),
        "high": close + 1.0,
        "low": close - 1.0,
        "close": close,
        "volume": np.full(n, 1000.0),
        "dividend": np.zeros(n),
        "split": np.ones(n),
    }
    for name, change in changes.items():
        if isinstance(change, dict):
            for row, value in change.items():
                columns[name][row] = value
        else:
            columns[name] = np.asarray(change, dtype=columns[name].dtype)
    return RawBars(**columns)


def findings(result: ScreenedBars, rule: str) -> list[tuple[str, int | None, int]]:
    return [(p.severity, p.date, p.n) for p in result.problems if p.rule == rule]


def taken(raw: RawBars, rows: list[int]) -> RawBars:
    names = ("dates", "open", "high", "low", "close", "volume", "dividend", "split")
    return RawBars(*(getattr(raw, name)[rows] for name in names))


def assert_same(left: RawBars | None, right: RawBars) -> None:
    assert left is not None
    for name in ("dates", "open", "high", "low", "close", "volume", "dividend", "split"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


def test_good_bars_pass_untouched_and_without_a_word() -> None:
    raw = bars()
    result = screen_bars("T", raw, sessions=raw.dates, last_session=int(raw.dates[-1]))
    assert result.bars is raw
    assert result == ScreenedBars(raw, (), 200, (), is_ended=False)
    assert not result.is_blocked


def test_q1_no_row_at_all() -> None:
    result = screen_bars("T", taken(bars(), []))
    assert result.is_blocked
    assert findings(result, "Q1") == [("block", None, 0)]


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


def test_q12_gap_of_more_than_30_days() -> None:
    dates = DAY_0 + np.arange(200)
    dates[100:] += 30  # row 100 comes 31 days after row 99
    result = screen_bars("T", bars(dates=dates))
    assert findings(result, "Q12") == [("warn", DAY_0 + 99, 1)]
    dates[100:] -= 1
    assert findings(screen_bars("T", bars(dates=dates)), "Q12") == []


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


def test_q16_ended_more_than_10_days_before_the_set() -> None:
    for late, is_ended in ((10, False), (11, True)):
        result = screen_bars("T", bars(), last_session=DAY_0 + 199 + late)
        assert result.is_ended == is_ended
        assert findings(result, "Q16") == ([("warn", DAY_0 + 199, 1)] if is_ended else [])
        assert result.bars is not None


def test_q18_a_close_out_of_this_world() -> None:
    scale = 1e5 / 102.0  # the largest close is exactly 1e5
    quiet = bars()
    high = bars(open=quiet.open * scale, high=quiet.high * scale, low=quiet.low * scale, close=quiet.close * scale)
    assert findings(screen_bars("T", high), "Q18") == []
    higher = replace(
        high, open=high.open * 1.001, high=high.high * 1.001, low=high.low * 1.001, close=high.close * 1.001
    )
    assert findings(screen_bars("T", higher), "Q18") == [("warn", DAY_0 + 2, 66)]
    assert findings(screen_bars("BRK.A", higher), "Q18") == []


@pytest.mark.parametrize(("n", "is_fired"), [(89, True), (90, False)])
def test_q22_too_few_bars_for_a_candidate(n: int, is_fired: bool) -> None:
    assert findings(screen_bars("T", bars(n)), "Q22") == ([("info", None, n)] if is_fired else [])


def test_notes_of_the_source_come_first_and_overrides_of_others_do_nothing() -> None:
    note = Problem("T", "Q4", "info", None, 1, "T: close is 'abc'.")
    raw = replace(bars(close={50: np.nan}), notes=(note,))
    result = screen_bars("T", raw, overrides=[Override("U", "Q4", "no."), Override("T", "Q7", "no.")])
    assert result.problems[0] is note
    assert len(result.problems) == 2


def test_thresholds_are_settings() -> None:
    rules = QualityRules(max_bad_rows=0, min_bars=300)
    result = screen_bars("T", bars(close={50: np.nan}), rules)
    assert result.is_blocked
    assert {(p.rule, p.severity) for p in result.problems} == {
        ("Q4", "quarantine"),
        ("Q4", "block"),
        ("Q22", "info"),
    }


odd_number = st.one_of(
    st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e308, 1e-308, 1e15, 1e-9, 1e6, 1e-6, 3.1, 300.0]),
    st.floats(width=64),
)
spoilt_cell = st.tuples(
    st.sampled_from(["open", "high", "low", "close", "volume", "dividend", "split", "adjusted_close", "dates"]),
    st.integers(0, 11),
    odd_number,
    st.integers(-3, 3),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(spoilt_cell, max_size=8), st.sampled_from(BASES), st.booleans())
def test_whatever_comes_in_what_goes_out_can_be_trusted(
    spoilt: list[tuple[str, int, float, int]], basis: Basis, is_overridden: bool
) -> None:
    raw = replace(bars(12), adjusted_close=bars(12).close)
    for name, row, value, days in spoilt:
        if name == "dates":
            raw.dates[row] += days
        else:
            getattr(raw, name)[row] = value
    lenient = QualityRules(max_bad_rows=100, max_bad_frac=1.0)
    overrides = [Override("T", f"Q{k}", "seen.") for k in range(1, 10)] if is_overridden else []
    result = screen_bars("T", raw, lenient, basis=basis, last_session=DAY_0 + 30, overrides=overrides)
    assert all(problem.n >= 0 and problem.text for problem in result.problems)
    assert result.is_blocked == any(problem.severity == "block" for problem in result.problems)
    if result.bars is None:
        return
    kept = result.bars
    assert sum(n_rows for _, n_rows in result.n_dropped) + len(kept) == 12
    assert (np.diff(kept.dates) > 0).all()
    for prices in (kept.open, kept.high, kept.low, kept.close):
        assert np.isfinite(prices).all()
        assert (prices > 0).all()
    assert (kept.low <= np.minimum(kept.open, kept.close) * (1 + 1e-6)).all()
    assert (kept.high >= np.maximum(kept.open, kept.close) * (1 - 1e-6)).all()
    assert (kept.volume >= 0).all()
    # what the rules let through can be adjusted to anything
    for wanted in BASES:
        view = adjusted_bars(kept, basis, wanted)
        assert np.isfinite(view.close).all()
        assert (view.close > 0).all()
