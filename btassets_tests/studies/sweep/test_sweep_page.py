"""Layout of a sweep: which panels, the order of cells, marks, and every number in its cell."""

from btassets.studies.sweep.sweep_page import interval, leaf, marks_of, ordered, panels, sweep_page
from btassets_tests.support.parsed_page import parse
from btassets_tests.support.sweep_documents import axis, cell, sweep_of, walked

RR = axis("gates.min_rr", ["1", "2", "3"])
HOLD = axis("exits.hold_days", ["10", "30"])
IC = axis("method.ic", ["weeks", "thinned", "x", "y"], is_ordered=False)


def test_the_longest_numeric_setting_is_across_and_words_are_panels():
    found, n_all = panels(sweep_of([IC, HOLD, RR]))
    assert (len(found), n_all) == (4, 4)
    assert {panel.x["key"] for panel in found} == {"gates.min_rr"}
    assert {panel.y["key"] for panel in found} == {"exits.hold_days"}
    assert [panel.title for panel in found] == [f"method.ic {label}" for label in IC["labels"]]
    first = found[0].rows
    assert list(first) == ["10", "30"]
    assert [row["values"]["gates.min_rr"] for row in first["30"]] == ["1", "2", "3"]
    assert {row["values"]["method.ic"] for row in first["30"]} == {"weeks"}


def test_one_setting_is_one_row_without_a_title():
    ((panel,), n_all) = panels(sweep_of([RR]))
    assert (n_all, panel.y, panel.title, list(panel.rows)) == (1, None, "", [""])
    assert [row["sharpe"] for row in panel.rows[""]] == [0.0, 1.0, 2.0]


def test_of_many_panels_only_those_through_plateau_and_best_are_shown():
    many = axis("method.x", [f"w{k}" for k in range(13)], is_ordered=False)
    document = sweep_of([RR, HOLD, many])
    found, n_all = panels(document)
    assert n_all == 13
    assert [panel.title for panel in found] == ["method.x w0", "method.x w12"]
    nothing, _ = panels(document | {"best": None, "plateau": None})
    assert [panel.title for panel in nothing] == ["method.x w0"]
    twelve = axis("method.x", [f"w{k}" for k in range(12)], is_ordered=False)
    assert len(panels(sweep_of([RR, HOLD, twelve]))[0]) == 12


def test_cells_are_ordered_from_best_to_worst_with_thin_and_empty_ones_last():
    document = sweep_of([RR], [1.0, None, 3.0])
    document["cells"] += [cell({"gates.min_rr": "4"}, 9.0, is_thin=True), cell({"gates.min_rr": "5"}, -2.0)]
    assert [row["sharpe"] for row in ordered(document)] == [3.0, 1.0, -2.0, 9.0, None]
    for k, row in enumerate(document["cells"]):
        row["max_drawdown_pct"] = float(k)
    by_drawdown = ordered(document | {"by": "max_drawdown_pct"})
    assert [row["max_drawdown_pct"] for row in by_drawdown] == [0.0, 1.0, 2.0, 4.0, 3.0]  # less is better


def test_marks_name_the_cells_by_place():
    document = sweep_of([RR], best=2, plateau=2)
    document["cells"][0]["is_current"] = True
    assert [marks_of(document, row) for row in document["cells"]] == [("current",), (), ("best", "plateau")]
    assert marks_of(document | {"best": None, "plateau": None}, document["cells"][2]) == ()


def test_an_interval_is_a_dash_without_an_error():
    row = {"lo": -0.01, "hi": 0.03}
    assert interval(row, "lo", "hi") == "-0.010R to +0.030R"
    assert interval({"lo": None, "hi": None}, "lo", "hi") == "-"
    assert (leaf("gates.min_rr"), leaf("profile")) == ("min_rr", "profile")


def test_the_page_has_every_number_and_escapes_the_name_of_the_book():
    document = sweep_of([RR, HOLD], [0.11, 0.22, None, 0.44, 0.55, 0.66], book="<mine>")
    html = sweep_page(document)
    tree, broken = parse(html)
    assert not broken
    assert "<mine>" not in html
    shown = [node.text for node in tree.all("text") if "cell" in (node.attributes.get("class") or "").split()]
    assert shown == ["0.11", "-", "0.55", "0.22", "0.44", "0.66"]  # a row per hold
    rows = tree.all("tbody")[0].all("tr")
    assert len(rows) == 7  # the book's own settings first
    assert [rows[k].all("td")[2].text for k in (0, 1, 6)] == ["0.50", "0.66", "-"]
    assert "1,234 configurations were tried" in tree.text
    assert "a Sharpe ratio of 1.50" in tree.text
    without = sweep_page(document | {"luck": {"expected_best_sharpe": None, "n_days": 0}})
    assert "without any skill" not in without


def test_one_setting_is_drawn_along_its_values_too():
    assert "Net R per setup by gates.min_rr" in sweep_page(sweep_of([RR]))
    assert "Net R per setup by" not in sweep_page(sweep_of([RR, HOLD]))


def test_the_page_lists_the_cell_chosen_before_each_window():
    document = sweep_of([axis("gates.min_rr", ["1", "2"])], walk_forward=walked())
    tree, broken = parse(sweep_page(document))
    assert not broken
    (part,) = [node for node in tree.all("section") if node.attributes.get("id") == "walk_forward"]
    rows = [[cell.text for cell in row.all("td")] for row in part.all("tr") if row.all("td")]
    assert rows == [
        ["2024-01-02", "2024-04-02", "min_rr 1", "+1.5%", "+2.0%"],
        ["2024-04-03", "2024-07-02", "min_rr 2", "-1.0%", "+0.5%"],
    ]
    without, _ = parse(sweep_page(sweep_of([axis("gates.min_rr", ["1", "2"])])))
    assert not [node for node in without.all("section") if node.attributes.get("id") == "walk_forward"]
