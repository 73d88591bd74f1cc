"""Screening of one ticker: the rules together, and those about its span."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.market.adjustment import adjusted_bars
from btassets.engine.market.quality import ScreenedBars, screen_bars
from btassets.engine.market.quality_rules import Override, QualityRules
from btassets.engine.market.raw_bars import BASES, Basis, Problem, RawBars
from btassets_tests.support.quiet_bars import DAY_0, bars, findings, taken


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
    assert result.problems[0].text == "T: no rows; a ticker needs at least one bar."
    assert result.n_rows == 0


def test_q12_gap_of_more_than_30_days() -> None:
    dates = DAY_0 + np.arange(200)
    dates[100:] += 30  # row 100 comes 31 days after row 99
    result = screen_bars("T", bars(dates=dates))
    assert findings(result, "Q12") == [("warn", DAY_0 + 99, 1)]
    dates[100:] -= 1
    assert findings(screen_bars("T", bars(dates=dates)), "Q12") == []


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


@pytest.mark.parametrize("raw", [taken(bars(), []), taken(bars(close={7: np.nan}), [7])])
def test_q1_no_override_makes_bars_out_of_none(raw: RawBars) -> None:
    lenient = QualityRules(max_bad_frac=1.0)
    result = screen_bars("T", raw, lenient, overrides=[Override("T", "Q1", "I know.")])
    assert result.is_blocked
    assert not result.is_ended
    assert findings(result, "Q1") == [("block", None, len(raw))]


@pytest.mark.parametrize(
    ("step", "n", "said"),
    [(4, 60, None), (5, 60, "weekly"), (10, 60, "weekly"), (11, 60, "monthly"), (7, 11, "weekly"), (7, 10, None)],
)
def test_q24_bars_that_are_not_daily_are_named(step: int, n: int, said: str | None) -> None:
    dates = (DAY_0 + step * np.arange(n)).astype(np.int32)
    result = screen_bars("T", bars(n, dates=dates), QualityRules(gap_days=0))
    assert findings(result, "Q24") == ([] if said is None else [("warn", DAY_0, n)])
    if said is not None:
        (text,) = [p.text for p in result.problems if p.rule == "Q24"]
        assert f"bars are {step} days apart" in text
        assert f"these look {said}" in text


def test_q12_gaps_are_off_with_zero_days_and_the_first_of_several_is_dated() -> None:
    dates = DAY_0 + np.arange(200)
    dates[50:] += 40
    dates[120:] += 90
    assert findings(screen_bars("T", bars(dates=dates)), "Q12") == [("warn", DAY_0 + 49, 2)]
    assert findings(screen_bars("T", bars(dates=dates), QualityRules(gap_days=0)), "Q12") == []
