"""Text of an estimate: its unit, its interval or the reason for none, and what a verdict claims."""

import pytest

from btassets.render.claims import (
    above_zero,
    claim_sentence,
    claimed,
    denies,
    detectable,
    evidence,
    interval,
    is_adjusted,
    missing,
    or_not,
    out_of_sample,
    p_words,
    shown_in,
)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"unit": "r", "estimate": 0.0456}, "+0.046R"),
        ({"unit": "ic", "estimate": 0.01234}, "+0.0123"),
        ({"unit": "pct_a_year", "estimate": -3.21}, "-3.2%"),
        ({"unit": "usd", "estimate": 2_500_000.0}, "2.5m"),
        ({"unit": None, "estimate": 0.5}, "0.5000"),
        ({"unit": "pct", "estimate": 0.164, "measure": "break_even_cost_per_side"}, "0.16%"),
        ({"unit": "r", "estimate": None}, "-"),
        ({"unit": "r"}, "-"),
    ],
)
def test_a_number_is_shown_in_the_unit_of_its_row(row, text):
    assert shown_in(row) == text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"unit": "r", "estimate": 0.1, "n_weeks": 103}, "too short"),
        ({"unit": "r", "estimate": 0.1, "n_weeks": 104}, "n/a"),
        ({"unit": "a_year", "estimate": 0.1, "n_weeks": 299}, "too short"),
        ({"unit": "a_year", "estimate": 0.1, "n_weeks": 300}, "n/a"),
        ({"unit": "r", "estimate": None, "n_weeks": 10}, "n/a"),
        ({"unit": "r", "estimate": 0.1, "n_weeks": 0}, "n/a"),
        ({"unit": "r", "estimate": 0.1}, "n/a"),
    ],
)
def test_without_an_error_the_reason_is_a_short_history_or_the_measure(row, text):
    assert missing(row) == text
    assert interval(row) == p_words(row) == detectable(row) == text


def test_an_interval_and_a_detectable_effect_have_the_unit_too():
    row = {"unit": "r", "ci": [-0.01, 0.25], "mde80": 0.08}
    assert interval(row) == "-0.010R to +0.250R"
    assert detectable(row) == "+0.080R"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"estimate": 0.2, "p": 0.1}, 0.95),
        ({"estimate": -0.2, "p": 0.1}, 0.05),
        ({"estimate": 0.0, "p": 1.0}, 0.5),
        ({"estimate": None, "p": 0.1}, None),
        ({"estimate": 0.2, "p": None}, None),
    ],
)
def test_the_probability_above_zero_is_one_sided(row, expected):
    assert above_zero(row) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"p": 0.0123}, "0.012"),
        ({"p": 0.0009}, "under 0.001"),
        ({"p": 0.001}, "0.001"),
        ({"p": 0.01, "p_adj": 0.04, "family_size": 4}, "0.040, 4 together"),
        ({"p": 0.01, "p_adj": 0.01, "family_size": 1}, "0.010"),
        ({"p": 0.01, "p_adj": None, "family_size": 4}, "0.010"),
        ({"p": 0.01, "p_adj": 0.0, "family_size": 2}, "under 0.001, 2 together"),
    ],
)
def test_p_is_the_adjusted_one_with_the_size_of_its_family(row, text):
    assert p_words(row) == text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"oos_confirmed": "yes", "oos_estimate": 0.05, "unit": "r"}, "yes, +0.050R"),
        ({"oos_confirmed": "n/a", "oos_windows": 3}, "in-sample only"),
        ({"oos_confirmed": None, "oos_windows": 0}, "n/a"),
        ({}, "n/a"),
    ],
)
def test_out_of_sample_says_what_was_tested(row, text):
    assert out_of_sample(row) == text


def test_a_missing_number_is_not_available():
    assert (or_not(None, "pct"), or_not(0.0, "pct")) == ("n/a", "0.0%")


