"""Scales, ticks and paths by hand, and the thinning of long lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from btassets.render.charts.svg import (
    Scale,
    axis_text,
    box,
    dot,
    frame,
    line_path,
    linear_scale,
    log_scale,
    pct,
    px,
    text,
    thinned,
    ticks,
)


def test_a_scale_runs_from_0_to_1_also_in_logarithms():
    assert [Scale(10.0, 30.0).share(v) for v in (10, 15, 30, 40)] == [0.0, 0.25, 1.0, 1.5]
    log = Scale(1.0, 100.0, is_log=True)
    assert [log.share(v) for v in (1, 10, 100)] == pytest.approx([0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("values", "options", "low", "high"),
    [
        ([10.0, 20.0], {"pad": 0.1}, 9.0, 21.0),
        ([10.0, 20.0], {"with_zero": True, "pad": 0.1}, 0.0, 22.0),
        ([-20.0, -10.0], {"with_zero": True, "pad": 0.1}, -22.0, 0.0),
        ([-10.0, 10.0], {"with_zero": True, "pad": 0.1}, -12.0, 12.0),
        ([4.0], {"pad": 0.0}, 2.0, 6.0),
        ([0.0], {"pad": 0.0}, -0.5, 0.5),
        ([], {"pad": 0.0}, 0.0, 1.0),
    ],
)
def test_a_linear_scale_has_air_except_beyond_zero(values, options, low, high):
    scale = linear_scale(values, **options)
    assert (scale.low, scale.high) == pytest.approx((low, high))


def test_values_that_are_not_all_positive_get_a_linear_scale():
    assert log_scale([1.0, 10.0]).is_log
    assert log_scale([1.0, 10.0]).share(1.0) > 0.0
    assert not log_scale([0.0, 10.0]).is_log
    assert not log_scale([]).is_log


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (Scale(0.0, 1.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (Scale(-0.3, 0.9), [-0.25, 0.0, 0.25, 0.5, 0.75]),
        (Scale(9_000.0, 31_000.0), [10_000.0, 15_000.0, 20_000.0, 25_000.0, 30_000.0]),
        (Scale(1.0, 1000.0, is_log=True), [1.0, 10.0, 100.0, 1000.0]),
        (Scale(9.0, 120.0, is_log=True), [10.0, 30.0, 100.0]),
        (Scale(90.0, 130.0, is_log=True), [90.0, 100.0, 110.0, 120.0, 130.0]),
    ],
)
def test_ticks_are_round_values_inside_the_scale(scale, expected):
    assert ticks(scale) == pytest.approx(expected)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 9))
def test_any_scale_has_a_few_ascending_ticks_inside_of_it(low, span, most):
    scale = Scale(low, low + span)
    found = ticks(scale, most)
    assert 1 <= len(found) <= most + 1
    assert found == sorted(set(found))
    assert all(scale.low - span * 1e-6 <= tick <= scale.high + span * 1e-6 for tick in found)
    assert "-0.0" not in map(str, found)


@given(st.lists(st.one_of(st.none(), st.floats(-100, 100)), max_size=300), st.integers(4, 40))
def test_a_thinned_line_keeps_its_ends_and_its_extremes(values, most):
    kept = thinned(values, most)
    assert kept == sorted(set(kept))
    assert len(kept) <= max(most + 2, 0)
    if len(values) <= most:
        assert kept == list(range(len(values)))
    known = [v for v in values if v is not None]
    if known:
        assert {min(known), max(known)} <= {values[k] for k in kept}
    if values:
        assert {0, len(values) - 1} <= set(kept)


def test_each_stretch_keeps_its_own_lowest_and_highest_point():
    values = np.sin(np.arange(1000) / 9).tolist()
    kept = set(thinned(values, 100))
    for start in range(0, 1000, 20):
        part = values[start : start + 20]
        assert {start + part.index(min(part)), start + part.index(max(part))} <= kept


def test_a_gap_interrupts_a_line_and_a_lone_value_is_a_short_one():
    scale = Scale(0.0, 10.0)
    shares = [0.0, 0.25, 0.5, 0.75, 1.0]
    assert line_path(shares, [0.0, 5.0, None, 10.0, None], scale, 100.0) == "M0 100L250 50M750 0h1"
    assert line_path(shares, [None] * 5, scale, 100.0) == ""


def test_an_area_is_closed_at_its_base():
    path = line_path([0.0, 1.0], [4.0, 8.0], Scale(0.0, 10.0), 100.0, to_base=0.0)
    assert path == "M0 100L0 60L1000 20L1000 100Z"


def test_lengths_have_no_unneeded_digits():
    assert [pct(v) for v in (0.0, 1 / 3, 0.105, 1.0)] == ["0%", "33.33%", "10.5%", "100%"]
    assert [px(v) for v in (3.0, 3.14, -0.5)] == ["3", "3.1", "-0.5"]


@pytest.mark.parametrize(
    ("share", "anchor"), [(0.0, None), (0.069, None), (0.07, "middle"), (0.93, "middle"), (0.94, "end")]
)
def test_labels_at_the_ends_of_an_axis_are_anchored_inward(share, anchor):
    label = axis_text(share, 10, "x")
    assert ("text-anchor" in label) == (anchor is not None)
    assert anchor is None or f'text-anchor="{anchor}"' in label


def test_words_are_escaped_and_lengths_are_never_negative():
    assert text(0.5, 3, "<a&b>", css="c", dx=-3) == '<text x="50%" y="3" class="c" dx="-3">&lt;a&amp;b&gt;</text>'
    assert box(0, 0, -0.5, -1, "bar") == '<rect class="bar" x="0%" y="0" width="0%" height="0"/>'
    assert box(0, 0, 1, 1, "bar", "a<b").endswith("><title>a&lt;b</title></rect>")
    assert dot(0.5, 2, "d") == '<circle class="d" cx="50%" cy="2" r="4.5"/>'


def test_a_chart_has_its_title_and_description_for_screen_readers():
    html = frame("one", "A <t>", "What & why", 120, ["<g/>"], css="wide", field="hold")
    assert html.startswith('<svg class="chart wide" data-field="hold" role="img" aria-labelledby="one-t one-d"')
    assert '<title id="one-t">A &lt;t&gt;</title><desc id="one-d">What &amp; why</desc><g/></svg>' in html
    assert "data-field" not in frame("one", "t", "d", 1, [])
