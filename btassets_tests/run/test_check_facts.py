"""Facts of checks: only for the base scenario, and by the function that the declaration names."""

from types import SimpleNamespace

from btassets.run.check_facts import check_facts
from btassets.run.stage_result import CheckFact, StageOutcome
from btassets.settings.models import Settings
from btassets.storage.lake import BASE, Footer


def outcome(**facts):
    return StageOutcome("bar_problems", False, {"bar_problems": Footer("h", "v", 1, facts)})


FACTS = {"blocked": ["A"], "quarantined": {}, "days": {"block": 0, "warn": 0}, "unused": []}


def test_the_function_of_the_declaration_judges_the_outcome_with_all_settings():
    book = SimpleNamespace(scenario=BASE, settings=Settings(), own_sources=())
    found = {fact.check: fact.passed for fact in check_facts("bar_problems", outcome(**FACTS), book)}
    assert found == {"files_accepted": False, "rows_clean": True, "days_complete": True, "overrides_used": True}


def test_another_scenario_and_a_stage_without_checks_have_none():
    other = SimpleNamespace(scenario="strict", settings=Settings(), own_sources=())
    assert check_facts("bar_problems", outcome(**FACTS), other) == []
    base = SimpleNamespace(scenario=BASE, settings=Settings(), own_sources=())
    assert check_facts("graded_setups", outcome(**FACTS), base) == []


def test_a_check_is_a_warning_unless_it_says_otherwise():
    assert (CheckFact("c", True).severity, CheckFact("c", True).numbers) == ("WARN", {})
