"""Patterns across tickers, one by one."""

import numpy as np
import pytest

from btassets.engine.market.source_look import (
    basis_look,
    blocked_days_look,
    rhythm_look,
    same_series,
    series_marks,
    stopped_look,
    unlisted_sessions,
)

DAYS = np.arange(18_000, 18_300, dtype=np.int32)


def closes(seed: int) -> np.ndarray:
    return np.round(50.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.01, len(DAYS)))), 4)


def test_one_series_is_seen_through_another_start_end_and_a_changed_day() -> None:
    own = closes(1)
    changed = own.copy()
    changed[5] += 1.0
    marks = {
        "A": series_marks(DAYS, own),
        "B": series_marks(DAYS[40:], own[40:]),
        "C": series_marks(DAYS, changed),
        "D": series_marks(DAYS, closes(2)),
        "E": series_marks(DAYS, np.full(len(DAYS), 10.0)),
        "F": series_marks(DAYS, np.full(len(DAYS), 10.0)),
        "G": series_marks(DAYS[:50], own[:50]),
    }
    found = same_series(marks)
    assert [(one.ticker, one.rule, one.severity) for one in found] == [("A", "Q26", "warn")]
    assert found[0].text.startswith("A and B and C have the same bars")


@pytest.mark.parametrize(("n_with_bar", "is_told"), [(10, True), (6, True), (5, False), (1, False)])
def test_a_day_that_most_have_and_the_calendar_lacks(n_with_bar: int, is_told: bool) -> None:
    first, last = np.full(10, 18_000, np.int32), np.full(10, 18_300, np.int32)
    found = unlisted_sessions(np.full(n_with_bar, 18_100, np.int32), first, last, "XBOM")
    assert bool(found) == is_told
    assert all(one.date == 18_100 and "calendar XBOM does not know" in one.text for one in found)


def test_basis_needs_two_tickers_and_a_basis_that_is_not_raw() -> None:
    assert [one.rule for one in basis_look(["A", "B"], [], 10, "total")] == ["Q25"]
    assert basis_look(["A", "B"], [], 10, "raw") == []
    assert basis_look(["A"], [], 10, "split") == []
    assert [one.n for one in basis_look([], list("ABCDE"), 10, "total")] == [5]
    assert basis_look([], list("ABCD"), 10, "total") == []


def test_stopped_together_ahead_of_all_and_ordinary_ends() -> None:
    ends = {f"S{k}": 18_300 for k in range(20)}
    assert stopped_look(ends | {"GONE": 18_000}, 18_300, 10) == []
    together = stopped_look(ends | {f"X{k}": 18_200 for k in range(6)}, 18_300, 10)
    assert [(one.rule, one.date, one.n) for one in together] == [("Q29", 18_200, 6)]
    ahead = stopped_look(ends | {"LATE": 18_500}, 18_300, 10)
    assert [(one.date, one.n) for one in ahead] == [(18_300, 1)]
    assert stopped_look(ends | {"LATE": 18_305}, 18_300, 10) == []


def test_rhythm_and_days_that_few_have() -> None:
    assert rhythm_look(["A"], 10) == []
    assert "daily bars" in rhythm_look(["A", "B"], 2)[0].text
    assert blocked_days_look(4, 100, "XNYS", 18_000) == []
    assert blocked_days_look(9, 2_000, "XNYS", 18_000) == []
    assert "calendar XNYS" in blocked_days_look(9, 200, "XNYS", 18_000)[0].text
