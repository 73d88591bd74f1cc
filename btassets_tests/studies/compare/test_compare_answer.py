"""A comparison in plain sentences: what it made, whether that is luck, what to do."""

import pytest

from btassets.studies.compare.compare_answer import answer


def book(policy, scenario, cagr, trades=1200):
    return {"policy": policy, "scenario": scenario, "cagr_pct": cagr, "max_drawdown_pct": 12.34, "trades": trades}


def document(verdict="not distinguishable from noise", **row):
    difference = {"measure": "adjusted_r", "exit": "hold_30", "difference": -0.0323, "ci_lo": -0.05, "ci_hi": 0.01}
    return {
        "scenarios": ["base", "strict"],
        "books": [book("target", "base", 1.0), book("hold", "base", 2.0), book("hold", "strict", -3.21, 99)],
        "differences": [difference | {"verdict": verdict} | row],
        "headline": {"text": "", "verdict": verdict},
        "settings": [{"key": "gates.min_rr", "first": "1.5", "second": "2"}],
    }


def test_both_results_are_named_with_their_exit():
    assert answer(document())["result"] == (
        "strict made -3.2% a year after costs in 99 trades, base +2.0% in 1,200 (fixed hold). Its largest drawdown was "
        "12%, that of base 12%."
    )


@pytest.mark.parametrize(
    "books", [[], [book("hold", "base", 1.0)], [book("hold", "base", 1.0), book("hold", "strict", None)]]
)
def test_a_portfolio_without_a_trade_cannot_be_compared(books):
    assert "made no trade" in answer(document() | {"books": books})["result"]


def test_the_target_exit_stands_in_where_only_it_traded():
    books = [book("target", "base", 1.0), book("target", "strict", 2.0)]
    assert "(target exit)" in answer(document() | {"books": books})["result"]


@pytest.mark.parametrize(
    ("verdict", "row", "words", "change"),
    [
        (
            "not distinguishable from noise",
            {},
            "0.032R less than one of base without the bench",
            "Keep base",
        ),
        ("higher", {"difference": 0.1}, "0.100R more than one of base", "strict is the better choice"),
        ("lower", {}, "That is clear: more than bad luck explains.", "Keep base: strict is worse"),
        ("too little data", {"ci_lo": None}, "the history is too short for an interval.", "Keep base"),
        ("too little data", {"difference": None}, "nothing can be tested", "Keep base"),
        ("identical", {}, "Every difference is exactly 0.", "Keep base"),
        ("lower", {"measure": "net_r"}, "0.032R less than one of base (hold of 30 sessions, 95% interval", "Keep base"),
    ],
)
def test_luck_and_change_follow_the_verdict(verdict, row, words, change):
    found = answer(document(verdict, **row))
    assert words in found["luck"]
    assert found["change"].startswith(change)
    assert "1 setting differs" in found["change"]
