"""Histograms: heights that follow counts, and axis labels at round edges."""

import xml.etree.ElementTree as ET

import pytest

from btassets.render.charts.histogram import count_chart, histogram
from btassets.render.charts.report_charts import AXIS, empty_chart


def parts(html, tag, css=""):
    """Elements of a chart by tag, and by a word of their class."""
    return [e for e in ET.fromstring(html).iter(tag) if not css or css in e.get("class", "").split()]


def number(element, name):
    return float(element.get(name).removesuffix("%"))


def bins(*counts, first=-2):
    edges = [None, *range(first, first + len(counts) - 1), None]
    return [{"from_r": edges[k], "to_r": edges[k + 1], "n": n} for k, n in enumerate(counts)]


def test_bars_of_a_histogram_follow_their_counts_and_losses_are_marked():
    html = histogram("a", "t", "d", bins(1, 2, 4, 1), height=100 + AXIS)
    drawn = parts(html, "rect")
    heights = [number(r, "height") for r in drawn]
    assert heights == pytest.approx([heights[2] / 4, heights[2] / 2, heights[2], heights[2] / 4], abs=0.1)
    assert [r.get("class") for r in drawn] == ["bar down", "bar down", "bar down", "bar up"]
    assert [r.find("title").text for r in drawn] == ["below -2R: 1", "-2R to -1R: 2", "-1R to 0R: 4", "0R and more: 1"]


def test_empty_bins_at_the_ends_are_left_out_but_one():
    html = histogram("a", "t", "d", bins(0, 0, 0, 3, 1, 0, 0, 0))
    assert [r.find("title").text.split(": ")[1] for r in parts(html, "rect")] == ["0", "3", "1", "0"]
    assert histogram("a", "t", "d", bins(0, 0, 0)) == empty_chart("a", "t")
    assert histogram("a", "t", "d", []) == empty_chart("a", "t")


@pytest.mark.parametrize(("first", "step", "n"), [(-5.0, 0.5, 21), (-20.0, 2.0, 21), (-3.0, 1.0, 7), (-2.5, 0.5, 12)])
def test_zero_is_among_the_labelled_edges_whatever_their_number(first, step, n):
    edges = [None, *(first + step * k for k in range(n))]
    counts = [float(k + 1) for k in range(n + 1)]
    labels = [f"bin {k}" for k in range(n + 1)]
    html = count_chart("a", "t", "d", edges, counts, labels, height=100 + AXIS)
    shown = {e.text: number(e, "x") for e in parts(html, "text")}
    assert "0%" in shown
    assert 3 <= len(shown) <= 9
    assert shown["0%"] == pytest.approx(100.0 * edges.index(0.0) / len(edges), abs=0.01)
    bars = parts(html, "rect")
    assert [number(r, "height") / number(bars[-1], "height") for r in bars] == pytest.approx(
        [c / counts[-1] for c in counts], abs=0.01
    )
    assert [r.get("class") for r in bars] == ["bar down" if e is None or e < 0 else "bar up" for e in edges]
    assert bars[1].find("title").text == "bin 1: 2"
    assert count_chart("a", "t", "d", edges, [0.0] * len(edges), labels) == empty_chart("a", "t")


def test_bars_of_a_histogram_fill_the_width_side_by_side():
    html = histogram("a", "t", "d", bins(1, 2, 4, 1), height=100 + AXIS)
    drawn = parts(html, "rect")
    spans = [(number(r, "x"), number(r, "x") + number(r, "width")) for r in drawn]
    assert [(left // 25, right // 25) for left, right in spans] == [(k, k) for k in range(4)]
    assert {round(right - left, 2) for left, right in spans} == {22.0}
    floor = {round(number(r, "y") + number(r, "height"), 1) for r in drawn}
    assert floor == {number(parts(html, "line", "zero")[0], "y1")}
    # The count is above its bar, in the middle of it.
    counts = parts(html, "text", "halo")
    assert [c.text for c in counts] == ["1", "2", "4", "1"]
    assert [number(c, "x") for c in counts] == [12.5, 37.5, 62.5, 87.5]
    assert all(number(c, "y") < number(r, "y") for c, r in zip(counts, drawn, strict=True))
