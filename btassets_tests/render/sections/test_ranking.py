"""The ranking over time on the page: weeks with their mean, fifths, months, and a book without weeks."""

import pytest

from btassets.render.sections.ranking import ranking
from btassets_tests.support.parsed_page import parse

N = 130
DATES = [f"{2020 + k // 52}-{1 + (k % 52) // 5:02d}-{1 + 5 * (k % 5):02d}" for k in range(N)]


def report(**changes):
    found = {
        "signal": "mom_12_1_resid",
        "horizon_days": 30,
        "mean_weeks": 26,
        "dates": DATES,
        "ic": [0.1 if k % 2 else -0.05 for k in range(N)],
        "mean_ic": [None] * 25 + [0.025] * (N - 25),
        "positive_weeks_pct": 50.0,
        "months": [{"year": 2020, "month": m, "ic": 0.01 * m - 0.03, "weeks": 4} for m in range(1, 11)],
        "years": [{"year": 2020, "ic": 0.0251}],
        "positive_months_pct": 70.0,
        "fifths": {"dates": DATES, "growth_pct": [[float(10 * q + k) for k in range(N)] for q in range(5)]},
    }
    own = [{"signal": "idea", "label": "My idea"}]
    return {"ranking": found | changes, "statistics": {"own_signals": own}}


def table_of(tree, caption):
    (found,) = [table for table in tree.all("table") if [c.text for c in table.all("caption")] == [caption]]
    return [[cell.text for cell in row.all("td")] for row in found.all("tbody")[0].all("tr")]


def test_weeks_fifths_and_months():
    html = ranking(report())
    tree, broken = parse(html)
    assert not broken
    assert "Residual momentum 12-1, the signal of the gate" in html
    assert "50% of 130 weeks above 0." in html
    rows = table_of(tree, "IC by week")
    assert len(rows) <= 60
    assert rows[-1] == [DATES[-1], "+0.1000", "+0.0250"]
    assert rows[0][2] == "-", "no mean before 26 weeks"
    assert table_of(tree, "Growth of the fifths, percent")[-1] == [
        DATES[-1], "+129.0%", "+139.0%", "+149.0%", "+159.0%", "+169.0%",
    ]  # fmt: skip
    assert "Highest fifth +169.0%; Fourth +159.0%" in html
    assert table_of(tree, "IC by month")[2] == ["2020", "Mar", "+0.0000", "4"]
    assert "70% of 10 months above 0." in html


@pytest.mark.parametrize("signal", ["mom_12_1", "something_new"])
def test_another_signal_is_named(signal):
    assert "the signal of the gate" in ranking(report(signal=signal))
    assert "My idea, the signal of the gate" in ranking(report(signal="idea"))


def test_no_week_is_one_sentence():
    html = ranking(report(dates=[], ic=[], mean_ic=[], months=[], years=[]))
    tree, broken = parse(html)
    assert not broken
    assert "No week had enough ranked tickers." in html
    assert tree.all("table") == []


def test_weeks_without_five_fifths_leave_the_other_charts():
    html = ranking(report(fifths={"dates": [], "growth_pct": [[], [], [], [], []]}))
    assert "No week with all five." in html
    assert "IC by week" in html
