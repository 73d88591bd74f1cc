"""The small price line: inside its frame, with words, and nothing of a single close."""

from btassets.render.charts.price_line import HEIGHT, WIDTH, price_line
from btassets_tests.support.parsed_page import parse


def points_of(html: str) -> list[tuple[float, float]]:
    tree, broken = parse(html)
    assert not broken
    (line,) = tree.all("polyline")
    return [tuple(float(x) for x in point.split(",")) for point in line.attributes["points"].split()]


def test_the_line_runs_from_edge_to_edge_and_from_low_to_high() -> None:
    points = points_of(price_line([5.0, 9.0, 7.0, 1.0], "4 sessions"))
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert (points[0][0], points[-1][0]) == (1, WIDTH - 1)
    assert (min(y for _, y in points), max(y for _, y in points)) == (1, HEIGHT - 1)


def test_a_constant_price_is_a_level_line() -> None:
    assert {y for _, y in points_of(price_line([5.0, 5.0, 5.0], "3 sessions"))} == {HEIGHT - 1}


def test_the_words_say_where_it_begins_and_ends() -> None:
    assert 'aria-label="Close over a week: 5.00 to 12.50"' in price_line([5.0, 12.5], "a week")


def test_one_close_is_no_line() -> None:
    assert price_line([5.0], "a session") == ""
    assert price_line([], "nothing") == ""
