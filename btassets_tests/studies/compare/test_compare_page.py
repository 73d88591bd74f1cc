"""Layout of a comparison: chips, intervals, curves thinned to a table, trades behind folds."""

from btassets.studies.compare.compare_page import compare_page, in_unit, interval_in_unit
from btassets_tests.support.parsed_page import parse


def difference(**changes):
    row = {"measure": "net_r", "exit": "target", "unit": "r", "first": 0.0123, "second": -0.02, "difference": -0.0323}
    return row | {"ci_lo": -0.05, "ci_hi": -0.01, "n_first": 1500, "n_second": 20, "verdict": "lower"} | changes


def trade(ticker):
    dates = {"asof_date": "2021-03-01", "entry_date": "2021-03-02", "exit_date": "2021-03-09"}
    numbers = dict.fromkeys(("entry_price", "exit_price", "shares", "pnl_usd", "gross_r", "net_r"), 1.0)
    return {"ticker": ticker, "hold_days": 5, "reason": "stop", **dates, **numbers}


def group(name, n):
    return {"group": name, "n": n, "net_avg_r": 0.1, "pnl_usd": -12.5}


def document(**changes):
    n = 130
    curve = {"dates": [f"2021-{1 + k // 28:02d}-{1 + k % 28:02d}" for k in range(n)]}
    curve |= {"first": [100.0 + k for k in range(n)], "second": [None, *[200.0] * (n - 1)]}
    return {
        "book": "mine",
        "as_of": "2021-06-01",
        "scenarios": ["base", "<strict>"],
        "settings_hashes": ["aaa", "bbb"],
        "headline": {"text": "lower & clear", "verdict": "lower"},
        "answer": {"result": "Down <b>.", "luck": "No luck.", "change": "Keep base."},
        "warnings": ["stale: <bars>"],
        "differences": [
            difference(),
            difference(unit="a_year", measure="sharpe", ci_lo=None, ci_hi=None, verdict="same"),
        ],
        "books": [],
        "curves": {"hold": curve},
        "trades": {
            "hold": {
                "groups": [group("both", 7), group("removed", 3), group("added", 0)],
                "removed": [trade("AAA"), trade("BBB")],
                "added": [],
            }
        },
        "setups": [group("both", 5)],
        "settings": [{"key": "gates.min_rr", "first": "1.5", "second": "2"}],
    } | changes


def test_numbers_are_in_their_units_and_names_are_escaped():
    html = compare_page(document())
    tree, broken = parse(html)
    assert not broken
    assert "<strict>" not in html
    (found,) = [
        table for table in tree.all("table") if [c.text for c in table.all("caption")] == ["Paired differences"]
    ]
    rows = [[cell.text for cell in row.all("td")] for row in found.all("tbody")[0].all("tr")]
    assert rows[0][2:8] == ["+0.0123R", "-0.0200R", "-0.0323R", "-0.0500R to -0.0100R", "1,500", "20"]
    assert rows[1][5] == "-"
    chips = [(node.attributes["class"], node.text) for node in tree.all(css="chip")]
    assert chips == [("chip no", "clearly lower"), ("chip no", "clearly lower"), ("chip none", "same")]
    assert "Down <b>." in tree.text
    assert "stale: <bars>" in tree.text


def test_the_table_behind_a_curve_is_short_and_ends_with_the_last_day():
    tree, _ = parse(compare_page(document()))
    (behind,) = [table for table in tree.all("table") if "Equity, fixed hold" in table.text]
    rows = [[cell.text for cell in row.all("td")] for row in behind.all("tbody")[0].all("tr")]
    assert len(rows) <= 64
    assert rows[0] == ["2021-01-01", "100.00", "-"]
    assert rows[-1] == ["2021-05-18", "229.00", "200.00"]
    assert "Neither portfolio traded." in compare_page(document(curves={}))


def test_trades_are_listed_behind_the_groups_that_have_any():
    tree, _ = parse(compare_page(document()))
    folds = [node.text for node in tree.all("summary")]
    assert "Largest removed: 2 of 3" in folds
    assert not [text for text in folds if text.startswith("Largest added")]
    assert "None." in compare_page(document(settings=[]))


def test_a_yearly_return_is_in_percent():
    row = difference(unit="frac_a_year", measure="mean_return", first=-0.0222, second=None, ci_lo=-0.0677, ci_hi=0.0554)
    assert (in_unit(row, "first"), in_unit(row, "second"), interval_in_unit(row)) == ("-2.2%", "-", "-6.8% to +5.5%")


def test_a_second_exit_has_its_own_section_and_links_lead_to_each():
    one = document()
    both = document(curves={"hold": one["curves"]["hold"], "target": one["curves"]["hold"]})
    assert "The other exit" not in compare_page(one)
    tree, _ = parse(compare_page(both))
    (nav,) = tree.all("nav")
    links = [link.attributes["href"] for link in nav.all("a")]
    assert links == ["#differences", "#curves", "#trades", "#settings", "#provenance"]
    assert {f"#{node.attributes.get('id')}" for node in tree.all("section")} >= set(links)
