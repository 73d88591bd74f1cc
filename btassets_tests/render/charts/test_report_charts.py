"""Charts of the report: positions and heights of what they draw, read back from the SVG."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from btassets.render.charts.report_charts import (
    AXIS,
    Band,
    Line,
    Mark,
    Row,
    bar_chart,
    calibration_chart,
    date_axis,
    dot_rows,
    empty_chart,
    line_chart,
    votes_glyph,
)


def parts(html, tag, css=""):
    """Elements of a chart by tag, and by a word of their class."""
    return [e for e in ET.fromstring(html).iter(tag) if not css or css in e.get("class", "").split()]


def number(element, name):
    return float(element.get(name).removesuffix("%"))


def test_dates_are_placed_by_days_and_years_begin_in_january():
    dates = ["2019-07-01", "2020-01-01", "2021-12-31"]
    shares, axis = date_axis(dates, 100)
    assert shares == pytest.approx([0.0, 184 / 914, 1.0])
    html = "".join(axis)
    assert re.findall(r">(\d{4})<", html) == ["2020", "2021"]
    assert re.findall(r'x1="([\d.]+)%"', html) == [f"{184 / 9.14:.2f}", f"{550 / 9.14:.2f}"]


def test_a_band_spans_its_dates_behind_the_lines():
    dates = ["2020-01-01", "2020-04-10", "2020-07-19", "2021-01-01"]
    bands = [Band("2020-04-10", "2020-07-19", "-7.0%"), Band("2020-07-20", "2030-01-01", "<open>")]
    html = line_chart("a", "t", "d", dates, [Line("c", "L", [1.0, 2.0, 1.0, 2.0])], height=122, bands=bands)
    first, second, line = parts(html, "path")
    shares, _ = date_axis(dates, 100)
    left, right = (float(x) for x in re.match(r"M([\d.]+) 0H([\d.]+)V100", first.get("d")).groups())
    assert (left, right) == pytest.approx((1000 * shares[1], 1000 * shares[2]), abs=0.1)
    assert second.get("d").startswith("M1000 0H1000V")  # beyond the last date: at the edge
    assert line.get("class").startswith("line")
    assert [e.text for e in first] == ["-7.0%"]
    assert "&lt;open&gt;" in html


def test_the_last_of_a_few_years_is_labelled_left_of_its_line():
    _, axis = date_axis(["2017-04-20", "2021-04-21"], 100)
    html = "".join(axis)
    assert re.findall(r">(\d{4})<", html) == ["2018", "2019", "2020", "2021"]
    assert re.search(r'text-anchor="end"[^>]*>2021<', html)


def test_a_short_span_is_labelled_by_months_and_a_long_one_by_few_years():
    _, axis = date_axis(["2020-01-15", "2020-04-20"], 100)
    assert re.findall(r">(\w{3} \d\d)<", "".join(axis)) == ["Feb 20", "Mar 20", "Apr 20"]
    _, axis = date_axis(["1990-01-01", "2020-12-31"], 100)
    labels = [int(text) for text in re.findall(r">(\d{4})<", "".join(axis))]
    assert len(labels) <= 7
    assert len({b - a for a, b in pairwise(labels)}) == 1
    assert date_axis(["2020-01-01"], 100)[0] == [0.0]


def test_a_line_rises_with_its_values_and_a_drawdown_falls():
    dates = ["2020-01-01", "2020-07-01", "2021-01-01"]
    up = line_chart("a", "t", "d", dates, [Line("c", "L", [1.0, 2.0, 3.0])], height=122)
    (path,) = parts(up, "path", "line")
    ys = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", path.get("d"))]
    assert ys == sorted(ys, reverse=True)
    down = line_chart("a", "t", "d", dates, [Line("c", "L", [0.0, 20.0, 10.0])], is_down=True, has_area=True, kind="n")
    (path,) = parts(down, "path", "line")
    ys = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", path.get("d"))]
    assert ys[0] == 0.0  # zero is the top
    assert ys[1] == pytest.approx(2 * ys[2], abs=0.2)
    assert all(e.text.startswith("-") for e in parts(down, "text", "halo"))
    assert len(parts(down, "path", "area")) == 1


@pytest.mark.parametrize(
    ("dates", "values"), [(["2020-01-01"], [1.0]), ([], []), (["2020-01-01", "2020-01-02"], [None, None])]
)
def test_less_than_two_dates_or_no_value_is_an_empty_chart(dates, values):
    assert line_chart("a", "t", "d", dates, [Line("c", "L", values)]) == empty_chart("a", "t")


def test_bars_are_as_tall_as_their_values_and_hang_below_zero():
    html = bar_chart("a", "t", "d", ["2020", "2021", "2022"], [Line("c", "L", [10.0, -5.0, None])])
    bars = parts(html, "rect", "bar")
    assert len(bars) == 2
    zero = number(parts(html, "line", "zero")[0], "y1")
    tall = [number(bar, "height") for bar in bars]
    assert tall[0] == pytest.approx(2 * tall[1], abs=0.2)
    assert number(bars[0], "y") + tall[0] == pytest.approx(zero, abs=0.1)
    assert number(bars[1], "y") == zero
    assert [bar.find("title").text for bar in bars] == ["2020, L: +10.0%", "2021, L: -5.0%"]
    assert bar_chart("a", "t", "d", [], []) == empty_chart("a", "t")


def test_series_of_a_group_are_beside_each_other():
    html = bar_chart("a", "t", "d", ["x", "y"], [Line("c1", "A", [1.0, 2.0]), Line("c2", "B", [3.0, 4.0])])
    spans = sorted((number(b, "x"), number(b, "x") + number(b, "width")) for b in parts(html, "rect", "bar"))
    assert all(right <= left for (_, right), (left, _) in pairwise(spans))
    assert [e.text for e in parts(html, "text", "halo")] == ["+1.0%", "+2.0%"]  # only the first series


def test_a_row_of_dots_has_its_interval_around_its_value():
    rows = [
        Row("with", "+0.10R", [Mark("m", 0.1, -0.1, 0.3)]),
        Row("without", "n/a", [Mark("m", 0.2)], is_grey=True),
        Row("nothing", "-", [Mark("m", None)]),
    ]
    html = dot_rows("a", "t", "d", rows)
    (whisker,) = parts(html, "line", "whisker")
    dots = parts(html, "circle", "dot")
    assert len(dots) == 2
    middle = (number(whisker, "x1") + number(whisker, "x2")) / 2
    assert number(dots[0], "cx") == pytest.approx(middle, abs=0.02)
    assert number(dots[0], "cx") < number(dots[1], "cx")
    assert "grey" in dots[1].get("class")
    stems = parts(html, "line", "stem")
    assert number(stems[0], "x1") == number(stems[1], "x1")  # both begin at zero
    assert {e.text for e in parts(html, "text", "halo")} >= {"with", "+0.10R", "nothing", "-"}
    assert dot_rows("a", "t", "d", [Row("x", "-", [Mark("m", None)])]) == empty_chart("a", "t")


def test_a_calibrated_point_is_on_the_diagonal():
    html = calibration_chart("a", "t", "d", [("c", "L", [(30.0, 30.0), (60.0, 40.0)])])
    plot = 300 - AXIS - 14
    first, second = [(number(c, "cx") / 100, 1 - number(c, "cy") / plot) for c in parts(html, "circle")]
    assert first[0] == pytest.approx(first[1], abs=0.01)
    assert second[0] > second[1] + 0.2
    assert parts(html, "path", "diagonal")[0].get("d") == f"M0 {plot}L1000 0"
    assert calibration_chart("a", "t", "d", []) == empty_chart("a", "t")


def test_votes_are_above_or_below_their_line_and_missing_ones_left_out():
    html = votes_glyph([1.0, -0.5, None, 0.0], 'a "vote"')
    up, down, level = parts(html, "rect")
    assert (number(up, "height"), number(up, "y")) == (8.0, 1.0)
    assert (number(down, "height"), number(down, "y")) == (4.0, 9.0)
    assert number(level, "height") == 0.8
    assert [number(r, "x") for r in (up, down, level)] == [2.0, 13.0, 35.0]
    assert ET.fromstring(html).get("aria-label") == 'a "vote"'


def test_months_go_on_into_the_next_year():
    _, axis = date_axis(["2020-10-15", "2021-02-10"], 100)
    assert re.findall(r">(\w{3} \d\d)<", "".join(axis)) == ["Nov 20", "Dec 20", "Jan 21", "Feb 21"]
    shares = [float(x) for x in re.findall(r'x1="([\d.]+)%"', "".join(axis))]
    assert shares == pytest.approx([100 * d / 118 for d in (17, 47, 78, 109)], abs=0.01)


def test_each_row_of_dots_has_a_line_of_its_own():
    dots = parts(dot_rows("a", "t", "d", [Row(f"r{k}", "x", [Mark("m", 1.0)]) for k in range(3)]), "circle")
    assert [number(b, "cy") - number(a, "cy") for a, b in pairwise(dots)] == [36.0, 36.0]


def test_labels_of_groups_are_below_the_middle_of_their_bars():
    html = bar_chart("a", "t", "d", ["2020", "2021"], [Line("c", "L", [1.0, 2.0])])
    labels = [e for e in parts(html, "text") if e.text in ("2020", "2021")]
    assert [number(e, "x") for e in labels] == [25.0, 75.0]
    for label, bar in zip(labels, parts(html, "rect", "bar"), strict=True):
        assert number(bar, "x") < number(label, "x") < number(bar, "x") + number(bar, "width")


def test_marks_of_a_row_are_on_its_own_track():
    (row,) = [Row("r", "x", [Mark("m", 1.0, 0.5, 1.5)])]
    html = dot_rows("a", "t", "d", [Row("first", "y", [Mark("m", 0.2)]), row])
    (whisker,) = parts(html, "line", "whisker")
    tracks = parts(html, "line", "track")
    dots = parts(html, "circle")
    stems = parts(html, "line", "stem")
    heights = {number(whisker, "y1"), number(whisker, "y2"), number(dots[1], "cy"), number(stems[1], "y1")}
    assert heights == {number(tracks[1], "y1")}
