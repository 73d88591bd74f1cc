"""The advice rules: golden decisions, and the thresholds by hand."""

import json
from pathlib import Path

import pytest

from btassets.engine.portfolio.variant_list import StrategyVariant
from btassets.engine.recommendation.advice_rules import recommendation, research_recommendation
from btassets.engine.recommendation.advice_sentences import headline

GOLDEN = Path(__file__).parents[2] / "golden"
CASES = ["default", "tight", "ungated", "crowded"]


@pytest.fixture(params=CASES)
def report(request):
    return json.loads((GOLDEN / f"report_{request.param}.json").read_text())


def test_golden_decisions(report):
    expected = report.pop("recommendation")
    expected_research = report.pop("research_recommendation")
    assert recommendation(report) == expected
    assert research_recommendation(report) == expected_research


def _hold(days, net, trimmed=None):
    return {"hold_days": days, "net_avg_r": net, "net_avg_r_ex_top5": trimmed}


def test_a_hold_must_beat_the_target_by_more_than_the_margin():
    report = {"overall_qualified": {"net_avg_r": 0.0}, "time_exit_sweep": [_hold(5, 0.05)]}
    assert recommendation(report) == {"items": [{"topic": "exit"}], "hold_recommended": False}


def test_variants_of_the_settings_are_judged_one_by_one_against_the_first():
    variants = (
        StrategyVariant("mine", "raw", 70.0, 5),
        StrategyVariant("strict", "residual", 85.0, 5),
        StrategyVariant("wide", "raw", 70.0, 8),
        StrategyVariant("stricter", "raw", 90.0, 5),
        StrategyVariant("both", "raw", 90.0, 8),
        StrategyVariant("narrow", "raw", 60.0, 3),
    )
    rows = [
        _variant("mine", 1.0, 10.0, 8.0),
        _variant("strict", 1.1, 9.5, 7.0),
        _variant("wide", 0.9, 11.0, 8.0),
        _variant("both", 9.0, 99.0, 0.0),
        _variant("narrow", 9.0, 99.0, 0.0),
    ]
    report = {"strategy_variants": {"variants": rows}}
    expected = [{"topic": "capacity_8", "candidate": False}, {"topic": "cutoff_85_residual", "candidate": True}]
    assert research_recommendation(report, variants) == {"items": expected}
    assert research_recommendation(report, variants[:1]) == {"items": []}
    assert research_recommendation(report, ()) == {"items": []}


def test_an_empty_report_advises_nothing():
    assert recommendation({}) == {"items": [], "hold_recommended": False}
    assert research_recommendation({}) == {"items": []}
    assert headline(recommendation({})).startswith("No change.")


@pytest.mark.parametrize(
    ("holds", "exit_item", "basis"),
    [
        ([_hold(5, 0.15, 0.1)], {"topic": "exit"}, "target"),  # 0.15 > 0.1 + 0.05 is False in floats
        ([_hold(5, 0.151, 0.1)], {"topic": "exit", "decision": "hold", "hold_days": 5}, "hold_5"),
        (
            [_hold(5, 0.2, 0.1), _hold(10, 0.2)],
            {"topic": "exit", "decision": "hold", "hold_days": 5},
            "hold_5",
        ),
        ([_hold(5, None), _hold(10, 0.3)], {"topic": "exit", "decision": "hold", "hold_days": 10}, "target"),
        ([_hold(5, None)], None, "target"),
    ],
)
def test_exit_and_its_basis(holds, exit_item, basis):
    report = {"overall_qualified": {"net_avg_r": 0.1, "net_avg_r_ex_top5": 0.0}, "time_exit_sweep": holds}
    got = recommendation(report)
    items = {item["topic"]: item for item in got["items"]}
    assert items.get("exit") == exit_item
    assert items["robustness"]["basis"] == basis
    assert items["robustness"]["decision"] == ("survives" if basis == "hold_5" else "warning")
    assert got["hold_recommended"] == (exit_item is not None and "hold_days" in exit_item)


