"""Rules and overrides of a book: thresholds that arrive, spellings of tickers, overrides without a finding."""

import pytest

from btassets.engine.market.raw_bars import Problem
from btassets.settings.models import Settings
from btassets.stages.bars.quality_settings import READ_RULES, as_fact, overrides_of, quality_rules, unused_overrides

SETTINGS = Settings.model_validate(
    {
        "engine": {"gap_days": 12},
        "quality": {
            "max_bad_rows": 9,
            "jump_warn_ratio": 2.5,
            "high_close_tickers": ["BRK-A"],
            "overrides": [
                {"ticker": "BRK-B", "rule": "Q7", "reason": "one"},
                {"ticker": "BRK-B", "rule": "Q8", "reason": "two"},
                {"ticker": "T", "rule": "Q7", "reason": "three"},
            ],
        },
    }
)


def test_thresholds_come_from_their_settings_and_the_gap_from_the_engine():
    rules = quality_rules(SETTINGS)
    assert (rules.max_bad_rows, rules.jump_warn_ratio, rules.gap_days) == (9, 2.5, 12)
    assert rules.high_close_tickers == frozenset({"BRK.A"})
    assert quality_rules(Settings()).ended_after_days == 10


@pytest.mark.parametrize("ticker", ["BRK.B", "BRK-B", "brk/b"])
def test_overrides_are_found_under_any_spelling_and_bear_the_tickers_own(ticker):
    found = overrides_of(SETTINGS, ticker)
    assert [(o.ticker, o.rule, o.reason) for o in found] == [(ticker, "Q7", "one"), (ticker, "Q8", "two")]
    assert overrides_of(SETTINGS, "NONE") == []


def test_an_override_is_unused_until_its_own_ticker_and_rule_were_found():
    assert unused_overrides(SETTINGS, []) == [("BRK.B", "Q7"), ("BRK.B", "Q8"), ("T", "Q7")]
    assert unused_overrides(SETTINGS, [("BRK.B", "Q8"), ("T", "Q9")]) == [("BRK.B", "Q7"), ("T", "Q7")]
    assert unused_overrides(SETTINGS, [("BRK.B", "Q7"), ("BRK.B", "Q8"), ("T", "Q7")]) == []


def test_settings_of_reading_leave_out_rules_on_stored_bars():
    assert {"quality.max_bad_rows", "quality.jump_block_ratio", "quality.max_close"} <= set(READ_RULES)
    assert not {"quality.warn_flat_frac", "quality.day_missing_warn_frac", "quality.overrides"} & set(READ_RULES)


def test_a_finding_is_stored_as_rule_severity_date_count_text():
    assert as_fact(Problem("T", "Q7", "warn", 18_000, 3, "x")) == ["Q7", "warn", 18_000, 3, "x"]
