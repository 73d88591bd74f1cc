"""Risk on the page: measures beside each other, rolling windows on one axis, distributions, no portfolio."""

import pytest

from btassets.render.sections.risk import risk
from btassets_tests.support.parsed_page import parse

MEASURES = (
    *("cagr_pct", "volatility_pct", "max_drawdown_pct", "sharpe", "sortino", "calmar", "beta", "skew"),
    *("excess_kurtosis", "var_pct", "es_pct", "best_day_pct", "worst_day_pct", "best_month_pct", "worst_month_pct"),
    "positive_months_pct",
)
CONCENTRATION = (
    *("mean_position_pct", "largest_position_pct", "tickers", "top_tickers_pct"),
    "top_trades_gain_pct",
)
DATES = [f"2020-{1 + k // 28:02d}-{1 + k % 28:02d}" for k in range(120)]


def window(days, dates, value):
    return {"window_days": days, "dates": dates} | {
        key: [value + k / 1000 for k in range(len(dates))] for key in ("sharpe", "volatility_pct", "beta")
    }


def bins(*counts):
    edges = [None, *range(len(counts) - 1), None]
    return [{"from_pct": edges[k], "to_pct": edges[k + 1], "n": n} for k, n in enumerate(counts)]


def report(**changes):
    found = {
        "measures": {
            "hold": {key: float(k) for k, key in enumerate(MEASURES)},
            "benchmark": dict.fromkeys(MEASURES) | {"cagr_pct": -7.25},
        },
        "holdings": {"mean": 7.456, "largest": 10},
        "turnover": 3.21,
        "concentration": dict.fromkeys(CONCENTRATION),
        "rolling": [window(126, DATES, 1.0), window(252, DATES[60:], 2.0)],
        "daily": bins(1, 40, 3),
        "monthly": bins(0, 2, 5),
    }
    return {"risk": found | changes, "main_policy": "hold", "book": {"benchmark": "SPY"}}


def page(**changes):
    html = risk(report(**changes))
    tree, broken = parse(html)
    assert not broken
    return html, tree


def table_of(tree, caption):
    (found,) = [table for table in tree.all("table") if [c.text for c in table.all("caption")] == [caption]]
    return [[cell.text for cell in row.all("td")] for row in found.all("tbody")[0].all("tr")]


def test_each_measure_has_its_own_unit_and_a_dash_where_it_is_missing():
    html, tree = page()
    rows = {row[0]: row[1:3] for row in table_of(tree, "Risk measures")}
    assert rows["CAGR"] == ["0.0%", "-7.2%"]
    assert rows["Sharpe"] == ["3.00", "-"]
    assert rows["Beta"] == ["6.00", "-"]
    assert rows["Daily VaR 5%"] == ["+9.0%", "-"]
    assert rows["Months above 0"] == ["15%", "-"]
    assert len(rows) == len(MEASURES)
    assert [th.text for th in tree.all("table")[0].all("th")][1:3] == ["Portfolio, fixed hold", "SPY"]
    assert "held 7.5 positions on average, 10 at most, with a turnover of 3.2 times" in html


def test_rolling_windows_share_the_dates_of_the_first():
    html, tree = page()
    rows = table_of(tree, "Rolling Sharpe")
    assert len(rows) <= 41
    assert rows[-1] == ["2020-05-08", "1.12", "2.06"]  # the newest date is always there
    assert all(row[2] == "-" for row in rows if row[0] < DATES[60])
    assert "126 sessions ends at 1.12; 252 sessions ends at 2.06." in html


def test_a_history_too_short_for_a_window_says_so():
    html, _ = page(rolling=[window(126, [], 0.0)])
    assert html.count("Too short a history.") == 3
    assert "Rolling Sharpe" not in page(rolling=[])[0]


def test_distributions_name_their_most_frequent_bin_and_open_ends():
    html, tree = page()
    assert table_of(tree, "Daily returns") == [["below 0%", "1"], ["0% to 1%", "40"], ["1% and more", "3"]]
    assert "Most often 0% to 1%: 40 times." in html
    assert "Most often 1% and more: 5 times." in html


@pytest.mark.parametrize("key", ["daily", "monthly"])
def test_no_period_is_an_empty_chart(key):
    html, _ = page(**{key: []})
    assert "Nothing to show: no data." in html


def test_without_a_simulated_portfolio_there_is_one_sentence():
    html, tree = page(measures={})
    assert "No portfolio was simulated." in html
    assert tree.all("table") == []


def test_concentration_is_one_sentence_and_absent_without_a_trade():
    html, _ = page(concentration=dict(zip(CONCENTRATION, (9.6, 12.34, 1234, 21.4, None), strict=True)))
    assert "9.6% of equity at its entry on average, 12.3% at most; 1,234 tickers were traded" in html
    assert "the five most frequent in 21% of the trades; the best 5% of the trades made - of all gains" in html
    assert "at its entry" not in page()[0]
