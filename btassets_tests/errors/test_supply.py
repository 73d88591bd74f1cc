"""Errors about bars: progress of a stopped source, and the advice that fits each case."""

import pickle

import pytest

from btassets.errors import (
    BenchmarkError,
    CredentialsError,
    ForeignBarsError,
    NeverRunError,
    NoBarsError,
    RateLimitedError,
    SourceStoppedError,
    SourceUnreachableError,
    StaleBarsError,
)


@pytest.mark.parametrize(
    ("kind", "code", "rule"),
    [
        (SourceStoppedError, 3, "must answer within its retries"),
        (SourceUnreachableError, 3, "must answer within its retries"),
        (RateLimitedError, 5, "its rate limit is reached"),
        (CredentialsError, 2, "needs a valid key, read from the environment only"),
    ],
)
def test_a_stopped_source_keeps_its_kind_when_the_progress_is_added(kind, code, rule):
    plain = kind("alpaca", "status 503")
    assert str(plain).startswith("alpaca: status 503; ")
    assert "left" not in str(plain)
    later = plain.after(12, 30)
    assert type(later) is kind
    assert str(later).startswith("alpaca: status 503 (12 tickers read and kept, 30 left); ")
    assert rule in str(later)
    assert later.exit_code == code
    assert str(pickle.loads(pickle.dumps(later))) == str(later)
    assert (plain.n_done, plain.n_left) == (0, 0)


@pytest.mark.parametrize("progress", [(3, 0), (0, 3), (3, 3)])
def test_progress_is_shown_when_either_side_has_a_ticker(progress):
    assert f"({progress[0]} tickers read and kept, {progress[1]} left)" in str(
        SourceStoppedError("tiingo", "down").after(*progress)
    )


def test_a_scenario_that_never_ran_gets_its_own_command():
    assert "`btassets run` reads" in str(NeverRunError("/book"))
    scenario = str(NeverRunError("/book", "strict"))
    assert "`btassets run --scenario strict`" in scenario
    assert "/book" in scenario


def test_facts_and_advice_are_in_the_text():
    stale = str(StaleBarsError("2025-12-31", 4, 2))
    assert "2025-12-31, 4 sessions ago; the maximum here is 2" in stale
    foreign = str(ForeignBarsError("line 2", "tiingo", "files"))
    assert foreign.index("tiingo") < foreign.index("files")
    assert 'benchmark = "none"' in str(BenchmarkError("SPY", "is missing"))
    assert str(NoBarsError("/bars", "is empty", "fill it.")) == "/bars: is empty; fill it."
    assert {type(e).exit_code for e in (NoBarsError("a", "b", "c"), BenchmarkError("a", "b"))} == {3}


def test_a_secret_in_a_servers_message_is_masked():
    error = SourceStoppedError("sql", "postgresql://reader:hunter2@host/market refused")
    assert "hunter2" not in str(error)
    assert "hunter2" not in str(error.after(1, 1))
