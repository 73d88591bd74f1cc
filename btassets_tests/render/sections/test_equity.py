"""Equity over time: lines of every curve, the deepest falls behind them, values at period ends."""

from btassets.render.sections.equity import CURVE_CSS, curve_lines, equity_figure, last_known, sampled_table
from btassets_tests.support.parsed_page import parse

DATES = [f"{2020 + k // 12}-{1 + k % 12:02d}-15" for k in range(24)]
EQUITY = [10_000.0 + 100 * k for k in range(23)]


def stretch(depth, peak, trough):
    return {"depth_pct": depth, "peak_date": DATES[peak], "trough_date": DATES[trough], "recovered_date": None}


def report(**changes):
    series = {
        "hold": {"equity": [*EQUITY, None], "drawdown_pct": [0.0] * 24},
        "benchmark": {"equity": [9_000.0] * 24, "drawdown_pct": [1.0] * 24},
    }
    return {
        "book": {"benchmark": "SPY"},
        "main_policy": "hold",
        "equity_curves": {"dates": DATES, "series": series},
        "drawdown_stretches": {"hold": [stretch(12.3, 2, 9), stretch(5.0, 11, 13), stretch(0.2, 15, 16)]},
    } | changes


def test_falls_of_a_tenth_of_the_deepest_are_drawn_behind_the_curve():
    html = equity_figure(report(), "e", 300)
    assert not parse(html)[1]
    assert html.count('class="band"') == 2
    assert f"<title>-12.3% to {DATES[9]}</title>" in html
    assert html.index('class="band"') < html.index('<path class="line ')
    assert "Grey: the deepest falls of the portfolio" in html


def test_no_fall_or_no_portfolio_is_no_band():
    for changes in ({"drawdown_stretches": {}}, {"drawdown_stretches": {"hold": []}}, {"main_policy": None}):
        html = equity_figure(report(**changes), "e", 300)
        assert "band" not in html
        assert "Grey" not in html
    flat = equity_figure(report(drawdown_stretches={"hold": [stretch(0.0, 1, 2)]}), "e", 300)
    assert "band" not in flat


def test_lines_have_the_style_of_their_curve_and_end_at_the_last_known_value():
    lines = curve_lines(report(), ["benchmark", "hold"], "equity")
    assert [(line.css, line.label) for line in lines] == [
        (CURVE_CSS["benchmark"], "SPY"),
        (CURVE_CSS["hold"], "Portfolio, fixed hold"),
    ]
    assert last_known(lines[1].values) == 12_200.0
    assert last_known([None]) is None


def test_the_table_behind_has_a_row_per_month_end():
    html = sampled_table(report(), ["hold"], "equity", "usd")
    assert html.count("<tr>") == 1 + 24
    assert "Equity at period ends" in html