CLAIM = {
    "topic": "gate",
    "item_key": "rr",
    "claim_kind": "negligible",
    "seed_rule_says": "adds_nothing",
    "evidence_text": "without it: <more> trades",
    "unit": "r",
    "estimate": 0.1,
    "n": 1200,
    "n_weeks": 90,
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "The reward-to-risk floor adds at most 0.02R"),
        ({"claim_kind": "superior"}, "The reward-to-risk floor adds value"),
        ({"item_key": "liquidity"}, "The liquidity floor adds at most 0.02R"),
        ({"topic": "exit"}, "A fixed hold adds at most 0.02R"),
        ({"topic": "exit", "claim_kind": "superior", "item_key": "hold_21"}, "A hold of 21 sessions earns more"),
        ({"topic": "cutoff", "item_key": "60", "claim_kind": "uniquely_best"}, "No cutoff is as good as 60"),
        ({"topic": "expectancy", "claim_kind": "positive"}, "A qualified setup earns more than its costs"),
        ({"topic": "benchmark", "claim_kind": "superior"}, "The portfolio beats the benchmark"),
        (
            {"topic": "benchmark", "claim_kind": "superior", "seed_rule_says": "lags"},
            "The benchmark beats the portfolio",
        ),
        ({"topic": "robustness", "claim_kind": "positive"}, "Without the best 5% a setup still earns"),
        (
            {"topic": "robustness", "claim_kind": "positive", "seed_rule_says": "warning"},
            "Without the best 5% a setup loses",
        ),
        ({"topic": "capacity_15", "claim_kind": "superior"}, "A portfolio of 15 positions earns more"),
        ({"topic": "headline", "claim_kind": "positive"}, "The ranking behind the list predicts returns"),
    ],
)
def test_a_claim_is_a_positive_sentence(change, sentence):
    assert claim_sentence(CLAIM | change) == sentence


def test_a_mean_without_the_benchmarks_move_is_named_so():
    report = {"statistics": {"regimes": [{"measure": "adjusted_r"}]}}
    row = CLAIM | {"topic": "expectancy", "claim_kind": "positive"}
    assert is_adjusted(report)
    assert claim_sentence(row, is_adjusted=True).endswith("than its costs, without the benchmark's move")
    assert not is_adjusted({"statistics": {"regimes": [{"measure": "net_r"}]}})
    assert not is_adjusted({"statistics": {}})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "The reward-to-risk floor adds at most 0.02R:"),
        ({"claim_kind": "uniquely_best", "topic": "cutoff", "item_key": "60"}, "No cutoff is as good as 60:"),
        ({"claim_kind": "positive"}, ""),
        ({"claim_kind": "positive", "topic": "capacity_15"}, "A portfolio of 15 positions earns more:"),
    ],
)
def test_a_claim_that_could_be_misread_is_spelled_out(change, said):
    report = {"statistics": {"claims": [{}, CLAIM | change]}}
    html = claimed(report, 1)
    assert (said in html) if said else html == ""
    assert claimed(report, None) == ""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"claim_kind": "positive"}, False),
        ({"claim_kind": "positive", "seed_rule_says": "lags"}, True),
        ({"claim_kind": "positive", "seed_rule_says": "warning"}, True),
    ],
)
def test_a_denial_claims_that_something_adds_nothing(change, expected):
    assert denies(CLAIM | change) is expected


def test_evidence_is_behind_a_fold_escaped_and_names_its_periods():
    html = evidence({"statistics": {"claims": [CLAIM]}}, 0)
    assert "<p>Without it: &lt;more&gt; trades</p>" in html
    assert "<dt>Estimate</dt><dd>+0.100R</dd>" in html
    assert "<dt>95% interval</dt><dd>too short</dd>" in html
    assert "<dt>n, weeks</dt><dd>1,200, 90</dd>" in html
    daily = evidence({"statistics": {"claims": [CLAIM | {"unit": "a_year", "evidence_text": "out of sample: x"}]}}, 0)
    assert "<dt>n, days</dt>" in daily
    assert "<dt>Out of sample</dt>" in daily
    assert "<dt>Later weeks</dt>" in html
    assert evidence({"statistics": {"claims": []}}, None) == ""
