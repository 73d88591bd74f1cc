"""The document: parts that add up."""

import pyarrow as pa

from btassets_tests.support.small_books import document_of, run_book


def test_drops_and_deltas_add_up() -> None:
    document = document_of(run_book())
    graded = run_book().lake.read("graded_setups")
    assert sum(document["drops"]["all"].values()) == pa.compute.sum(pa.compute.invert(graded["is_graded"])).as_py()
    assert document["dropped"] == document["drops"]["all"]
    base = document["gate_ablation"][0]
    for row, delta in zip(document["gate_ablation"][1:], document["gate_ablation_deltas"], strict=True):
        assert delta["delta_total"] == row["total"] - base["total"]
        assert delta["delta_net_avg_r"] == round(row["net_avg_r"] - base["net_avg_r"], 3)
