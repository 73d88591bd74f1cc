"""Rounding and layout of the report's numbers, from tables made by hand."""

import json
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from btassets.stages.advice.report_numbers import ReportInputs, report_numbers
from btassets_tests.support.grade_cases import profile_settings

STATS = {
    "total": 4,
    "wins": 2,
    "losses": 1,
    "expired": 1,
    "hit_rate": 66.66666,
    "avg_r": 0.0625,
    "total_r": 2.675,
    "net_avg_r": 0.0005,
    "net_total_r": 0.125,
    "best_r": 2.005,
    "worst_r": -1.0,
    "avg_hold_days": 8.25,
    "net_r_per_day": 0.00005,
    "median_net_r": None,
    "profit_factor": None,
    "net_avg_r_ex_top5": -0.0005,
}
ROUNDED = {
    **STATS,
    "hit_rate": 66.7,
    "avg_r": 0.062,
    "total_r": 2.67,
    "net_avg_r": 0.001,
    "net_total_r": 0.12,
    "best_r": 2.0,
    "avg_hold_days": 8.2,
    "net_r_per_day": 0.0001,
    "net_avg_r_ex_top5": -0.001,
}
BOOK = {
    **dict.fromkeys(("starting_capital", "final_equity"), 10_000.125),
    **dict.fromkeys(("total_return_pct", "cagr_pct", "max_drawdown_pct", "win_rate", "spy_return_pct"), 2.25),
    **dict.fromkeys(("sharpe", "avg_trade_pnl", "best_trade_r", "worst_trade_r", "best_trade_pnl"), 0.125),
    "worst_trade_pnl": -0.125,
    "avg_hold_days": 0.25,
    "trades": 3,
    "skipped_book_full": 7,
    "yearly_returns": [{"year": 2020, "return_pct": 0.25}, {"year": 2021, "return_pct": None}],
    "start_date": date(2020, 1, 2),
    "end_date": date(2021, 1, 4),
    "avg_exposure_pct": 12.25,
    "avg_net_r": 0.0625,
    "refused_slots": 7,
    "refused_cash": 1,
    "refused_size": 0,
    "refused_short": 2,
    "skipped_held": 4,
    **dict.fromkeys(("no_next_bar", "gapped_stop", "gapped_target", "no_levels"), 5),
}


def _rows(rows):
    return pa.Table.from_pylist([{"scenario": "base", **row} for row in rows])


def _inputs(profile, **changes):
    signal = {"weeks": 9, "avg_cross_section": 20.25, "ic_positive_pct": 50.0, "reliable": False}
    signal |= {
        "ic_t_stat": 0.125,
        "mean_quintile_spread": None,
        "thinned_weeks": 2,
        "thinned_mean_ic": 0.00005,
    }
    tables = {
        "setup_stats": _rows(
            {"population": name, **STATS, "n_rows": 6} for name in ("all", "qualified", "long", "short")
        ),
        "gate_sweep": _rows([{"min_momentum_percentile": 90.0, **STATS}]),
        "gate_ablation": _rows([{"variant": "all_floors", **STATS, "hold_days": 30, "hold_net_avg_r": 0.0625}]),
        "time_exit_sweep": _rows([{"hold_days": 5, "win_rate": 50.0, "net_avg_r": 0.0625, "net_avg_r_ex_top5": 0.1}]),
        "setup_group_stats": _rows([{"family": "hold", "member": "qualified", "net_avg_r": 0.5}]),
        "calibration": _rows([{"direction": "all", "bin": 1, "mean_stated_pct": 12.25}]),
        "factor_ic": _rows(
            {"signal": name, "mean_ic": mean, **signal} for name, mean in (("a", 0.01), ("b", 0.02), ("c", 0.010001))
        ),
    }
    variant = {
        "variant": "legacy_raw_80_fixed10",
        "ranking": "raw",
        "cutoff": 80.0,
        "variant_max_positions": 15,
        "risk_per_trade_pct": 1.0,
    }
    inputs = ReportInputs(
        profile_settings(profile),
        "abc",
        "base",
        33,
        tables,
        [{"policy": "target"}, {"policy": "hold", **BOOK}],
        [{**variant, **BOOK}],
        {"hold": 12.25, "renewed": -0.05},
        {"gapped_stop": 2},
        ["look"],
    )
    return replace(inputs, **changes)


