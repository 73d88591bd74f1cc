"""The checks of the journal can fail."""

import pytest

from btassets.run.stage_result import StageOutcome
from btassets.stages.journal.journal_checks import of_results, of_verdict
from btassets.storage.lake import Footer


def outcome(**numbers):
    return StageOutcome("any", is_cached=False, footers={"any": Footer("", "", 0, {"numbers": numbers})})


@pytest.mark.parametrize(
    ("verdict", "passed"), [("worse than tested", False), ("as tested", True), ("too early", True)]
)
def test_a_worse_verdict_warns(verdict, passed):
    (fact,) = of_verdict(outcome(verdict=verdict, n_setups=3, e_worse=21.0), None, None)
    assert (fact.check, fact.passed, fact.severity) == ("live_not_worse", passed, "WARN")
    assert fact.numbers == {"n_setups": 3, "e_worse": 21.0}


@pytest.mark.parametrize("rewritten", [True, False])
def test_results_that_were_written_again_are_an_error(rewritten):
    (fact,) = of_results(outcome(rewritten=rewritten, noted=2), None, None)
    assert (fact.check, fact.passed, fact.severity) == ("results_as_first_graded", not rewritten, "ERROR")
