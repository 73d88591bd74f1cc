"""The answer's sentences for every state of a book: result, luck, change, today."""

from typing import Any

import pytest

from btassets.stages.report.report_answer import answer


def _report(**changes: Any) -> dict[str, Any]:
    report: dict[str, Any] = {
        "book": {"benchmark": "SPY"},
        "main_policy": "hold",
        "candidates": 247_055,
        "qualified": 10_088,
        "portfolio_sim": {"policies": [{"policy": "hold", "trades": 359, "cagr_pct": 18.5, "max_drawdown_pct": 22.0}]},
        "comparisons": [{"curve": "benchmark", "cagr_pct": 17.6, "max_drawdown_pct": 33.7}],
        "overall_qualified": {"net_avg_r": 0.041},
        "headline": {"verdict": "not distinguishable from noise"},
        "statistics": {
            "claims": [
                {"topic": "headline", "claim_kind": "positive", "ci": [-0.1, 0.2], "estimate": 0.05, "unit": "r"},
                {"topic": "random_pick", "claim_kind": "superior", "p": 0.38},
                {"topic": "exit", "claim_kind": "superior"},
            ]
        },
        "advice": [],
        "research_advice": [],
        "todays_setups": {
            "qualified": [{"ticker": name} for name in ("CZR", "TSLA", "GPS", "GNRC")],
            "as_of": "2021-04-21",
            "is_signal_day": False,
            "last_signal_day": "2021-04-16",
        },
    }
    return report | changes


def test_result_stands_beside_the_benchmark() -> None:
    assert answer(_report())["result"] == (
        "The portfolio made +18.5% a year after costs in 359 trades; SPY made +17.6%. Its largest drawdown was 22%, "
        "SPY's 34%."
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"comparisons": []}, "The portfolio made +18.5% a year after costs in 359 trades; no benchmark is set."),
        ({"main_policy": None}, "The portfolio made no trade."),
        (
            {
                "portfolio_sim": {
                    "policies": [{"policy": "hold", "trades": 3, "cagr_pct": None, "total_return_pct": 4.0}]
                }
            },
            "The portfolio returned +4.0% after costs in 3 trades.",
        ),
    ],
)
def test_result_of_a_short_or_empty_history(changes: dict[str, Any], text: str) -> None:
    assert answer(_report(**changes))["result"] == text


@pytest.mark.parametrize(
    ("verdict", "words", "word"),
    [
        (
            "supported",
            "The ranking predicts returns; whether the few names of the list do too, this history cannot tell.",
            "clear",
        ),
        (
            "not distinguishable from noise",
            "That is within luck: 38% of random picks from similar tickers did as well, and the ranking did not "
            "predict returns beyond chance.",
            "likely luck",
        ),
        (
            "contradicted",
            "The ranking behind the list predicts in the wrong direction.",
            "the opposite is clear",
        ),
        (None, "Too little data to test whether that is luck.", "too little data"),
    ],
)
def test_luck_follows_the_headlines_verdict(verdict: str | None, words: str, word: str) -> None:
    found = answer(_report(headline={"verdict": verdict}))
    assert found["luck"].endswith(words)
    assert found["luck"].startswith("Qualified setups earned +0.041R each after costs.")
    assert found["verdict_word"] == word


def test_a_change_is_named_only_when_it_is_supported() -> None:
    item = {"topic": "exit", "sentence": "Holding 21 sessions earned 0.1R more.", "claim": 2}
    kept = answer(_report(advice=[item | {"verdict": "not distinguishable from noise"}]))
    assert kept["change"] == "Keep the settings: no tested alternative did better beyond luck."
    changed = answer(_report(advice=[item | {"verdict": "supported"}]))
    assert changed["change"] == "Consider a change: Holding 21 sessions earned 0.1R more."
    untested = answer(_report(advice=[item | {"verdict": None, "claim": None}]))
    assert untested["change"] == "Keep the settings: no alternative could be tested."


def test_a_gate_that_lets_nothing_through_is_named() -> None:
    assert answer(_report(qualified=0))["change"] == "Loosen the gate: it let none of 247,055 setups through."
    assert answer(_report(qualified=0, candidates=0))["change"].startswith("Keep the settings")


@pytest.mark.parametrize(("estimate", "made"), [(-0.157, "lost 0.157R"), (0.2, "earned 0.200R")])
def test_the_result_without_the_market_is_named_where_it_is_clear(estimate: float, made: str) -> None:
    claim = {"topic": "expectancy", "verdict": "contradicted", "estimate": estimate}
    report = _report(statistics={"claims": [claim], "regimes": [{"measure": "adjusted_r"}]})
    assert answer(report)["result"].endswith(f"With SPY's move taken out, qualified setups clearly {made} each.")
    unclear = report["statistics"] | {"claims": [claim | {"verdict": "not distinguishable from noise"}]}
    assert "taken out" not in answer(report | {"statistics": unclear})["result"]


def test_today_says_preview_or_signal_day() -> None:
    today = _report()["todays_setups"]
    assert answer(_report())["today"] == (
        "4 setups qualify on 2021-04-21; strongest: CZR, TSLA, GPS. A preview: signals are taken at week ends, last "
        "on 2021-04-16."
    )
    signal = answer(_report(todays_setups=today | {"is_signal_day": True, "qualified": [{"ticker": "CZR"}]}))
    assert signal["today"] == "1 setup qualifies on 2021-04-21; CZR. It is a signal day: buy at the next open."
    assert answer(_report(todays_setups=today | {"qualified": []}))["today"] == "Nothing qualifies on 2021-04-21."


def test_one_setup_and_one_trade_are_named_as_one() -> None:
    report = _report()
    policies = [row | {"trades": 1} for row in report["portfolio_sim"]["policies"]]
    one = report | {
        "portfolio_sim": report["portfolio_sim"] | {"policies": policies},
        "overall_qualified": report["overall_qualified"] | {"total": 1},
    }
    assert " after costs in 1 trade" in answer(one)["result"]
    assert "1 trades" not in answer(one)["result"]
    assert answer(one)["luck"].startswith("The only qualified setup earned ")
