"""A sweep on the terminal: brackets around the marked cells, aligned columns, the best ten."""

from btassets.studies.sweep.sweep_text import aligned, sweep_text
from btassets_tests.support.sweep_documents import axis, sweep_of

RR = axis("gates.min_rr", ["1", "2", "3"])
HOLD = axis("exits.hold_days", ["10", "30"])


def test_marked_cells_are_in_brackets_and_thin_ones_have_a_star():
    document = sweep_of([RR, HOLD], [0.1, 0.2, 0.3, None, 0.5, 0.6])
    document["cells"][1] |= {"is_thin": True}
    document["cells"][2] |= {"is_current": True}
    lines = sweep_text(document).splitlines()
    assert lines[0] == "One cell is best."
    assert lines[2].startswith("Sharpe ratio, fixed hold: [best] (plateau) <own settings>")
    assert lines[4] == "exits.hold_days down, gates.min_rr across"
    assert lines[5].split() == ["1", "2", "3"]
    assert lines[6].split() == ["10", "(0.10)", "<0.30>", "0.50"]
    assert lines[7].split() == ["30", "0.20*", "-", "[0.60]"]


def test_a_verdict_follows_the_headline():
    document = sweep_of([RR], headline={"text": "Best is 3.", "verdict": "not distinguishable from noise"})
    assert sweep_text(document).startswith("Best is 3. That is not distinguishable from noise.")


def test_the_best_ten_come_with_the_own_settings_last():
    document = sweep_of([axis("gates.min_rr", [str(k) for k in range(15)])])
    lines = sweep_text(document).splitlines()
    head = next(k for k, line in enumerate(lines) if line.startswith("min_rr"))
    table = lines[head + 1 :]
    assert len(table) == 11
    assert [line.split()[0] for line in table] == ["14", "13", "12", "11", "10", "9", "8", "7", "6", "5", "own"]
    assert table[0].split()[1] == "14.00"


def test_many_panels_are_counted():
    many = axis("method.x", [f"w{k}" for k in range(8)], is_ordered=False)
    assert "6 of 8 panels; the table of all cells has the others" in sweep_text(sweep_of([RR, HOLD, many]))
    assert "panels;" not in sweep_text(sweep_of([RR, HOLD]))


def test_columns_are_as_wide_as_their_widest_text():
    assert aligned([["a", "1"], ["long", "22"]]) == ["a      1", "long  22"]
    assert aligned([["a", "b", "1"], ["cc", "", ""]], n_text=2) == ["a   b  1", "cc"]
