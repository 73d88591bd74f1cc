"""Heat map of months by year: a cell per known month, numbers in their own format."""

import xml.etree.ElementTree as ET
from itertools import pairwise

from btassets.render.charts.heat_map import heat_map
from btassets.render.charts.report_charts import empty_chart


def parts(html, tag, css=""):
    return [e for e in ET.fromstring(html).iter(tag) if not css or css in e.get("class", "").split()]


def number(element, name):
    return float(element.get(name).removesuffix("%"))


def test_a_heat_map_has_a_cell_per_known_month_in_its_column():
    html = heat_map("a", "t", "d", {2020: {1: 5.0, 2: -10.0, 3: None}, 2021: {12: 0.0}}, {2020: -5.5, 2021: None})
    cells = parts(html, "rect", "heat")
    assert [c.get("class").split()[1][:-1] for c in cells[:2]] == ["up", "down"]
    assert cells[2].get("class") == "heat none"
    assert number(cells[0], "x") < number(cells[1], "x") < number(cells[2], "x")
    assert [e.text for e in parts(html, "text", "cell")] == ["+5.0", "-10.0", "+0.0"]
    assert [e.text for e in parts(html, "text", "strong")] == ["-5.5%", "-"]
    assert heat_map("a", "t", "d", {}, {}) == empty_chart("a", "t")


def test_correlations_have_two_digits():
    html = heat_map("a", "t", "d", {2020: {1: 0.126, 2: -0.2}}, {2020: 0.05}, kind="snum2", total_kind="snum2")
    assert [e.text for e in parts(html, "text", "cell")] == ["+0.13", "-0.20"]
    assert [e.text for e in parts(html, "text", "strong")] == ["+0.05"]


def test_each_year_has_a_line_of_its_own():
    html = heat_map("a", "t", "d", {y: {1: 1.0} for y in (2019, 2020, 2021)}, {})
    tops = [number(c, "y") for c in parts(html, "rect", "heat")]
    assert [b - a for a, b in pairwise(tops)] == [24.0, 24.0]
    assert float(ET.fromstring(html).get("height")) > tops[-1] + 20
