"""Last lines of a run: rows from report.json, what is missing, and damage."""

import json
from types import SimpleNamespace

import pyarrow as pa
import pytest

from btassets.cli.output.summary import headline_lines, read_report, report_folder
from btassets.errors import DamagedFileError
from btassets.storage.lake import Lake

NOISE = "not distinguishable from noise"


def report(**changes):
    book = {"cagr_pct": 5.04, "max_drawdown_pct": 12.3, "sharpe": 0.9, "trades": 44, "total_return_pct": 20.0}
    return {
        "headline": {"text": "No change.", "verdict": NOISE},
        "overall_qualified": {"net_avg_r": 0.0456},
        "overall_all": {"net_avg_r": None},
        "portfolio_sim": {
            "policies": [
                {"policy": "hold", "spy_return_pct": None, **book},
                {"policy": "target", "total_return_pct": None},
            ]
        },
        "todays_setups": {"qualified": [1, 2, 3]},
        "universe": {"current": 7},
        "signal_eval": [{"signal": "mom_12_1_resid", "mean_ic": 0.0234, "weeks": 180, "verdict": "supported"}],
        "as_of": "2025-12-31",
        "scenario": "base",
        "profile": "standard",
        "tickers": 8,
        "candidates": 12345,
        "qualified": 678,
        "advice": [{"topic": "exit", "item_key": "hold_21", "claim": 0, "verdict": "contradicted"}],
        "statistics": {"claims": [{"estimate": 0.05, "evidence_text": "hold 21 over target: more"}]},
        "warnings": ["stale_bars: old"],
    } | changes


def book_with(tmp_path, text=None, scenario="base", folder="latest"):
    book = SimpleNamespace(
        folder=tmp_path, scenario=scenario, reports=tmp_path / "reports", lake=Lake(tmp_path / "d", 1)
    )
    if text is not None:
        (book.reports / folder).mkdir(parents=True)
        (book.reports / folder / "report.json").write_text(text)
    return book


def lines_of(tmp_path, **changes):
    return headline_lines(book_with(tmp_path, json.dumps(report(**changes))))


def row(lines, label):
    return next(line for line in lines if line.startswith(label)).removeprefix(label).strip()


def test_each_row_is_from_the_document(tmp_path):
    lines = "\n".join(lines_of(tmp_path)).splitlines()
    assert lines[0] == "No change. (likely luck)"
    assert row(lines, "as of") == "2025-12-31, scenario base, profile standard"
    assert row(lines, "universe") == "8 tickers, 7 current, 12,345 setups"
    assert row(lines, "qualified") == "678 setups, +0.046 R net each, all -"
    assert row(lines, "exit") == "hold 21 over target +0.050 R (the opposite is clear)"
    assert row(lines, "residual momentum") == "IC +0.023 over 180 weeks (clear)"
    assert row(lines, "portfolio, target") == "traded nothing"
    assert row(lines, "portfolio, hold").startswith("+5.0% a year, drawdown 12.3%, Sharpe 0.9, 44 trades, total +20.0%")
    assert row(lines, "portfolio, hold").endswith("(benchmark -)")
    assert row(lines, "today") == "3 setups qualify"
    assert "! stale_bars: old" in lines
    assert lines[-1].strip() == str(tmp_path / "reports" / "latest" / "report.json")


@pytest.mark.parametrize(
    ("changes", "label", "text"),
    [
        ({"signal_eval": []}, "residual momentum", "-"),
        ({"advice": []}, "exit", "-"),
        (
            {"statistics": {"claims": [{"estimate": None, "evidence_text": ""}]}},
            "exit",
            "hold_21 (the opposite is clear)",
        ),
        (
            {
                "statistics": {
                    "claims": [{"estimate": 0.0, "ci": [0.0, 0.0], "evidence_text": "hold 30 over target: 0"}]
                }
            },
            "exit",
            "hold 30 over target: the same result for every setup",
        ),
        ({"todays_setups": None}, "today", "0 setups qualify"),
        ({"universe": None}, "universe", "8 tickers, - current, 12,345 setups"),
    ],
)
def test_missing_parts_have_a_dash(tmp_path, changes, label, text):
    assert row("\n".join(lines_of(tmp_path, **changes)).splitlines(), label) == text


def test_without_a_report_the_command_that_makes_one_is_named(tmp_path):
    assert headline_lines(book_with(tmp_path)) == ["no report yet: `btassets run` creates one"]
    assert report_folder(book_with(tmp_path, scenario="strict")) is None


def test_a_scenario_has_the_folder_of_its_own_table(tmp_path):
    book = book_with(tmp_path, "{}", scenario="strict", folder="2025-strict")
    book.lake.write("backtest_report", pa.table({"folder": ["reports/2025-strict"]}), "h", "strict")
    assert report_folder(book) == tmp_path / "reports" / "2025-strict"
    (tmp_path / "reports" / "2025-strict" / "report.json").unlink()
    assert report_folder(book) is None


def test_a_file_that_is_no_json_or_was_changed_is_damaged(tmp_path):
    book = book_with(tmp_path, "{cut")
    with pytest.raises(DamagedFileError, match=r"report\.json"):
        read_report(book.reports / "latest")
    whole = book_with(tmp_path / "b", json.dumps(report()))
    whole.lake.write("backtest_report", pa.table({"folder": ["x"]}), "h", facts={"files": {"report.json": "0" * 16}})
    with pytest.raises(DamagedFileError, match=r"report\.json"):
        headline_lines(whole)
