"""Cells of a sweep: number in each, steps of colour, thin cells without colour."""

import re

import pytest

from btassets.render.charts.grid_chart import Field, field_map, level, min_width


@pytest.mark.parametrize(
    ("value", "css"),
    [
        (0.5, "none"),
        (0.500001, "up1"),
        (0.83, "up1"),
        (0.84, "up2"),
        (1.17, "up3"),
        (1.5, "up3"),
        (9.0, "up3"),
        (0.499, "down1"),
        (-0.5, "down3"),
    ],
)
def test_a_third_of_full_colour_is_one_step(value, css):
    assert level(value, 0.5, 1.0) == css


def test_without_a_distance_of_full_colour_nothing_is_coloured():
    assert level(3.0, 1.0, 0.0) == "none"
    assert level(3.0, 1.0, -1.0) == "none"


def drawn(rows, **options):
    values = {"middle": 0.0, "strong": 3.0, "kind": "snum1"} | options
    return field_map("g", "Grid", "What it shows.", ["a", "b"], rows, **values)


def test_every_cell_has_its_number_and_a_thin_one_no_colour():
    html = drawn({"r1": [Field(3.0), Field(-3.0, is_thin=True)], "r2": [Field(None), Field(-1.0, marks=("best",))]})
    assert re.findall(r'class="(heat \w+)"', html) == ["heat up3", "heat none", "heat none", "heat down1"]
    tips = re.findall(r"<title>([^<]*)</title>", html)
    assert tips == ["r1, a: +3.0", "r1, b: -3.0, few trades", "r2, a: -", "r2, b: -1.0"]
    assert re.findall(r'class="cell[^"]*"[^>]*>([^<]*)<', html) == ["+3.0", "-3.0", "-", "-1.0"]
    assert html.count('class="mark best"') == 1
    # The frame of the marked cell covers that cell: second column, second row.
    frame = re.search(r'class="mark best" x="([^"]+)" y="([^"]+)"', html)
    cell = re.search(r'class="heat down1" x="([^"]+)" y="([^"]+)"', html)
    assert frame.groups() == cell.groups()


def test_less_can_be_better():
    html = drawn({"r": [Field(3.0), Field(-3.0)]}, is_less_better=True)
    assert re.findall(r'class="(heat \w+)"', html) == ["heat down3", "heat up3"]


def test_no_row_or_column_is_an_empty_chart_and_more_columns_need_more_width():
    assert "Nothing to show" in drawn({})
    assert "Nothing to show" in field_map("g", "t", "d", [], {"r": []}, middle=0, strong=1, kind="n")
    assert min_width(4) - min_width(3) == min_width(9) - min_width(8) > 0
    assert min_width(0) > 0
