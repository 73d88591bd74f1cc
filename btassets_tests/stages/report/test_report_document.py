"""The document: parts that add up."""

import pyarrow as pa

from btassets_tests.support.small_books import document_of, html_of, run_book, scenario_book


def test_drops_and_deltas_add_up() -> None:
    document = document_of(run_book())
    graded = run_book().lake.read("graded_setups")
    assert sum(document["drops"]["all"].values()) == pa.compute.sum(pa.compute.invert(graded["is_graded"])).as_py()
    assert document["dropped"] == document["drops"]["all"]
    base = document["gate_ablation"][0]
    for row, delta in zip(document["gate_ablation"][1:], document["gate_ablation_deltas"], strict=True):
        assert delta["delta_total"] == row["total"] - base["total"]
        assert delta["delta_net_avg_r"] == round(row["net_avg_r"] - base["net_avg_r"], 3)


def test_the_report_speaks_of_its_own_holds_and_horizon() -> None:
    book = scenario_book("longer")
    document, html = document_of(book), html_of(book)
    holds = {row["hold_days"]: row for row in document["time_exit_sweep"]}
    assert list(holds) == [3, 7, 45, 90]
    assert [days for days, row in holds.items() if "target_net_avg_r" in row] == [90]
    assert (document["params"]["horizon_days"], document["portfolio_sim"]["params"]["hold_days"]) == (60, 90)
    assert {row["hold_days"] for row in document["gate_ablation"]} == {90}
    exits = [row["member"] for row in document["statistics"]["pairs"] if row["family"] == "exits"]
    assert exits[:4] == ["hold_3", "hold_7", "hold_45", "hold_90"]
    said = " ".join(document["assumptions"])
    assert "hits neither level in 60 sessions" in said
    assert "for at most 60 sessions (target), or the stop alone with a sale after 90 sessions (hold)" in said
    for text in ("over at most 60 sessions", "touched first within 60 sessions", "Hold 90 sessions"):
        assert text in html
    assert "Hold 30 sessions" not in html
