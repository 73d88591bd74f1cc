"""Checks of the bars: each at its threshold, and the tickers that wait for the next session."""

from types import SimpleNamespace

import pytest

from btassets.run.stage_result import StageOutcome
from btassets.settings.models import Settings
from btassets.stages.bars.bar_checks import of_bar_problems, of_benchmark_closes, of_sessions
from btassets.storage.lake import Footer
from btassets_tests.support.stored_tables import StoredTables, raw_bars


def outcome(name, n_rows=0, **facts):
    return StageOutcome(name, False, {name: Footer("h", "v", n_rows, facts)})


def by_name(facts):
    return {fact.check: fact for fact in facts}


@pytest.mark.parametrize(
    ("current", "present", "coverage", "stale"),
    [
        (100, 100, True, True),
        (100, 95, True, False),
        (100, 94, False, False),
        (0, 0, False, True),
        (40, 38, True, False),
        (20, 18, False, False),
    ],
)
def test_coverage_at_t_may_lack_a_twentieth(tmp_path, current, present, coverage, stale):
    tables = StoredTables(tmp_path).put_sessions([99, 100])
    found = outcome("sessions", last=100, numbers={"tickers_current": current, "tickers_at_as_of": present})
    checks = by_name(of_sessions(found, tables, Settings()))
    assert checks["universe_coverage"].passed is coverage
    assert checks["universe_coverage"].severity == "ERROR"
    assert checks["stale_tickers"].passed is stale
    assert checks["stale_tickers"].numbers == {"tickers_behind": current - present}
    assert checks["bars_current"].passed
    missing_pct = checks["universe_coverage"].numbers["missing_pct"]
    assert missing_pct == pytest.approx(100 * (current - present) / current if current else 100)


def test_tickers_without_a_session_that_others_have_are_named(tmp_path):
    bars = {"AHEAD": raw_bars([99, 101], 1.0), "ONTIME": raw_bars([99, 100], 1.0), "ENDED": raw_bars([80], 1.0)}
    bars["SLOW"] = raw_bars([90], 1.0)
    tables = StoredTables(tmp_path).put_bars(bars, EMPTY={}).put_sessions([99, 100])
    found = outcome("sessions", last=100, numbers={"tickers_current": 3, "tickers_at_as_of": 3})
    check = by_name(of_sessions(found, tables, Settings()))["stale_tickers"]
    assert not check.passed
    assert check.numbers == {
        "tickers_behind": 0,
        "next_session": "1970-04-12",
        "tickers_with_it": 1,
        "tickers_without_it": 2,
        "first_without_it": "ONTIME, SLOW",
    }


def test_findings_turn_into_checks_of_their_own():
    clean = {"blocked": [], "quarantined": {}, "days": {"block": 0, "warn": 0}, "unused": []}
    checks = by_name(of_bar_problems(outcome("bar_problems", **clean), None, Settings()))
    assert all(check.passed for check in checks.values())
    assert checks["files_accepted"].numbers == {"tickers": 0, "first": None}
    for change, failed, numbers in (
        ({"blocked": list("ABCDEFGHIJKL")}, "files_accepted", {"tickers": 12, "first": "A, B, C, D, E, F, G, H, I, J"}),
        ({"quarantined": {"Q4": 3}}, "rows_clean", {"rows_Q4": 3}),
        ({"days": {"block": 0, "warn": 2}}, "days_complete", {"blocked": 0, "told": 2}),
        ({"days": {"block": 1, "warn": 0}}, "days_complete", {"blocked": 1, "told": 0}),
        ({"unused": [["T", "Q7"], ["U", "Q8"]]}, "overrides_used", {"unused": "T Q7, U Q8"}),
    ):
        checks = by_name(of_bar_problems(outcome("bar_problems", **clean | change), None, Settings()))
        assert [name for name, check in checks.items() if not check.passed] == [failed]
        assert checks[failed].numbers == numbers
    assert checks["files_accepted"].severity == "ERROR"


@pytest.mark.parametrize(("benchmark", "n_rows", "passed"), [("none", 0, True), ("SPY", 0, False), ("SPY", 1, True)])
def test_a_named_benchmark_needs_closes(benchmark, n_rows, passed):
    found = outcome("benchmark_closes", n_rows, numbers={"benchmark": benchmark})
    (check,) = of_benchmark_closes(found, SimpleNamespace(), Settings())
    assert (check.passed, check.severity, check.numbers) == (passed, "ERROR", {"sessions": n_rows})
