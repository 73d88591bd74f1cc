"""First screen: tiles with their comparisons, the answer with its chip, and nothing where nothing traded."""

import pytest

from btassets.render.sections.first_screen import first_screen
from btassets_tests.support.parsed_page import parse

TODAY = {"n_qualified": 3, "n_setups": 50, "n_ranked": 40, "capital": 10_000.0, "is_signal_day": False}
ANSWER = {"result": "Up.", "luck": "Maybe.", "verdict": "supported", "change": "No <b>.", "today": "3 qualify."}
DATES = ["2020-01-01", "2020-07-01", "2021-01-01"]


def report(**changes):
    policy = {"policy": "hold", "cagr_pct": 5.04, "max_drawdown_pct": 12.3, "sharpe": 0.876, "trades": 1234}
    policy |= {"win_rate": 51.2, "avg_net_r": 0.05, "avg_hold_days": 21.3}
    setups = {"net_avg_r": 0.0456, "median_net_r": None, "net_avg_r_ex_top5": -0.01, "net_avg_r_ci": None, "total": 99}
    series = {"equity": [10_000.0, 11_000.0, 12_000.0], "drawdown_pct": [0.0] * 3, "exposure_pct": None}
    return {
        "book": {"name": "<mine>", "source": "files", "benchmark": "SPY"},
        "universe": {"tickers": 1234},
        "as_of": "2021-03-05",
        "scenario": "base",
        "main_policy": "hold",
        "portfolio_sim": {"policies": [{"policy": "target"}, policy]},
        "overall_qualified": setups,
        "comparisons": [{"curve": "benchmark", "cagr_pct": 7.0, "max_drawdown_pct": 20.0, "sharpe": 0.5}],
        "statistics": {
            "book": [
                {"measure": "sharpe", "policy": "target", "ci": [9, 9]},
                {"measure": "sharpe", "policy": "hold", "ci": [-0.2, 1.9]},
            ]
        },
        "todays_setups": {
            "n_qualified": 3,
            "n_setups": 50,
            "n_ranked": 40,
            "capital": 10_000.0,
            "is_signal_day": False,
        },
        "answer": {
            "result": "Up.",
            "luck": "Maybe.",
            "verdict": "supported",
            "change": "No <b>.",
            "today": "3 qualify.",
        },
        "drawdown_stretches": {
            "hold": [
                {"depth_pct": 12.3, "peak_date": DATES[0], "trough_date": DATES[1], "recovered_date": None},
                {"depth_pct": 0.2, "peak_date": DATES[1], "trough_date": DATES[2], "recovered_date": None},
            ]
        },
        "equity_curves": {"dates": DATES, "series": {"hold": series}},
    } | changes


def page(**changes):
    html = first_screen(report(**changes))
    tree, broken = parse(html)
    assert not broken
    return html, tree


def tiles_of(tree):
    found = {}
    for tile in tree.all(css="tile"):
        terms = zip(
            [n.text for n in tile.all("dt")],
            [" to ".join(part.text for part in n.all("span")) for n in tile.all("dd")],
            strict=True,
        )
        found[tile.all(css="label")[0].text] = (
            tile.all(css="value")[0].text,
            dict(terms),
            tile.all(css="about")[0].text,
        )
    return found


def test_each_tile_has_its_number_its_comparisons_and_its_subject():
    _, tree = page()
    tiles = tiles_of(tree)
    assert tiles["CAGR"] == ("5.0%", {"SPY": "7.0%"}, "fixed hold")
    assert tiles["Sharpe"] == ("0.88", {"SPY": "0.50", "95%": "-0.20 to 1.90"}, "fixed hold")
    value, beside, about = tiles["Net R per setup"]
    assert (value, about) == ("+0.046R", "qualified, target exit")
    assert (beside["median"], beside["graded setups"]) == ("-", "99")
    assert "95%" not in beside  # without an interval there is no row for it
    assert tiles["Trades"][1] == {"win rate": "51.2%", "net R per trade": "+0.050R", "sessions held": "21.3"}
    assert tiles["Today's setups"][0] == "3"
    assert tiles["Today's setups"][2] == "a preview"


def test_the_numbers_name_their_place_in_the_document():
    _, tree = page()
    places = [node.attributes["data-json"] for node in tree.all(css="value")]
    assert places[:3] == [f"portfolio_sim.policies.1.{key}" for key in ("cagr_pct", "max_drawdown_pct", "sharpe")]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "1,234 tickers from files, against SPY"),
        ({"scenario": "strict"}, "1,234 tickers from files, against SPY, scenario strict"),
        ({"book": {"name": "x", "source": "demo", "benchmark": None}}, "1,234 tickers from demo, without a benchmark"),
    ],
)
def test_the_title_says_what_was_measured(changes, line):
    html, _ = page(**changes)
    assert f'As of <span class="date">2021-03-05</span>: {line}</p>' in html


def test_the_answer_has_a_chip_at_luck_alone_and_is_escaped():
    html, tree = page()
    assert "<h1>&lt;mine&gt;</h1>" in html
    assert "No &lt;b&gt;." in html
    assert [chip.text for chip in tree.all(css="chip")] == ["clear"]
    assert "<b>Luck?</b> Maybe. <span" in html
    assert '<a href="#today">The list</a>' in html


def test_where_nothing_was_simulated_there_is_a_sentence_and_dashes():
    html, tree = page(main_policy=None, equity_curves={"dates": [], "series": {}}, comparisons=[])
    assert "The portfolio made no trade" in html
    tiles = tiles_of(tree)
    assert tiles["CAGR"] == ("-", {}, "no portfolio")
    assert tiles["Sharpe"][1] == {}
