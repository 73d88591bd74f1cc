"""The short report: tables, escapes, lists that are cut, and days without a setup."""

import pytest

from btassets.render.markdown import markdown

POLICY = {
    "policy": "hold",
    "cagr_pct": 5.04,
    "max_drawdown_pct": 12.3,
    "sharpe": 0.876,
    "trades": 1234,
    "win_rate": 51.2,
}
SETUPS = {"total": 4321, "hit_rate": 40.0, "net_avg_r": 0.0456, "median_net_r": None, "net_avg_r_ex_top5": -0.01}


def setup(ticker):
    row = {"ticker": ticker, "direction": "long", "entry": 10.0, "stop": 9.0, "target": 12.0, "rr": 2.0}
    return row | {"confidence": 61.0, "percentile": 91.0, "action": "LONG_HIGH", "shares": 100.0}


def report(n=1, **changes):
    today = {"qualified": [setup(f"T{k}") for k in range(n)], "is_signal_day": True, "as_of": "2021-03-05"}
    advice = [{"sentence": "Hold | 21.", "verdict": "supported"}]
    return {
        "book": {
            "name": "mine <1>",
            "source": "files",
            "basis": "total",
            "benchmark": None,
            "data_version": "d1",
            "code_version": "c1",
        },
        "universe": {"tickers": 1234},
        "as_of": "2021-03-05",
        "profile": "standard",
        "fill": "open",
        "scenario": "base",
        "settings_hash": "h1",
        "answer": {
            "result": "It gained.",
            "luck": "Maybe.",
            "verdict_word": "likely luck",
            "change": "No.",
            "today": "1.",
        },
        "main_policy": "hold",
        "portfolio_sim": {"policies": [POLICY]},
        "comparisons": [{"curve": "benchmark", "cagr_pct": 7.0, "max_drawdown_pct": 20.0, "sharpe": None}],
        "overall_qualified": SETUPS,
        "overall_all": SETUPS | {"net_avg_r": None},
        "warnings": ["stale_bars: <old>"],
        "advice": advice,
        "research_advice": [{"sentence": "More slots.", "verdict": None}],
        "todays_setups": today | {"last_signal_day": "2021-02-26"},
    } | changes


def lines_of(*args, **changes):
    return markdown(report(*args, **changes)).splitlines()


def test_the_head_and_the_answer_come_first():
    lines = lines_of()
    assert lines[0] == "# mine &lt;1>, 2021-03-05"
    assert lines[2] == "**Result.** It gained."
    assert "**Luck?** Maybe. (likely luck)" in lines
    assert any("1,234 tickers, files, total prices, benchmark -, profile standard, fill open" in line for line in lines)


def test_the_portfolio_is_beside_its_comparisons():
    lines = lines_of()
    assert "|  | Portfolio, fixed hold | Benchmark |" in lines
    assert "| --- | ---: | ---: |" in lines
    assert "| CAGR | 5.0% | 7.0% |" in lines
    assert "| Sharpe | 0.88 | - |" in lines
    assert "| Trades | 1,234 | - |" in lines
    assert "| Qualified | 4,321 | 40.0% | +0.046R | - | -0.010R |" in lines
    empty = lines_of(main_policy=None, portfolio_sim={"policies": []}, comparisons=[])
    assert "|  | No portfolio |" in empty
    assert "| CAGR | - |" in empty


def test_pipes_and_tags_cannot_break_a_table_or_a_page():
    lines = lines_of()
    assert "- Hold \\| 21. (clear)" in lines
    assert "- More slots. (too little data)" in lines
    assert "- stale_bars: &lt;old>" in lines


@pytest.mark.parametrize(("n", "more"), [(20, None), (21, "1 more in report.json."), (45, "25 more in report.json.")])
def test_twenty_setups_are_listed_and_the_rest_counted(n, more):
    lines = lines_of(n)
    assert f"{n} qualify at 2021-03-05, a signal day." in lines
    assert sum(line.startswith("| T") and line[3].isdigit() for line in lines) == 20
    assert (lines[-1] == more) if more else lines[-1].startswith("| T19 ")


def test_a_day_without_a_setup_is_one_line_and_a_preview_is_called_so():
    today = {"qualified": [], "is_signal_day": False, "last_signal_day": None, "as_of": None}
    assert lines_of(todays_setups=today)[-1] == "0 qualify at -, a preview; last signal day -."
