"""Collection of findings: overrides, blocks, dropped rows."""

import dataclasses

import numpy as np
import pytest

from btassets.engine.market.quality_rules import NOT_OF_A_FILE, Findings, Override, QualityRules
from btassets.engine.market.raw_bars import Problem
from btassets_tests.support.quiet_bars import bars, taken


def test_an_override_turns_its_own_block_into_a_warning_that_quotes_the_reason():
    found = Findings("T", (), [Override("T", "Q7", "seen in the news."), Override("U", "Q4", "other ticker.")])
    found.add("Q7", "block", 18687, 2, "close 40.")
    assert not found.is_blocked
    (problem,) = found.problems
    assert (problem.severity, problem.rule, problem.date, problem.n) == ("warn", "Q7", 18687, 2)
    assert problem.text == "T 2021-03-01: close 40. Overridden: seen in the news."
    found.add("Q4", "block", None, 1, "no price.")
    assert found.is_blocked
    assert found.problems[-1].text == "T: no price."


def test_a_finding_that_cannot_be_overridden_blocks_all_the_same():
    found = Findings("T", (), [Override("T", "Q1", "I know.")])
    found.add("Q1", "block", None, 0, "no rows.", can_override=False)
    assert found.is_blocked
    assert "Overridden" not in found.problems[0].text


@pytest.mark.parametrize("severity", ["quarantine", "warn", "info"])
def test_only_a_block_blocks_and_an_override_leaves_the_rest_alone(severity):
    found = Findings("T", (), [Override("T", "Q5", "fine.")])
    found.add("Q5", severity, None, 3, "text.")
    assert not found.is_blocked
    assert (found.problems[0].severity, found.problems[0].text) == (severity, "T: text.")
    found.add("Q6", "block", None, 1, "text.")
    found.add("Q12", "warn", None, 1, "text.")
    assert found.is_blocked  # a later warning does not lift it


def test_notes_of_the_source_come_first():
    note = Problem("T", "Q4", "info", None, 1, "T: close is 'abc'.")
    found = Findings("T", (note,), ())
    found.add("Q12", "warn", None, 1, "gap.")
    assert [p.rule for p in found.problems] == ["Q4", "Q12"]


def test_dropped_rows_add_up_and_are_kept_unless_they_repeat_others():
    found = Findings("T", (), ())
    raw = bars(10)
    found.drop("Q4", 2, taken(raw, [3, 5]))
    found.drop("Q4", 1, taken(raw, [7]))
    found.drop("Q3", 4)
    found.drop("Q6", 0, taken(raw, []))
    assert found.dropped == {"Q4": 3, "Q3": 4, "Q6": 0}
    assert [(kept.rule, kept.rows.close.tolist()) for kept in found.quarantine] == [
        ("Q4", np.array(raw.close)[[3, 5]].tolist()),
        ("Q4", [raw.close[7]]),
    ]


def test_thresholds_of_stored_bars_are_thresholds():
    names = {field.name for field in dataclasses.fields(QualityRules)}
    assert names > NOT_OF_A_FILE
    # A threshold that decides about the rows of a file reads its ticker again.
    assert not NOT_OF_A_FILE & {"max_bad_rows", "jump_block_ratio", "gap_days", "max_close", "min_bars"}