@pytest.mark.parametrize(
    ("own_target", "advised"),
    [(-0.2, 90), (0.04, 90), (0.06, None), (0.3, None)],
)
def test_a_hold_beyond_the_horizon_is_compared_with_the_target_exit_of_its_own_setups(own_target, advised):
    holds = [_hold(10, 0.12, 0.1), {**_hold(90, 0.11, 0.1), "target_net_avg_r": own_target}]
    report = {"overall_qualified": {"net_avg_r": 0.1, "net_avg_r_ex_top5": 0.0}, "time_exit_sweep": holds}
    got = recommendation(report)
    assert got["hold_recommended"] is (advised is not None)
    assert got["items"][0] == ({"topic": "exit", "decision": "hold", "hold_days": 90} if advised else {"topic": "exit"})


@pytest.mark.parametrize(
    ("base", "without", "decision"),
    [(0.061, 0.041, "adds_nothing"), (0.0401, 0.02, "keep"), (0.1, 0.3, "adds_nothing")],
)
def test_floor_margin_is_read_in_floats(base, without, decision):
    report = {
        "gate_ablation": [
            {"variant": "all_floors", "hold_net_avg_r": base, "total": 10},
            {"variant": "no_rr_floor", "hold_net_avg_r": without, "total": 14},
            {"variant": "no_confidence_floor", "hold_net_avg_r": None, "total": 14},
        ]
    }
    (item,) = recommendation(report)["items"]
    assert item["decision"] == decision
    assert item.get("extra_trades") == (4 if decision == "adds_nothing" else None)


def test_first_of_equal_cutoffs_is_the_highest_and_zero_is_none():
    sweep = [{"min_momentum_percentile": c, "net_avg_r": r} for c, r in [(90, None), (80, 0.1), (70, 0.1), (0, 9.0)]]
    assert recommendation({"sweep": sweep})["items"] == [{"topic": "cutoff", "min_momentum_percentile": 80}]


def test_a_policy_without_trades_is_as_if_absent():
    nothing = {"policy": "hold", "total_return_pct": None, "spy_return_pct": 5.0}
    target = {"policy": "target", "total_return_pct": 5.0, "spy_return_pct": 5.0}
    report = {"portfolio_sim": {"policies": [target, nothing]}}
    assert recommendation(report)["items"] == [{"topic": "benchmark", "decision": "lags", "edge_points": 0.0}]
    assert recommendation({"portfolio_sim": {"policies": [nothing]}})["items"] == []


def _variant(name, sharpe, cagr, drawdown, **more):
    return {"variant": name, "sharpe": sharpe, "cagr_pct": cagr, "max_drawdown_pct": drawdown, **more}


@pytest.mark.parametrize(
    ("base", "capacity", "strict", "expected"),
    [
        ((1.0, 10.0, 8.0), (1.1, 10.1, 9.0), (1.1, 9.1, 7.9), (True, True)),
        ((1.0, 10.0, 8.0), (1.1, 10.1, 9.1), (1.1, 9.0, 7.9), (False, False)),
        ((1.0, -1.0, 8.0), (1.1, 0.1, 8.0), (1.1, -1.05, 7.0), (True, False)),
        ((1.0, 10.0, 8.0), (1.1, None, 8.0), (None, 9.9, 7.0), (None, None)),
        ((None, 10.0, 8.0), (1.1, 10.1, 8.0), (1.1, 9.9, 7.0), (None, None)),
    ],
)
def test_research_rules(base, capacity, strict, expected):
    rows = [
        _variant("production_residual_80_fixed10", *base),
        _variant("residual_80_fixed15", *capacity),
        _variant("raw_90_fixed10", *strict, risk_scale=None),
        _variant("raw_90_scaled", 9.0, 99.0, 0.0, risk_scale="half"),
    ]
    items = {
        i["topic"]: i["candidate"] for i in research_recommendation({"strategy_variants": {"variants": rows}})["items"]
    }
    assert (items.get("capacity_15"), items.get("cutoff_90")) == expected
