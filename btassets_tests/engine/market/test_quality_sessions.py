"""Rules over all tickers: Q19 and Q20 about days, Q21 about the benchmark."""

import numpy as np
import pytest

from btassets.engine.market.quality_rules import QualityRules
from btassets.engine.market.quality_sessions import screen_benchmark
from btassets.engine.market.raw_bars import RawBars
from btassets_tests.support.days_of_bars import screen_days

DAY_0 = 15000


def ticker(days: list[int], *, quiet: tuple[int, ...] = (), flat: tuple[int, ...] = ()) -> RawBars:
    n = len(days)
    dates = (DAY_0 + np.array(days)).astype(np.int32)
    ones = np.ones(n)
    high = np.where(np.isin(days, flat), 1.0, 1.5)
    volume = np.where(np.isin(days, quiet), 0.0, 9.0)
    return RawBars(dates, ones, high, ones, ones, volume, np.zeros(n), ones)


def universe(n: int, without: dict[int, int]) -> list[RawBars]:
    """`n` tickers over days 0..9; `without[day]` of them lack that day."""
    return [ticker([d for d in range(10) if k >= without.get(d, 0) or d in (0, 9)]) for k in range(n)]


def test_whole_days_say_nothing() -> None:
    result = screen_days(universe(40, {}))
    assert result.problems == ()
    assert result.blocked_days.dtype == np.int32
    assert len(result.blocked_days) == 0
    assert screen_days([]).problems == ()


@pytest.mark.parametrize(
    ("n_missing", "severities"), [(2, []), (3, ["warn"]), (8, ["warn"]), (9, ["block"]), (32, ["block"])]
)
def test_q19_share_of_living_tickers_missing(n_missing: int, severities: list[str]) -> None:
    result = screen_days(universe(40, {4: n_missing}))
    assert [problem.severity for problem in result.problems] == severities
    assert result.blocked_days.tolist() == ([DAY_0 + 4] if severities == ["block"] else [])
    if severities:
        assert result.problems[0].rule == "Q19"
        assert result.problems[0].date == DAY_0 + 4
        assert f"{n_missing} of 40 current tickers" in result.problems[0].text


def test_q19_only_living_tickers_count_and_the_last_session_is_never_judged() -> None:
    old = [ticker([0, 1, 2]) for _ in range(40)]
    new = [ticker([6, 7, 8, 9]) for _ in range(40)]
    assert screen_days(universe(40, {}) + old + new).problems == ()
    # bars of the last session are still arriving: 3 of 40
    landing = [ticker(list(range(10 if k < 3 else 9))) for k in range(40)]
    assert screen_days(landing).problems == ()


def test_q19_a_session_that_nobody_has_is_found_with_a_calendar_only() -> None:
    bars = universe(40, {4: 40})
    assert screen_days(bars).problems == ()
    sessions = (DAY_0 + np.arange(-5, 20)).astype(np.int32)
    assert screen_days(bars, sessions=sessions).blocked_days.tolist() == [DAY_0 + 4]


def test_q19_days_of_few_tickers_are_warned_about_not_blocked() -> None:
    result = screen_days(universe(3, {4: 1}))
    assert [problem.severity for problem in result.problems] == ["warn"]
    assert screen_days(universe(3, {4: 1}), QualityRules(min_day_tickers=3)).blocked_days.tolist() == [DAY_0 + 4]


def test_q19_warned_days_are_one_finding_and_blocked_days_one_each() -> None:
    result = screen_days(universe(40, {2: 3, 3: 20, 5: 4, 6: 30}))
    assert [(p.severity, p.date, p.n) for p in result.problems] == [
        ("block", DAY_0 + 3, 20),
        ("block", DAY_0 + 6, 30),
        ("warn", DAY_0 + 2, 2),
    ]


@pytest.mark.parametrize(("n_quiet", "is_fired"), [(2, False), (3, True)])
@pytest.mark.parametrize("kind", ["quiet", "flat"])
def test_q20_share_without_volume_or_range(n_quiet: int, kind: str, is_fired: bool) -> None:
    bars = [ticker(list(range(10)), **{kind: (4, 5) if k < n_quiet else ()}) for k in range(40)]
    result = screen_days(bars)
    expected = [("Q20", "warn", DAY_0 + 4, 2)] if is_fired else []
    assert [(p.rule, p.severity, p.date, p.n) for p in result.problems] == expected
    assert len(result.blocked_days) == 0


@pytest.mark.parametrize(
    ("missing", "severity"),
    [([], None), ([7], "warn"), ([7, 8], "warn"), ([7, 8, 9], "block"), ([0, 1, 199], "block")],
)
def test_q21_the_benchmark_has_the_tickers_sessions(missing: list[int], severity: str | None) -> None:
    sessions = (DAY_0 + np.arange(200)).astype(np.int32)
    # bars before, after and between the tickers' sessions do not matter
    dates = np.concatenate([[DAY_0 - 1], np.delete(sessions, missing), [DAY_0 + 500]]).astype(np.int32)
    problems = screen_benchmark("SPY", dates, sessions)
    if severity is None:
        assert problems == ()
        return
    assert [(p.rule, p.severity, p.ticker, p.date, p.n) for p in problems] == [
        ("Q21", severity, "SPY", DAY_0 + missing[0], len(missing))
    ]
    assert f"{len(missing)} of 200 sessions" in problems[0].text


def test_q21_no_bars_and_no_sessions() -> None:
    sessions = (DAY_0 + np.arange(200)).astype(np.int32)
    assert screen_benchmark("SPY", sessions[:0], sessions)[0].severity == "block"
    assert screen_benchmark("SPY", sessions, sessions[:0]) == ()
