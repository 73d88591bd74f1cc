"""Sentences for violated rules: the bounds as declared, and the place in a list of tables."""

import pytest
from pydantic import ValidationError

from btassets.settings.models import Settings
from btassets.settings.rules import broken_rule, rule_of_item

A_NAME = "must be a name of lower-case letters, digits and underscores"


def problem_of(raw):
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(raw)
    (problem,) = caught.value.errors()
    return problem


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("gates.min_confidence", 101, "must be a number >= 0 and <= 100"),
        ("gates.min_ev", "much", "must be a number"),
        ("portfolio.risk_frac", 0, "must be a number > 0 and <= 1"),
        ("quality.jump_block_ratio", 1, "must be a number > 1"),
        ("storage.buckets", 0, "must be a whole number >= 1 and <= 4096"),
        ("engine.projection", "perhaps", "must be true or false"),
        ("source.columns.ticker", 3, "must be text"),
        ("calendar", 3, "must be text"),
        ("universe.tickers", "AAPL", "must be a list"),
        ("method.fill", "noon", "must be 'open' or 'close'"),
        ("gates.ranking", "A B", f"{A_NAME}, a letter first, at most 40 characters"),
        ("setup.rule", "", f"{A_NAME}, a letter first, at most 40 characters"),
        ("schedule.time", "25:00", "must be a time from 00:00 to 23:59, e.g. 17:30"),
        ("schedule.webhook", "ftp://x", "must be an address that begins with http:// or https://, or empty"),
    ],
)
def test_a_rule_is_stated_from_the_bounds_of_its_setting(key, value, rule):
    raw = value
    for part in reversed(key.split(".")):
        raw = {part: raw}
    assert broken_rule(key, problem_of(raw)) == rule


def test_a_rule_of_our_own_is_quoted():
    problem = problem_of({"exits": {"hold_days": [10, 5]}})
    assert broken_rule("exits.hold_days", problem) == (
        "must be a list of one or more whole numbers from 1 to 120 in ascending order, e.g. [3, 7, 45]"
    )


ORIGIN = {"quality.overrides": "btassets.toml line 9"}
GOOD = {"ticker": "T", "rule": "Q7", "reason": "news"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"ticker": "T", "rule": "Q7"}, 'quality.overrides[2].reason = "": must be given'),
        (GOOD | {"reason": ""}, 'quality.overrides[2].reason = "": must not be empty'),
        (GOOD | {"reason": " "}, 'quality.overrides[2].reason = " ": must not be empty: readers'),
        (GOOD | {"reason": 3}, "quality.overrides[2].reason = 3: must be text"),
        (GOOD | {"why": "x"}, 'quality.overrides[2].why = "x": no such key in these tables'),
        (GOOD | {"rule": "Q1"}, 'quality.overrides[2].rule = "Q1": must be '),
    ],
)
def test_a_table_of_a_list_is_named_by_its_number_from_one(table, said):
    error = rule_of_item(problem_of({"quality": {"overrides": [GOOD, table]}}), ORIGIN)
    assert str(error).startswith(said)
    assert str(error).endswith("(btassets.toml line 9)")
    assert error.exit_code == 2
    elsewhere = rule_of_item(problem_of({"quality": {"overrides": [table]}}), {})
    assert str(elsewhere).startswith(said.replace("[2]", "[1]"))
    assert str(elsewhere).endswith("(settings)")
