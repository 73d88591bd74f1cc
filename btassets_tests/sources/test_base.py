"""What a source may leave out, and the refusal of one ticker."""

import pytest

from btassets.engine.market.raw_bars import Problem
from btassets.sources.base import BlockedTickerError, FetchFailedError, announce, changed_at, source_problems


class Plain:
    """A source with the required methods alone."""

    name, basis = "plain", "raw"

    def tickers(self):
        return ["A"]

    def stamp(self, ticker):
        return ""

    def fetch(self, ticker):
        raise BlockedTickerError(ticker, "Q1", "no file.")


class Rich(Plain):
    def __init__(self):
        self.heard = []

    def announce(self, wanted):
        self.heard.append(dict(wanted))

    def problems(self):
        return [Problem("", "Q1", "info", None, 2, "two files skipped.")]

    def changed_at(self, ticker):
        return 12.5 if ticker == "A" else None


def test_optional_answers_have_a_neutral_default():
    announce(Plain(), {"A": None})
    assert source_problems(Plain()) == []
    assert changed_at(Plain(), "A") is None


def test_optional_answers_are_passed_on():
    rich = Rich()
    announce(rich, {"A": None, "B": 18_000})
    assert rich.heard == [{"A": None, "B": 18_000}]
    assert [problem.text for problem in source_problems(rich)] == ["two files skipped."]
    assert (changed_at(rich, "A"), changed_at(rich, "B")) == (12.5, None)


@pytest.mark.parametrize("kind", [BlockedTickerError, FetchFailedError])
def test_a_refused_ticker_is_a_block_with_rule_and_reason(kind):
    error = kind("BRK.B", "Q4", "close is 'abc'; prices must be numbers; fetch it again.")
    assert str(error) == "BRK.B: close is 'abc'; prices must be numbers; fetch it again. [Q4]"
    problem = error.as_problem()
    assert (problem.ticker, problem.rule, problem.severity, problem.date, problem.n) == (
        "BRK.B",
        "Q4",
        "block",
        None,
        1,
    )
    assert f"{problem.text} [{problem.rule}]" == str(error)  # the rule has a column of its own
    assert error.exit_code == 4
    assert isinstance(error, BlockedTickerError)