def test_numbers_are_rounded_once_and_half_to_even_as_python_does():
    report = report_numbers(_inputs("legacy"))
    assert report["overall_all"] == ROUNDED
    assert report["sweep"] == [{"min_momentum_percentile": 90.0, **ROUNDED}]
    assert report["gate_ablation"][0]["hold_net_avg_r"] == 0.062
    assert (report["candidates"], report["qualified"], report["tickers"]) == (6, 6, 33)


def test_signals_stand_best_first_by_the_rounded_mean_then_by_name():
    report = report_numbers(_inputs("legacy"))
    assert [row["signal"] for row in report["signal_eval"]] == ["b", "a", "c"]
    assert "thinned_weeks" not in report["signal_eval"][0]
    assert report_numbers(_inputs("standard"))["signal_eval"][0]["thinned_weeks"] == 2


def test_a_book_that_never_started_is_absent_in_the_seed_and_null_in_honest():
    seed, standard = (report_numbers(_inputs(p))["portfolio_sim"]["policies"] for p in ("legacy", "standard"))
    assert [row["policy"] for row in seed] == ["hold"]
    assert [row["policy"] for row in standard] == ["target", "hold"]
    assert {value for name, value in standard[0].items() if name != "policy"} == {None}
    assert set(seed[0]) < set(standard[1])


def test_books_are_rounded_and_refusals_told_in_honest():
    book = report_numbers(_inputs("standard"))["strategy_variants"]["variants"][0]
    assert (book["max_positions"], book["risk_scale"]) == (15, None)
    assert (book["final_equity"], book["cagr_pct"], book["sharpe"], book["avg_net_r"]) == (
        10_000.12,
        2.2,
        0.12,
        0.062,
    )
    assert book["yearly_returns"] == [{"year": 2020, "return_pct": 0.2}, {"year": 2021, "return_pct": None}]
    assert (book["start_date"], book["end_date"]) == ("2020-01-02", "2021-01-04")
    assert book["refusals"] == {"slots": 7, "cash": 1, "size": 0, "short": 2}
    assert book["not_filled"]["gapped_stop"] == 5


def test_a_book_without_trades_has_nulls_in_honest_only():
    idle = [{"policy": "hold", **BOOK, "trades": 0}]
    standard = report_numbers(_inputs("standard", policies=idle))["portfolio_sim"]["policies"][0]
    assert (standard["cagr_pct"], standard["yearly_returns"], standard["trades"]) == (None, [], 0)
    assert report_numbers(_inputs("legacy", policies=idle))["portfolio_sim"]["policies"][0]["cagr_pct"] == 2.2


def test_the_seed_names_only_its_own_gates_unless_another_is_in_use():
    assert len(report_numbers(_inputs("legacy"))["activation"]) == 6
    assert len(report_numbers(_inputs("standard"))["activation"]) == 8
    used = _inputs("legacy", settings=profile_settings("legacy", {"min_ev": 0.1}))
    assert report_numbers(used)["activation"]["min_ev"] == 0.1


@pytest.mark.parametrize("profile", ["legacy", "standard"])
def test_the_report_is_json_and_says_what_it_is(profile):
    report = report_numbers(_inputs(profile))
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    head = [report[name] for name in ("schema_version", "profile", "scenario", "settings_hash")]
    assert head == [1, profile, "base", "abc"]
    assert report["fill"] == {"legacy": "close", "standard": "open"}[profile]
    added = {"graded", "dropped", "equal_weight", "calibration", "warnings"}
    assert (added & set(report)) == (added if profile == "standard" else set())
    if profile == "standard":
        assert report["equal_weight"] == {"hold_return_pct": 12.2, "renewed_return_pct": -0.1}


def test_a_variant_has_its_label_and_what_differs_in_the_standard_profile_only():
    (row,) = report_numbers(_inputs("standard"))["strategy_variants"]["variants"]
    assert (row["label"], row["differs"]) == ("raw 80", "raw 80")
    assert "label" not in report_numbers(_inputs("legacy"))["strategy_variants"]["variants"][0]
