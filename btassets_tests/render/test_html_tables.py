"""Markup shared by the sections: cells, escapes, the place in the document, folds."""

import pytest

from btassets.render.html_tables import (
    Column,
    block,
    details,
    facts,
    figure,
    legend,
    many,
    mark_legend,
    section,
    table,
    value_at,
)
from btassets_tests.support.parsed_page import parse

ROW = {"a": {"b": [10, {"c": 0}]}, "text": "abc", "none": None}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("a.b.0", 10),
        ("a.b.1.c", 0),
        ("a.b.2", None),
        ("a.b.x", None),
        ("a.x.b", None),
        ("text.0", None),  # a letter is no part of a document
        ("none.x", None),
        ("text", "abc"),
    ],
)
def test_a_dotted_key_leads_to_its_value_or_to_nothing(key, value):
    assert value_at(ROW, key) == value


def test_a_table_states_its_place_and_its_columns_and_escapes_its_cells():
    columns = [
        Column("n", "Number", "n", hint='a "hint"'),
        Column("t", "Text <b>"),
        Column("t", "Made", render=lambda row: f"<i>{row['n']}</i>"),
        Column("t", "Link", link=lambda row: "x.html?a=1&b=2" if row["n"] else ""),
    ]
    rows = [{"n": 1234, "t": "<x>"}, {"n": 0, "t": None}]
    html = table(rows, columns, json="a.rows", caption="Two & more", row_css=lambda row: "" if row["n"] else "grey")
    tree, broken = parse(html)
    assert not broken
    (drawn,) = tree.all("table")
    assert drawn.attributes["data-json"] == "a.rows"
    assert [th.attributes.get("data-key") for th in tree.all("th")] == ["n", "t", None, "t"]
    assert [th.attributes.get("data-kind") for th in tree.all("th")] == ["n", "text", None, "text"]
    assert [th.attributes.get("class") for th in tree.all("th")] == ["num", None, None, None]
    cells = [[td.text for td in line.all("td")] for line in tree.all("tbody")[0].all("tr")]
    assert cells == [["1,234", "<x>", "1234", "<x>"], ["0", "-", "0", "-"]]
    assert [a.attributes["href"] for a in tree.all("a")] == ["x.html?a=1&b=2"]
    assert [line.attributes.get("class") for line in tree.all("tbody")[0].all("tr")] == [None, "grey"]
    assert "&lt;b&gt;" in html
    assert 'title="a &quot;hint&quot;"' in html


def test_no_row_is_one_sentence_and_few_columns_are_marked():
    assert table([], [Column("a", "A")], none="No <trade>.") == '<p class="none">No &lt;trade&gt;.</p>'
    three = table([{}], [Column("a", "A")] * 3)
    four = table([{}], [Column("a", "A")] * 4)
    assert 'class="few"' in three
    assert 'class="few"' not in four
    eleven = table([{}], [Column("a", "max_positions")] * 11)
    assert 'class="many"' in eleven
    assert "max_<wbr>positions" in eleven
    assert "<wbr>" not in table([{}], [Column("a", "max_positions")] * 10)
    assert 'aria-label="table"' in three


def test_folds_are_closed_unless_asked_for():
    assert details("A & b", "<p>x</p>", "<p>y</p>") == "<details><summary>A &amp; b</summary><p>x</p><p>y</p></details>"
    assert details("A", is_open=True).startswith("<details open>")


def test_a_figure_keeps_its_numbers_behind_the_chart():
    html = figure("Title <", "", "<svg></svg>", "<table></table>", css="wide", level=4)
    assert html.startswith('<figure class="wide"><figcaption><h4>Title &lt;</h4></figcaption><svg></svg><details>')
    assert "<table></table></details></figure>" in html
    assert '<p class="note">Read it.</p>' in figure("T", "Read it.", "", "")


def test_legends_name_each_line_and_mark_and_escape_them():
    html = legend([("c1", "A & B", "12"), ("c2", "C", "")])
    assert html.count("<li>") == 2
    assert "A &amp; B <b>12</b></li>" in html
    assert "C</li>" in html
    assert 'class="dot up"' in mark_legend([("up", "Win")])


def test_sections_and_blocks_carry_their_heading():
    html = section("risk", "Risk & loss", "Until 2021-03-01.", "<p>x</p>")
    assert html.startswith('<section id="risk" aria-labelledby="risk-h"><h2 id="risk-h">Risk &amp; loss</h2>')
    assert '<p class="lead">Until <span class="date">2021-03-01</span>.</p><p>x</p></section>' in html
    assert '<p class="lead">' not in section("risk", "Risk", "")
    assert block("T", "", "x") == '<div class="block"><h3>T</h3>x</div>'
    assert facts([("A", None), ("B", "<")]) == (
        '<dl class="facts"><div><dt>A</dt><dd>-</dd></div><div><dt>B</dt><dd>&lt;</dd></div></dl>'
    )


@pytest.mark.parametrize(("n", "end"), [(3, "T2</p>"), (4, "T2 and 1 more</p>"), (2003, "T2 and 2,000 more</p>")])
def test_a_long_list_is_cut_with_its_count(n, end):
    html = many([f"T{k}" for k in range(n)], most=3)
    assert html.startswith('<p class="names">T0, T1, ')
    assert html.endswith(end)
