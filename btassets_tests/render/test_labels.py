"""Names shared by sections: verdicts as chips, curves, the portfolio of the tiles, links of tickers."""

import pytest

from btassets.render.html_tables import table
from btassets.render.labels import curve_name, main_portfolio, ticker_column, verdict_chip, verdict_word

NOISE = "not distinguishable from noise"


@pytest.mark.parametrize(
    ("verdict", "word", "css", "css_of_denial"),
    [
        ("supported", "clear", "yes", "none"),
        ("contradicted", "the opposite is clear", "no", "none"),
        (NOISE, "likely luck", "open", "open"),
        (None, "too little data", "none", "none"),
        ("", "too little data", "none", "none"),
    ],
)
def test_a_verdict_has_its_word_and_a_denial_no_colour(verdict, word, css, css_of_denial):
    assert verdict_word(verdict) == word
    assert verdict_chip(verdict) == f'<span class="chip {css}" data-verdict="{verdict or ""}">{word}</span>'
    assert f'class="chip {css_of_denial}"' in verdict_chip(verdict, is_denial=True)


def test_the_benchmark_has_its_own_name_and_an_unknown_curve_its_key():
    assert curve_name({"book": {"benchmark": "SPY"}}, "benchmark") == "SPY"
    assert curve_name({"book": {"benchmark": None}}, "benchmark") == "Benchmark"
    assert curve_name({"book": {"benchmark": "SPY"}}, "hold") == "Portfolio, fixed hold"
    assert curve_name({"book": {"benchmark": "SPY"}}, "other") == "other"


def test_the_main_portfolio_is_the_one_of_the_main_policy_with_its_place():
    rows = [{"policy": "target", "n": 1}, {"policy": "hold", "n": 2}]
    report = {"portfolio_sim": {"policies": rows}, "main_policy": "hold"}
    assert main_portfolio(report) == ("portfolio_sim.policies.1", rows[1])
    nothing = {"portfolio_sim": {"policies": rows[:1]}, "main_policy": "hold"}
    assert main_portfolio(nothing) == ("portfolio_sim.policies.none", {})


def test_a_ticker_links_to_its_page_only_if_it_has_one():
    column = ticker_column({"ticker_pages": {"BRK.B": "tickers/BRK B.html"}})
    html = table([{"ticker": "BRK.B"}, {"ticker": "AAPL"}], [column])
    assert '<a href="tickers/BRK%20B.html">BRK.B</a>' in html
    assert "<td>AAPL</td>" in html
