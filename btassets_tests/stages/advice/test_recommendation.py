"""Advice tables: the items of the rules, each with its numbers."""

import json

import pytest

from btassets.engine.recommendation.advice_rules import FLOOR_MARGIN_R, item_key
from btassets.graph.advice import RECOMMENDATION, RESEARCH_RECOMMENDATION
from btassets_tests.support.small_books import document_of, every_book

NAMES = ("base", "legacy", "nothing", "everything", "one ticker, no benchmark", "nobody is ranked")


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_the_items_of_the_report(name: str) -> None:
    book = every_book()[name]
    document = document_of(book)
    table = book.lake.read("recommendation", book.scenario)
    assert table.schema == RECOMMENDATION.schema
    items = document["recommendation"]["items"]
    rows = table.to_pylist()
    assert [(r["topic"], r["item_key"]) for r in rows] == [(i["topic"], item_key(i)) for i in items]
    assert len({(r["topic"], r["item_key"]) for r in rows}) == len(rows)
    assert all(row["sentence"].endswith(".") for row in rows)
    research = book.lake.read("research_recommendation", book.scenario)
    assert research.schema == RESEARCH_RECOMMENDATION.schema
    assert research["topic"].to_pylist() == [i["topic"] for i in document["research_recommendation"]["items"]]
    numbers = book.lake.footer("recommendation", book.scenario).facts["numbers"]
    assert numbers["n_items"] == len(rows)
    assert numbers["hold_recommended"] is document["recommendation"]["hold_recommended"]


@pytest.mark.parametrize("name", ["base", "legacy", "everything"])
def test_evidence_carries_the_decision(name: str) -> None:
    document = document_of(every_book()[name])
    rows = {(row["topic"], row["item_key"]): row for row in document["advice"]}
    holds = {str(row["hold_days"]): row["net_avg_r"] for row in document["time_exit_sweep"]}
    exit_row = next(row for (topic, _), row in rows.items() if topic == "exit")
    assert exit_row["evidence"]["hold_net_avg_r"] == holds
    best = max(v for v in holds.values() if v is not None)
    is_hold = best > exit_row["evidence"]["target_net_avg_r"] + exit_row["evidence"]["margin_r"]
    assert exit_row["decision"] == ("hold" if is_hold else None)
    for (topic, _), row in rows.items():
        numbers = row["evidence"]
        if topic == "gate":
            delta = numbers["with_floor"]["hold_net_avg_r"] - numbers["without_floor"]["hold_net_avg_r"]
            assert row["decision"] == ("adds_nothing" if delta <= FLOOR_MARGIN_R else "keep")
            assert numbers["delta_r"] == round(delta, 2)
        if topic == "cutoff":
            assert (row["decision"] is None) == (float(row["item_key"]) == numbers["current"])
        if topic == "benchmark":
            assert numbers["edge_points"] == round(numbers["total_return_pct"] - numbers["spy_return_pct"], 1)
        if topic == "robustness":
            assert row["decision"] == ("survives" if numbers["net_avg_r_ex_top5"] > 0 else "warning")
    for row in document["research_advice"]:
        assert row["decision"] in ("candidate", None)
        assert any(name.startswith("production") for name in row["evidence"])


def test_nothing_traded_gives_no_advice() -> None:
    book = every_book()["nothing"]
    rows = book.lake.read("recommendation", book.scenario).to_pylist()
    assert [row["topic"] for row in rows if row["topic"] in ("exit", "gate", "benchmark")] == []
    assert all(json.loads(row["evidence"]) is not None for row in rows)
